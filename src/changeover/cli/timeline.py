"""The live timeline in the terminal: what is done, what goes on and how far, what it waits for and since when.

On a terminal the current lines stand at the bottom and are redrawn; elsewhere each change is a line, and while nothing
changes a line says what is awaited, at least every 30 seconds. With ``-o json`` each happening is one JSON line.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from changeover.cli import output
from changeover.cli.options import Where, run
from changeover.evidence import words

if TYPE_CHECKING:
    from changeover.objects import KubeObject
    from changeover.plan.steps import Step
    from changeover.runs.happenings import Happening
    from changeover.runs.state import RunState

EVERY = 30.0
"""Seconds after which a line is said even though nothing changed, when this is not a terminal."""
VERDICT_CODES = {"committed": 0, "rolled back": 4, "held": 5}
FEW = 3
"""Waves of more steps than this are told as one line."""


@contextmanager
def live(where: Where) -> Iterator[Callable[[Happening], None]]:
    """Tell a run's happenings as they come."""
    if where.json:
        yield _tell_json
        return
    timeline = Timeline(terminal=sys.stdout.isatty())
    try:
        yield timeline.tell
    finally:
        timeline.clear()


def _tell_json(happening: Happening) -> None:
    record = dict(happening.data) or {"event": happening.event, "step": happening.step, "text": happening.text}
    if happening.event == "progress":
        record |= {"done": happening.done, "total": happening.total}
    click.echo(json.dumps(record, ensure_ascii=False))


class Timeline:
    """Turns happenings into lines."""

    def __init__(self, *, terminal: bool) -> None:
        self._steps: dict[str, Step] = {}
        self._terminal = terminal
        self._began: dict[str, float] = {}
        self._said_at = time.monotonic()
        self._shown = ""

    def tell(self, happening: Happening) -> None:
        """One happening; those that matter to a person become lines."""
        how = getattr(self, f"_{happening.event}", None)
        if how is not None:
            how(happening)

    def clear(self) -> None:
        """Take the live line away."""
        if self._terminal and self._shown:
            click.echo("\r\033[K", nl=False)
            self._shown = ""

    def _line(self, mark: str, colour: str, text: str, took: str = "") -> None:
        self.clear()
        clock = time.strftime("%H:%M:%S")
        shown = f"{click.style(clock, dim=True)}  {click.style(mark, fg=colour, bold=True)} {text}"
        click.echo(f"{shown}  {click.style(took, dim=True)}" if took else shown)
        self._said_at = time.monotonic()

    def _planned(self, happening: Happening) -> None:
        from changeover.plan.steps import Step

        self._steps = {one["id"]: Step.from_json(one) for one in happening.data["steps"]}

    def _begun(self, happening: Happening) -> None:
        step = self._steps.get(happening.step)
        self._began[happening.step] = time.monotonic()
        self._live(step.title if step else happening.step)

    def _done(self, happening: Happening) -> None:
        step = self._steps.get(happening.step)
        took = time.monotonic() - self._began.pop(happening.step, time.monotonic())
        if step is None:
            self._line("✓", "green", happening.step, words.duration(took))
            return
        left = sum(name in self._began and self._steps[name].wave == step.wave for name in self._began)
        size = sum(1 for one in self._steps.values() if step.wave and one.wave == step.wave)
        if size > FEW:
            if left == 0:
                self._line(
                    "✓", "green", f"{_capital(step.wave)}: {words.counted(size, 'object')}", words.duration(took)
                )
            return
        self._line("✓", "green", step.title, words.duration(took))

    def _failed(self, happening: Happening) -> None:
        step = self._steps.get(happening.step)
        self._began.pop(happening.step, None)
        self._line("✕", "red", step.title if step else happening.step)
        problem = happening.data.get("problem") or {}
        for label, text in (
            ("", problem.get("message")),
            ("found: ", problem.get("found")),
            ("hint: ", problem.get("hint")),
        ):
            if text:
                click.echo(f"             {click.style(label, dim=True)}{text}")

    def _progress(self, happening: Happening) -> None:
        step = self._steps.get(happening.step)
        title = step.title if step else happening.step
        far = f" {happening.done} of {happening.total}" if happening.total else ""
        since = words.duration(time.monotonic() - self._began.get(happening.step, time.monotonic()))
        text = f"{title}:{far} {happening.text} ({since})"
        if self._terminal:
            self._live(text)
        elif time.monotonic() - self._said_at >= EVERY:
            self._line("…", "cyan", text)

    def _waiting(self, happening: Happening) -> None:
        if self._terminal:
            self._live(happening.text)
        elif time.monotonic() - self._said_at >= EVERY or not self._shown:
            self._line("…", "cyan", happening.text)
            self._shown = happening.text

    def _turned(self, happening: Happening) -> None:
        self._line("↩", "yellow", click.style("Going back", bold=True) + f": {happening.text}")

    def _asked(self, happening: Happening) -> None:
        question = happening.data.get("question") or {}
        self._line("?", "red", click.style("Held", bold=True) + f": {question.get('text', '')}")
        for subject in question.get("subjects", ())[:20]:
            click.echo(f"             {subject.get('name', '')}: {subject.get('reason', '')}")

    def _aborted(self, happening: Happening) -> None:
        self._line("!", "yellow", happening.text)

    def _paused(self, _: Happening) -> None:
        self._line("‖", "yellow", "Paused; what is closed stays closed until `changeover resume`")

    def _resumed(self, _: Happening) -> None:
        self._line("▸", "cyan", "Goes on")

    def _taken(self, _: Happening) -> None:
        self._line("▸", "cyan", "This process goes on with the run, from its journal")

    def _live(self, text: str) -> None:
        if not self._terminal:
            return
        self.clear()
        width = max(20, shutil.get_terminal_size().columns)
        self._shown = f"          ▸ {text}"[: width - 1]
        click.echo(click.style(self._shown, fg="cyan"), nl=False)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def finish(
    where: Where, done: tuple[KubeObject, RunState], *, out: Path | None = None, notes: Sequence[str] = ()
) -> None:
    """Say how the run ended, in numbers, and what its charts say then; write the evidence; exit as the verdict says."""
    from changeover.actions import account
    from changeover.evidence import report

    found, state = done
    owner = str(found.get("spec", "installation", default=""))
    told = run(where, lambda outside: account.account(outside, owner, found.name))
    if out is not None:
        output.write_evidence(told, out)
    verdict = state.verdict.value if state.verdict else "held"
    if where.json:
        shown = list(notes) if verdict == "committed" else []
        output.show_json({"run": found.name, "verdict": verdict, "evidence": told.evidence.as_json(), "notes": shown})
    else:
        click.echo()
        output.heading(report.headline(told.evidence))
        output.show_facts(_facts(told.evidence, verdict, out))
        if state.question is not None:
            _ask(found.name, state.question)
        for text in notes if verdict == "committed" else ():
            click.echo(f"\n{text.rstrip()}")
    raise click.exceptions.Exit(VERDICT_CODES[verdict])


