"""The adapter to Kubernetes: client, journal, lease, blobs, definitions."""
