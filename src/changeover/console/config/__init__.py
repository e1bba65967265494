"""The page Config: the form that a release asks, as it is drawn, read back and compared."""
