"""Image registries over their HTTP API v2: read, written, copied between; and image archives read like one."""
