"""``changeover`` and ``kubectl changeover``: the command line.

Exit codes, for scripts:

==== =====================================================================================
0    done: what was asked for is so
1    a problem, explained on standard error
2    the command's words are off
3    blocked: the plan has findings that keep it from running, or a check failed
4    rolled back: the change failed and was undone; the old version runs
5    held: the run waits for a person (`changeover answer`)
6    interrupted: the run is paused or goes on elsewhere; `changeover resume` goes on
==== =====================================================================================
"""

from __future__ import annotations

import sys

import click

from changeover import __version__
from changeover.cli.lazy import LazyGroup
from changeover.cli.options import Where
from changeover.errors import Problem

_C = "changeover.cli"

COMMANDS = {
    "status": (f"{_C}.look:status", "What runs, is it healthy, what is new, which gate is closed."),
    "check": (f"{_C}.look:check", "Check for an update."),
    "releases": (f"{_C}.look:releases", "Every release of the channel, and the route to it."),
    "metrics": (f"{_C}.metrics:metrics", "Numbers for Prometheus, printed or served."),
    "history": (f"{_C}.look:history", "Revisions and runs of an Installation."),
    "backups": (f"{_C}.look:backups", "Backups that runs have made: when, of what, where they lie."),
    "diff": (f"{_C}.look:diff", "What differs between two releases or revisions."),
    "settings": (f"{_C}.settings:settings", "Strategy, windows, backups, approvals, webhook: show, set."),
    "upload": (f"{_C}.uploads:upload", "Give an Installation a version by hand, beside those of its channel."),
    "plan": (f"{_C}.change:plan", "What an update would do to every object; `plan rbac`: the rights it needs."),
    "install": (f"{_C}.change:install", "Install a package or a release of a channel."),
    "update": (f"{_C}.change:update", "Change over to another release."),
    "rollback": (f"{_C}.change:rollback", "Change over to an earlier revision."),
    "adopt": (f"{_C}.adoption:adopt", "Follow what already runs: by kubectl, Helm or KOTS; nothing restarts."),
    "disown": (f"{_C}.adoption:disown", "Stop following; it runs on as it is, owned as before."),
    "uninstall": (f"{_C}.change:uninstall", "Remove the application; data stays unless its names are typed."),
    "resume": (f"{_C}.control:resume", "Go on with a run that was paused or cut off."),
    "pause": (f"{_C}.control:pause", "Pause a run at the next safe point."),
    "abort": (f"{_C}.control:abort", "Stop a run and go back, before the point of no return."),
    "answer": (f"{_C}.control:answer", "Answer what a held run asks."),
    "watch": (f"{_C}.control:watch", "Follow a run that goes on elsewhere."),
    "evidence": (f"{_C}.control:evidence", "The evidence of a run: JSON, Markdown or a page."),
    "sessions": (f"{_C}.sessions:sessions", "Work in progress inside the application: list, stop, gate, open."),
    "config": (f"{_C}.config:config", "The answers it is rendered with: get, set, edit, diff, export, import, check."),
    "approve": (f"{_C}.approval:approve", "Say yes to a plan that somebody else wants to run."),
    "approvals": (f"{_C}.approval:approvals", "Whether updates wait for a second person's yes: list, require."),
    "guides": (f"{_C}.guides:guides", "The vendor's notes for an update: those that concern you; acknowledge."),
    "licence": (f"{_C}.licence:licence", "The licence of an Installation: show it, or give it another."),
    "registry": (f"{_C}.registry:registry", "The private registry of an Installation: show, set, remove."),
    "images": (f"{_C}.images:images", "Images of a package: list them, copy them to a private registry."),
    "customisations": (f"{_C}.customise:customisations", "Your labels, annotations and variables: show, save."),
    "fields": (f"{_C}.fields:fields", "Fields that others have set and keep: show, keep, take."),
    "package": (f"{_C}.packages:package", "Look into a package: show, lint."),
    "render": (f"{_C}.packages:render", "Render a package to manifests, without a cluster."),
    "preflight": (
        f"{_C}.checks:preflight",
        "Check the cluster by a package's preflights, before or after it is installed.",
    ),
    "support-bundle": (f"{_C}.checks:support_bundle", "Collect the namespace's state into one file, without secrets."),
    "analyze": (f"{_C}.checks:analyze", "Judge a support bundle by the analyzers of a spec, without a cluster."),
    "redact": (f"{_C}.redact:redact", "Take secrets out of a file, by Troubleshoot's redactors and a vendor's."),
    "setup": (f"{_C}.cluster:setup", "Once per cluster, by an administrator: our kinds and the gate's policy."),
    "admin-console": ("changeover.console.command:admin_console", "The admin console, on this machine."),
    "serve": ("changeover.console.serving:serve", "The admin console as a service in the cluster, in replicas."),
    "install-console": (f"{_C}.console_service:install", "Install the admin console in the cluster, in two replicas."),
    "upgrade-console": (f"{_C}.console_service:upgrade", "Another image, other settings, or rights for what runs now."),
    "uninstall-console": (f"{_C}.console_service:uninstall", "Remove the console; accounts, log and runs stay."),
    "users": (f"{_C}.users:users", "Who may use the console, and in which role: list, add, role, remove."),
    "token": (f"{_C}.tokens:token", "Tokens with which programs use the console's API: create, list, revoke."),
    "reset-password": (f"{_C}.users:reset_password", "Give an account of the console another password."),
    "doctor": (f"{_C}.cluster:doctor", "Rights, versions, leftovers."),
    "completion": (f"{_C}.completion:completion", "Shell completion for bash, zsh or fish."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="changeover")
@click.option("--kubeconfig", type=click.Path(dir_okay=False), help="Path to the kubeconfig file.")
@click.option("--context", "context_name", help="Name of the kubeconfig context.")
@click.option("-n", "--namespace", help="Namespace of the application.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="For people or for programs.")
@click.pass_context
def cli(
    ctx: click.Context, kubeconfig: str | None, context_name: str | None, namespace: str | None, output: str
) -> None:
    """Update the applications that you host on Kubernetes: with a plan, no work lost, and a way back."""
    ctx.obj = Where(kubeconfig=kubeconfig, context=context_name, namespace=namespace, output=output)


def main() -> None:
    """Run the command line; every Problem ends here, in words."""
    try:
        code = cli.main(standalone_mode=False)  # not standalone, click returns the code of an Exit
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(6)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except Problem as problem:
        _explain(problem)
        sys.exit(problem.exit_code)


def _explain(problem: Problem) -> None:
    import json

    if "-ojson" in "".join(sys.argv) or "json" in sys.argv:
        click.echo(json.dumps({"problem": problem.as_json()}, indent=2))
        return
    click.echo(f"{click.style(problem.message, fg='red', bold=True)}", err=True)
    if problem.found:
        click.echo(f"  found: {problem.found}", err=True)
    if problem.hint:
        click.echo(f"  hint:  {problem.hint}", err=True)
    click.echo(click.style(f"  ({problem.reference})", dim=True), err=True)
