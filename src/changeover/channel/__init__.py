"""The adapter to where releases come from."""
