"""Starts the role named by the first argument."""

import importlib
import sys

ROLES = {
    "manager": "manager",
    "workspace": "workspace",
    "store": "store",
    "db": "db",
    "proxy": "proxy",
    "dashboard": "small",
    "cache": "small",
    "agent": "agent",
    "save": "saving",
    "migrations": "jobs",
    "telemetry": "jobs",
    "hostrunner": "hostrunner",
    "starter": "starter",
}


def main() -> None:
    """Run a role until it ends; exit code 2 when there is no such role."""
    role = sys.argv[1] if len(sys.argv) > 1 else ""
    if role not in ROLES:
        sys.exit(f"workbench: the role must be one of {', '.join(sorted(ROLES))}; found {role or 'nothing'}")
    importlib.import_module(f"workbench.app.{ROLES[role]}").main(role, sys.argv[2:])


if __name__ == "__main__":
    main()
