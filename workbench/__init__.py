"""Workbench: a small application with sessions, storage and releases, to try Changeover on."""
