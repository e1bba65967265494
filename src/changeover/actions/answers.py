"""The answers of an Installation as kept in the cluster: a sealed entry for each revision, and what is saved for later.

The Secret ``<installation>-answers`` holds ``revision-<number>.json`` (answers, their origins, what that release asked
for), and ``saved.json``: answers for the next change. So the answers that hold are those of the revision that runs:
going back needs no step of its own, and no answer is lost when a run fails. A file ``answers.json`` that an operator
put there by hand serves until the first change. Values that templates made up stand in ``<installation>-kept``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from changeover.actions import installations, keys, revisions, sealing
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.package.answers import Given
from changeover.package.asked import Question, Questions

BY_HAND = "answers.json"
SAVED = "saved.json"
KEPT = "kept.json"


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers that hold for one revision."""

    given: Given = field(default_factory=Given)
    questions: Questions | None = None
    """What that release asked for; None when nobody wrote it down."""
    saved: str = ""
    """Which saved answers are in it; empty for none."""

    def as_json(self) -> dict[str, Any]:
        """As kept."""
        questions = {name: asdict(one) for name, one in self.questions.items()} if self.questions is not None else None
        return {
            "answers": dict(self.given.values),
            "origins": dict(self.given.origins),
            "removed": sorted(self.given.removed),
            "words": sorted(self.given.words),
            "questions": questions,
            "saved": self.saved,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Answers:
        """The opposite of `as_json`."""
        questions = data.get("questions")
        found = {name: Question(**one) for name, one in questions.items()} if questions is not None else None
        removed, words = (frozenset(data.get(key, ())) for key in ("removed", "words"))
        return Answers(
            Given(data.get("answers", {}), data.get("origins", {}), frozenset(), words, removed),
            found,
            data.get("saved", ""),
        )


async def of_revision(outside: Outside, installation: KubeObject, number: int) -> Answers:
    """The answers of a revision; 0 = before the first one."""
    entries = await _read(outside, installation, _secret(installation))
    found = entries.get(_entry(number))
    if found is not None:
        return Answers.from_json(json.loads(found))
    by_hand: dict[str, Any] = json.loads(entries.get(BY_HAND, b"{}"))
    return Answers(Given(by_hand, dict.fromkeys(by_hand, f"Secret {_secret(installation)}")))


async def running(outside: Outside, installation: KubeObject) -> Answers:
    """The answers that hold now."""
    return await of_revision(outside, installation, revisions.running_number(installation))


async def saved(outside: Outside, installation: KubeObject) -> Given:
    """Answers that were saved for the next change; empty when there are none."""
    entries = await _read(outside, installation, _secret(installation))
    return Answers.from_json(json.loads(entries[SAVED])).given if SAVED in entries else Given()


async def save(outside: Outside, installation: KubeObject, given: Given) -> None:
    """Save answers for the next change; an empty layer forgets what was saved."""
    entries = await _read(outside, installation, _secret(installation))
    entries.pop(SAVED, None)
    if given.values or given.removed:
        entries[SAVED] = _dumped(Answers(given))
    await _write(outside, installation, _secret(installation), entries)


async def keep(outside: Outside, installation: KubeObject, number: int, held: Answers) -> None:
    """Write the answers of a revision that is about to be run; those of revisions that nobody lists any more go."""
    entries = await _read(outside, installation, _secret(installation))
    listed = {_entry(int(one["number"])) for one in revisions.listed(installation)} | {BY_HAND, SAVED}
    kept = {name: content for name, content in entries.items() if name in listed}
    await _write(outside, installation, _secret(installation), {**kept, _entry(number): _dumped(held)})


async def settle(outside: Outside, installation: KubeObject, number: int) -> None:
    """A revision was committed: what was saved for the next change holds now, and needs not wait any more."""
    waiting = await saved(outside, installation)
    taken = (await of_revision(outside, installation, number)).saved
    if taken and taken == mark_of(waiting):
        await save(outside, installation, Given())


async def read_kept(outside: Outside, installation: KubeObject) -> dict[str, Any]:
    """Values generated at earlier renders (keys, passwords), so that they stay."""
    entries = await _read(outside, installation, f"{installation.name}-kept")
    kept: dict[str, Any] = json.loads(entries.get(KEPT, b"{}"))
    return kept


async def write_kept(outside: Outside, installation: KubeObject, kept: Mapping[str, Any]) -> None:
    """Keep generated values."""
    content = json.dumps(dict(kept), sort_keys=True).encode()
    await _write(outside, installation, f"{installation.name}-kept", {KEPT: content})


def mark_of(given: Given) -> str:
    """What tells these saved answers from others; empty for none."""
    content = json.dumps(Answers(given).as_json(), sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest() if given.values or given.removed else ""


def _secret(installation: KubeObject) -> str:
    return str(installation.get("spec", "answersSecret", default="")) or f"{installation.name}-answers"


def _entry(number: int) -> str:
    return f"revision-{number}.json"


def _dumped(held: Answers) -> bytes:
    return json.dumps(held.as_json(), sort_keys=True, default=str).encode()


async def _read(outside: Outside, installation: KubeObject, secret: str) -> dict[str, bytes]:
    entries = await installations.read_secret(outside, secret)
    if not entries:
        return {}
    key = (await keys.keys_of(outside, installation)).sealing
    return {name: sealing.unseal(key, content, name=f"{secret}/{name}") for name, content in entries.items()}


async def _write(outside: Outside, installation: KubeObject, secret: str, entries: Mapping[str, bytes]) -> None:
    key = (await keys.keys_of(outside, installation)).sealing
    sealed = {name: sealing.seal(key, content, name=f"{secret}/{name}") for name, content in entries.items()}
    await installations.write_secret(outside, installation.name, secret, sealed)
