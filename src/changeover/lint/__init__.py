"""Findings for package authors. Pure."""
