"""``python -m tools.conformance DIR``: one line for each case that fails, then ``N passed, N failed``; exits with 1."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from changeover.errors import Problem
from tools.conformance import shapes
from tools.conformance.case import Case, Disagreement, Skipped

CRASHES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", default="", help="Judge only cases with this in their names.")
@click.option("--list-skipped", is_flag=True, help="Also one line for each case that is skipped.")
def main(directory: Path, only: str, list_skipped: bool) -> None:  # noqa: FBT001 - click's flags come so
    """Judge every folder of cases in DIRECTORY."""
    passed, failed, skipped = 0, 0, Counter[tuple[str, str]]()
    for folder in shapes.folders(directory):
        for case in _readable(folder):
            name = f"{folder.name}/{case.name}".replace("\n", " ")
            if only not in name:
                continue
            verdict, words = judge(case)
            passed += verdict == "passed"
            if verdict == "failed":
                failed += 1
                click.echo(f"FAILED {name}: {words}")
            if verdict == "skipped":
                skipped[folder.name, words] += 1
                if list_skipped:
                    click.echo(f"skipped {name}: {words}")
    for name in shapes.unknown(directory):
        click.echo(f"{name}: not a folder of cases that is known here")
    for (folder_name, words), count in sorted(skipped.items()):
        click.echo(f"skipped {count} of {folder_name}: {words}")
    click.echo(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    sys.exit(1 if failed else 0)


def _readable(folder: Path) -> Iterator[Case]:
    """The folder's cases; one that cannot be read is a case that fails."""
    try:
        yield from shapes.every(folder)
    except (*CRASHES, OSError) as wrong:
        words = f"cannot be read: {wrong!r}"

        def unreadable() -> None:
            raise Disagreement(words)

        yield Case("its files", unreadable)


def judge(case: Case) -> tuple[str, str]:
    """(passed | failed | skipped, why)."""
    try:
        case.judge()
    except Skipped as reason:
        return "skipped", str(reason)
    except Disagreement as disagreement:
        return "failed", _one_line(str(disagreement))
    except Problem as problem:
        return "failed", _one_line(f"{problem.reference}: {problem}")
    except CRASHES as crash:
        return "failed", _one_line(f"crashed: {crash!r}")
    return "passed", ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
