"""The operator's kustomize overlay on top of a release: read, refused by name where it cannot be done, applied."""
