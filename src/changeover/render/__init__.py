"""Package + answers + context -> Revision. Pure."""