def _facts(evidence: Any, verdict: str, out: Path | None) -> dict[str, object]:
    proven = [one for one in evidence.sessions if one.outcome == "proven"]
    saved = sum(one.bytes for one in proven)
    return {
        "verdict": verdict,
        "because": evidence.reason,
        "whole run": words.duration(evidence.seconds),
        "gate closed": words.duration(evidence.gate_closed_seconds) if evidence.gate_closed_seconds is not None else "",
        "sessions": f"{len(proven)} of {len(evidence.sessions)} proven saved, {words.size(saved)}"
        if evidence.sessions
        else "",
        "backups": ", ".join(f"{one.get('name')} {words.size(int(one.get('bytes', 0)))}" for one in evidence.backups),
        "evidence": f"{out}/evidence.html" if out else f"changeover evidence {evidence.run} --out FOLDER",
    }


def _ask(name: str, question: Any) -> None:
    click.echo(f"\n{name} waits for a person: {question.get('text', '')}")
    for choice in question.get("choices", ()):
        click.echo(f"  {CHOICES.get(choice, choice)}".replace("RUN", name))


CHOICES = {
    "waive": "go on without this proof:   changeover answer RUN --choice waive --session NAME --reason WHY",
    "back": "go back to the old version: changeover answer RUN --choice back",
    "restore": "go back, with the backup:   changeover answer RUN --choice restore",
    "again": "try the step again:         changeover answer RUN --choice again",
    "finish": "accept it as it is:         changeover answer RUN --choice finish --reason WHY",
}
