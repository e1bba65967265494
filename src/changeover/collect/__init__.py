"""The adapter that collects what checks look at."""
