"""Releases among each other: version schemes, catalog, profiles, the route."""
