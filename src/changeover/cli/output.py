"""How commands answer: tables and facts for people, JSON for programs. Nothing here decides anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from changeover.actions.account import Account

STATE_COLOURS = {
    "committed": "green",
    "running": "green",
    "ready": "green",
    "pass": "green",
    "warn": "yellow",
    "fail": "red",
    "proven": "green",
    "rolled back": "yellow",
    "warns": "yellow",
    "mixed": "yellow",
    "unknown": "yellow",
    "held": "red",
    "blocks": "red",
    "failed": "red",
    "closed": "red",
    "forbidden": "red",
}


def show_json(document: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def show_table(rows: Iterable[Sequence[object]], *, head: Sequence[str]) -> None:
    """Columns as wide as their content, words of state coloured, no lines."""
    body = [[_cell(value) for value in row] for row in rows]
    if not body:
        return
    widths = [max(len(line[column]) for line in [list(head), *body]) for column in range(len(head))]
    click.echo(click.style(_line([text.upper() for text in head], widths), dim=True))
    for line in body:
        click.echo(_line([_coloured(text, width) for text, width in zip(line, widths, strict=True)], [0] * len(widths)))


def show_facts(facts: Mapping[str, object]) -> None:
    """Label and value, one a line; empty values are left out."""
    shown = {label: _cell(value) for label, value in facts.items() if value not in (None, "", [], ())}
    width = max((len(label) for label in shown), default=0)
    for label, value in shown.items():
        click.echo(f"{click.style(label.ljust(width), dim=True)}  {_coloured(value, 0)}")


def heading(text: str) -> None:
    """The answer in one sentence."""
    click.echo(click.style(text, bold=True))


def state(word: str, width: int) -> str:
    """A word of state in its colour, as wide as asked."""
    return _coloured(word, width)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "   ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _coloured(text: str, width: int) -> str:
    colour = STATE_COLOURS.get(text.split(" (", maxsplit=1)[0])
    padded = text.ljust(width)
    return click.style(padded, fg=colour) if colour else padded


def write_evidence(told: Account, folder: Path) -> None:
    """Write evidence.json, evidence.md and evidence.html into a folder, which is made when it is missing."""
    from changeover.evidence import report

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evidence.json").write_text(report.as_json(told.evidence, told.signature))
    (folder / "evidence.md").write_text(report.as_markdown(told.evidence))
    (folder / "evidence.html").write_text(report.as_html(told.evidence, told.signature))
