"""What happened, told from the journal."""
