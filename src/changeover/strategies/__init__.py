"""Strategies: each only lists steps, forward and back, from a Situation; none does anything, none imports another."""
