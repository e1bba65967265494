"""Giving a running workload another identity without touching its pods (measured sequences, kill-safe)."""
