"""A held run as a question: each way to go on with what follows from it and what is lost by it. Pure.

What loses people's work is chosen by typing the loss; what is waived is waived by name, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.actions.watching import Seen
from changeover.console.access.refusal import Refusal
from changeover.evidence import words
from changeover.runs.decide import is_past_return


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to go on."""

    value: str
    word: str
    follows: str
    loses: str
    typed: str = ""
    """What has to be typed to choose it; empty when nothing is lost by it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A session that could not be proven saved."""

    name: str
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person chose."""

    choice: str
    reason: str = ""
    sessions: tuple[str, ...] = ()
    typed: str = ""


def headline(seen: Seen) -> str:
    """Why it holds, without the details that stand in its step."""
    question = seen.state.question or {}
    problem = seen.state.failed.get(str(question.get("step") or ""), {})
    return str(problem.get("message") or question.get("text") or "The run asks you how to go on.")


def lead(seen: Seen) -> str:
    """How things are while it waits."""
    question, plan = seen.state.question or {}, seen.plan
    counts = {word: int(one.get("count") or 0) for word, one in (question.get("objects") or {}).items()}
    old, new = counts.get("old", 0), counts.get("new", 0) + counts.get("unsure", 0)
    if new and old:
        objects = f"{words.counted(new, 'object')} changed, {old} did not yet."
    else:
        objects = f"Every object is of {plan.to_version if new else plan.from_version or 'before'}."
    gate = "The gate is closed and stays so until you answer." if question.get("gates") else "The gate is open."
    return f"{objects} {gate} This is your decision, not ours."


def subjects(seen: Seen) -> tuple[Subject, ...]:
    """Whom the question is about."""
    listed = (seen.state.question or {}).get("subjects") or ()
    return tuple(Subject(*(str(one.get(name) or "") for name in ("name", "owner", "reason"))) for one in listed)


def choices(seen: Seen) -> tuple[Choice, ...]:
    """The ways that the run offers, in its order."""
    offered = (seen.state.question or {}).get("choices", ())
    return tuple(_KINDS[one](seen) for one in offered if one in _KINDS)


def refuse(seen: Seen, answer: Answer) -> None:
    """Raise Refusal for an answer that the run would not take; 409 when it asks nothing any more."""
    if seen.state.question is None:
        hint = f"open /runs/{seen.name} again: somebody answered it meanwhile"
        raise Refusal(409, "nothing-asked", f"{seen.name} asks nothing any more.", hint)
    offered = {one.value: one for one in choices(seen)}
    if answer.choice not in offered:
        words_of_all = ", ".join(one.word for one in offered.values())
        raise Refusal(422, "not-offered", "Choose one of the ways that the run offers.", words_of_all)
    if answer.choice == "waive" and not (answer.sessions and answer.reason):
        raise Refusal(422, "reason-missing", "To go on without proof, tick each session and say why.")
    phrase = offered[answer.choice].typed
    if phrase and answer.typed.strip() != phrase:
        raise Refusal(422, "loss-not-typed", f"To choose this, type: {phrase}", "nothing was answered")


def _waive(seen: Seen) -> Choice:
    named = subjects(seen)
    follows = (
        "Tick each one that you take the responsibility for. It is stopped as it is, and stands in the evidence with "
        "your name and reason. The run goes on once all are ticked; for the others it asks again."
    )
    lost = "what one session has not saved" if len(named) == 1 else f"what {len(named)} sessions have not saved"
    return Choice("waive", "Go on without this proof", follows, f"may lose {lost}")


def _again(seen: Seen) -> Choice:
    step = str((seen.state.question or {}).get("step") or "")
    every = (*seen.plan.steps.forward, *seen.plan.steps.back)
    title = next((one.title for one in every if one.id == step), "")
    what = f"“{title}” once more" if title else "the step once more"
    return Choice(
        "again", "Try again", f"Tries {what}; nothing else changes. Mend first what it found.", "loses nothing"
    )


def _finish(seen: Seen) -> Choice:
    version = seen.plan.to_version if seen.state.way.value == "forward" else seen.plan.from_version
    follows = "Goes on with this finding accepted, by your name; it stands in the evidence. What was found stays so."
    return Choice("finish", f"Keep {version or 'it'} as it is", follows, "loses nothing")


def _back(seen: Seen) -> Choice:
    row = _truth(seen)
    takes = seen.plan.facts.get("rollbackSeconds")
    about = f" It takes about {words.duration(takes)}." if takes else ""
    saved = " Sessions that were saved start again from what was saved." if seen.evidence.sessions else ""
    follows = f"Undoes what was done, then opens the gate.{saved}{about}"
    if row.get("way") == "forward only":
        return Choice("back", _to(seen), f"{follows} {_sentence(row)}", "loses what cannot be undone", "lose data")
    return Choice("back", _to(seen), follows, "loses nothing")


def _restore(seen: Seen) -> Choice:
    row = _truth(seen)
    minutes = row.get("loses_minutes")
    loses = f"loses up to {minutes} min" if minutes else "loses what was written since the backup"
    phrase = f"lose {minutes} minutes" if minutes else "lose new data"
    follows = f"Closes the gate and puts the backup back: what people wrote since is gone. {_sentence(row)}"
    return Choice("restore", f"{_to(seen)} with the backup", follows, loses, phrase)


def _to(seen: Seen) -> str:
    return f"Go back to {seen.plan.from_version or 'what was before'}"


def _truth(seen: Seen) -> Mapping[str, Any]:
    """What going back means now: before the point of no return the first row of the plan's table, then the last."""
    rows: list[Mapping[str, Any]] = list(seen.plan.facts.get("rollback") or ({},))
    return rows[-1] if is_past_return(seen.plan.steps, seen.state) else rows[0]


def _sentence(row: Mapping[str, Any]) -> str:
    said = str(row.get("words") or "")
    return f"{said[:1].upper()}{said[1:]}." if said else ""


_KINDS = {"waive": _waive, "back": _back, "again": _again, "finish": _finish, "restore": _restore}
