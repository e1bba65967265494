"""``changeover redact``: a file without its secrets, on standard output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from changeover.cli import output
from changeover.cli.options import Where, located

if TYPE_CHECKING:
    from changeover.actions.redacting import Cleaned

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@located
@click.argument("file", type=_FILE)
@click.option("--redactors", "specs", multiple=True, type=_FILE, help="File with a vendor's Redactor; may be repeated.")
@click.option("--as", "path", default="", help="Path in the bundle, for redactors that select files by it.")
@click.pass_obj
def redact(where: Where, file: Path, specs: tuple[Path, ...], path: str) -> None:
    """Take secrets out of FILE: Troubleshoot's own redactors first, then those given."""
    from changeover.actions import redacting

    redactors = [one for spec in specs for one in redacting.spec_of(spec.read_text(), name=str(spec))]
    cleaned = redacting.clean(path or str(file), file.read_bytes(), redactors)
    if where.json:
        output.show_json({"path": cleaned.path, "changes": dict(cleaned.changes), "output": cleaned.output})
        return
    sys.stdout.buffer.write(cleaned.output.encode("utf-8", "surrogateescape"))
    _tell(cleaned)


def _tell(cleaned: Cleaned) -> None:
    for name, count in sorted(cleaned.changes.items()):
        click.echo(f"{count} x {name}", err=True)
    if not cleaned.changes:
        click.echo("Nothing looked like a secret.", err=True)
