"""Which role each page and form of the console needs.

What is not listed may be looked at by every account and changed by administrators only.
"""

from __future__ import annotations

from changeover.actions.accounts import Role
from changeover.console import api
from changeover.console.access.permissions import Rule

TABLE = (
    *api.rules(),
    Rule("/"),
    Rule("/login", read=None, write=None),
    Rule("/logout", write=Role.VIEWER, tells=False),
    Rule("/static/*", read=None),
    Rule("/healthz", read=None),
    Rule("/readyz", read=None),
    Rule("/favicon.svg", read=None),
    Rule("/now"),
    Rule("/look", write=Role.VIEWER, tells=False),
    Rule("/account", write=Role.VIEWER, tells=False),
    Rule("/account/*", write=Role.VIEWER, tells=False),
    Rule("/versions"),
    Rule("/versions/compare"),
    Rule("/backups"),
    Rule("/windows"),
    Rule("/windows/fit"),
    Rule("/windows/*", write=Role.ADMIN, tells=False),
    Rule("/graphs"),
    Rule("/versions/upload", write=Role.OPERATOR, tells=False),
    Rule("/versions/upload/*", write=Role.OPERATOR, tells=False),
    Rule("/versions/bundles"),
    Rule("/versions/bundles/*", write=Role.OPERATOR),
    Rule("/versions/check", write=Role.OPERATOR),
    Rule("/update/{version}/approve", write=Role.APPROVER, tells=False),
    Rule("/update/*", write=Role.OPERATOR),
    Rule("/rollback/*", write=Role.OPERATOR),
    Rule("/runs"),
    Rule("/runs/*", write=Role.OPERATOR),
    Rule("/sessions"),
    Rule("/sessions/*", write=Role.OPERATOR),
    Rule("/licence", write=Role.OPERATOR),
    Rule("/settings", write=Role.ADMIN, tells=False),
    Rule("/registry", write=Role.OPERATOR),
    Rule("/registry/remove", write=Role.OPERATOR),
    Rule("/preflight", write=Role.OPERATOR),
    Rule("/troubleshoot", write=Role.OPERATOR),
    Rule("/troubleshoot/bundle", read=Role.OPERATOR),
    Rule("/config/draft", write=Role.OPERATOR, tells=False),
    Rule("/config", write=Role.OPERATOR),
    Rule("/config/*", write=Role.OPERATOR),
    Rule("/customisations", write=Role.OPERATOR),
    Rule("/users", read=Role.ADMIN, tells=False),
    Rule("/users/*", read=Role.ADMIN, tells=False),
    Rule("/audit", read=Role.ADMIN),
    Rule("/audit/*", read=Role.ADMIN),
)
