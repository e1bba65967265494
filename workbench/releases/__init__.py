"""Workbench's releases: ten versions, each with one fact of a real application's history."""
