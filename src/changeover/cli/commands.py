"""Every command by name, in the sections of ``changeover --help``: where it lives, and what it is for in one line."""

from __future__ import annotations

from collections.abc import Mapping

_C = "changeover.cli"

SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Every day": {
        "status": (f"{_C}.look:status", "What runs, is it healthy, what is new, which gate is closed."),
        "check": (f"{_C}.look:check", "Check for an update."),
        "plan": (f"{_C}.change:plan", "What an update would do to every object; `plan rbac`: the rights it needs."),
        "update": (f"{_C}.change:update", "Change over to another release."),
        "rollback": (f"{_C}.change:rollback", "Change over to an earlier revision."),
        "history": (f"{_C}.look:history", "Revisions and runs of an Installation."),
        "evidence": (f"{_C}.control:evidence", "The evidence of a run: JSON, Markdown or a page."),
        "releases": (f"{_C}.look:releases", "Every release of the channel, and the route to it."),
        "diff": (f"{_C}.look:diff", "What differs between two releases or revisions."),
    },
    "While a run goes on": {
        "watch": (f"{_C}.control:watch", "Follow a run that goes on elsewhere."),
        "pause": (f"{_C}.control:pause", "Pause a run at the next safe point."),
        "resume": (f"{_C}.control:resume", "Go on with a run that was paused or cut off."),
        "abort": (f"{_C}.control:abort", "Stop a run and go back, before the point of no return."),
        "answer": (f"{_C}.control:answer", "Answer what a held run asks."),
        "sessions": (f"{_C}.sessions:sessions", "Work in progress inside the application: list, stop, gate, open."),
    },
    "To begin and to end": {
        "setup": (f"{_C}.cluster:setup", "Once per cluster, by an administrator: our kinds and the gate's policy."),
        "install": (f"{_C}.change:install", "Install a package or a release of a channel."),
        "adopt": (f"{_C}.adoption:adopt", "Follow what already runs: by kubectl, Helm or KOTS; nothing restarts."),
        "upload": (f"{_C}.uploads:upload", "Give an Installation a version by hand, beside those of its channel."),
        "disown": (f"{_C}.adoption:disown", "Stop following; it runs on as it is, owned as before."),
        "uninstall": (f"{_C}.change:uninstall", "Remove the application; data stays unless its names are typed."),
    },
    "What it is given": {
        "config": (
            f"{_C}.config:config",
            "The answers it is rendered with: get, set, edit, diff, export, import, check.",
        ),
        "settings": (f"{_C}.settings:settings", "Strategy, backups, approvals, webhook: show, set."),
        "windows": (f"{_C}.windows:windows", "When runs may happen, and what fits: list, add, remove, fit."),
        "freezes": (f"{_C}.windows:freezes", "When no run may begin, why, and who said so: list, add, remove."),
        "guides": (f"{_C}.guides:guides", "The vendor's notes for an update: those that concern you; acknowledge."),
        "approve": (f"{_C}.approval:approve", "Say yes to a plan that somebody else wants to run."),
        "approvals": (f"{_C}.approval:approvals", "Whether updates wait for a second person's yes: list, require."),
        "customisations": (f"{_C}.customise:customisations", "Your labels, variables and overlays: show, save."),
        "fields": (f"{_C}.fields:fields", "Fields that others have set and keep: show, keep, take."),
        "licence": (f"{_C}.licence:licence", "The licence of an Installation: show it, or give it another."),
        "registry": (f"{_C}.registry:registry", "The private registry of an Installation: show, set, remove."),
        "images": (f"{_C}.images:images", "Images of a package: list them, copy them to a private registry."),
    },
    "When something is wrong": {
        "doctor": (f"{_C}.cluster:doctor", "Rights, versions, leftovers."),
        "preflight": (
            f"{_C}.checks:preflight",
            "Check the cluster by a package's preflights, before or after it is installed.",
        ),
        "support-bundle": (
            f"{_C}.checks:support_bundle",
            "Collect the namespace's state into one file, without secrets.",
        ),
        "analyze": (f"{_C}.checks:analyze", "Judge a support bundle by the analyzers of a spec, without a cluster."),
        "redact": (f"{_C}.redact:redact", "Take secrets out of a file, by Troubleshoot's redactors and a vendor's."),
        "backups": (f"{_C}.look:backups", "Backups that runs have made: when, of what, where they lie."),
    },
    "The console": {
        "admin-console": ("changeover.console.command:admin_console", "The admin console, on this machine."),
        "users": (f"{_C}.users:users", "Who may use the console, and in which role: list, add, role, remove."),
        "reset-password": (f"{_C}.users:reset_password", "Give an account of the console another password."),
        "token": (f"{_C}.tokens:token", "Tokens with which programs use the console's API: create, list, revoke."),
        "install-console": (
            f"{_C}.console_service:install",
            "Install the admin console in the cluster, in two replicas.",
        ),
        "upgrade-console": (
            f"{_C}.console_service:upgrade",
            "Another image, other settings, or rights for what runs now.",
        ),
        "uninstall-console": (f"{_C}.console_service:uninstall", "Remove the console; accounts, log and runs stay."),
        "serve": ("changeover.console.serving:serve", "The admin console as a service in the cluster, in replicas."),
    },
    "For vendors and scripts": {
        "package": (f"{_C}.packages:package", "Look into a package: show, lint."),
        "render": (f"{_C}.packages:render", "Render a package to manifests, without a cluster."),
        "metrics": (f"{_C}.metrics:metrics", "Numbers for Prometheus, printed or served."),
        "completion": (f"{_C}.completion:completion", "Shell completion for bash, zsh or fish."),
    },
}
