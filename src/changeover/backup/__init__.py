"""The adapter that copies volumes away and back."""
