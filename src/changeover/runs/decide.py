"""What to do next, from the steps and the journal alone. Pure.

* ended -> nothing; a question is open -> wait for its answer; paused -> wait
* forward, a step failed:
    it asks a person (Hold), or the point of no return is behind us -> ask; else -> turn back
* forward, aborted by a person -> turn back; behind the point of no return -> ask
* forward, steps left -> the next one, with all that share its wave; none left -> committed
* back, a step failed -> ask; else the next back step whose forward step was begun; none left -> rolled back
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from changeover.plan.steps import Step, Steps, Verb
from changeover.runs.state import RunState, Verdict, Way


@dataclass(frozen=True, slots=True)
class Go:
    """Execute these steps, concurrently."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave the way forward and take the way back."""

    because: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Only a person can decide how to go on."""

    question: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Wait:
    """For a person: an answer, or the end of a pause."""


Move = Go | Turn | Ask | End | Wait


def next_move(steps: Steps, state: RunState) -> Move:
    """Decide by the rules of this module."""
    if state.verdict in (Verdict.COMMITTED, Verdict.ROLLED_BACK):
        return End(state.verdict)
    if state.question is not None or state.paused:
        return Wait()
    return _forward(steps, state) if state.way is Way.FORWARD else _back(steps, state)


def is_past_return(steps: Steps, state: RunState) -> bool:
    """Whether the point of no return was passed: such a step was begun."""
    return any(step.point_of_no_return and step.id in state.begun for step in steps.forward)


def turning_time(steps: Steps) -> tuple[str, datetime] | None:
    """The step that waits for the window, and when the run must turn back to be back before the window ends."""
    for step in steps.forward:
        if step.verb is Verb.WAIT_WINDOW and step.arguments["end"]:
            reserve = timedelta(seconds=float(step.arguments["reserveSeconds"]))
            return step.id, datetime.fromisoformat(step.arguments["end"]) - reserve
    return None


def _forward(steps: Steps, state: RunState) -> Move:
    if state.failed:
        return _after_failure(steps, state)
    if state.aborted:
        if is_past_return(steps, state):
            text = f"{state.aborted} The point of no return is behind the run."
            return Ask(_question(text, ("again", *_choices(steps))))
        return Turn(state.aborted)
    wave = _next_wave(steps.forward, state)
    return Go(wave) if wave else End(Verdict.COMMITTED)


def _after_failure(steps: Steps, state: RunState) -> Move:
    step, problem = next(iter(state.failed.items()))
    message = _words(problem)
    if state.aborted and not is_past_return(steps, state):
        return Turn(state.aborted)
    if problem.get("choices"):
        return Ask({**_question(message, problem["choices"]), "step": step, "subjects": problem.get("subjects", [])})
    if is_past_return(steps, state):
        return Ask({**_question(message, ("finish", "again", *_choices(steps))), "step": step})
    title = next((one.title for one in steps.forward if one.id == step), step)
    return Turn(message if message.startswith(title) else f"{title}: {message}")


def _words(problem: Mapping[str, Any]) -> str:
    """What was wanted, and the first line of what was found."""
    found = str(problem.get("found") or "").partition("\n")[0]
    return " ".join(word for word in (str(problem.get("message", "")), found) if word)


def _choices(steps: Steps) -> tuple[str, ...]:
    """How to go back: with the data of the backup where the old release cannot read what is stored now."""
    return ("restore",) if any(step.verb is Verb.RESTORE for step in steps.back) else ("back",)


def _back(steps: Steps, state: RunState) -> Move:
    if state.failed:
        step, problem = next(iter(state.failed.items()))
        return Ask({**_question(f"The way back failed: {_words(problem)}", ("again", "finish")), "step": step})
    begun = set(state.begun)
    due = [step for step in steps.back if not step.undoes or begun.intersection(step.undoes)]
    wave = _next_wave(due, state)
    return Go(wave) if wave else End(Verdict.ROLLED_BACK)


def _next_wave(steps: Iterable[Step], state: RunState) -> tuple[Step, ...]:
    """The first step that is left, with the steps right behind it that share its wave."""
    left = (step for step in steps if step.id not in state.done)
    first = next(left, None)
    if first is None:
        return ()
    if not first.wave:
        return (first,)
    return (first, *itertools.takewhile(lambda step: step.wave == first.wave, left))


def _question(text: str, choices: Sequence[str]) -> dict[str, Any]:
    return {"text": text, "choices": list(choices)}
