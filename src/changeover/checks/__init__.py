"""Troubleshoot specs, analyzers, redactors, outcomes. Pure."""
