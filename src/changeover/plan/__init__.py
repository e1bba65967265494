"""What will happen to every object, computed against a snapshot of the live cluster. Pure."""
