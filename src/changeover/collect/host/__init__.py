"""Collectors of the machine that collects; each only looks, and writes what analyzers of hosts read."""
