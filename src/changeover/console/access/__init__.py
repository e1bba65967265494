"""Who may talk to the console, and how: addresses, sessions, roles, limits, headers, audit. No page, no cluster."""
