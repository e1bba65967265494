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
from changeover.cli.commands import SECTIONS
from changeover.cli.lazy import LazyGroup
from changeover.cli.options import Where
from changeover.errors import Problem


@click.group(cls=LazyGroup, sections=SECTIONS, context_settings={"help_option_names": ["-h", "--help"]})
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
