"""When runs may happen: windows and freezes of an Installation, shown, added, removed, and what they open.

A window is known by its text (``0 22 * * 6 for 120 in Europe/Berlin``), a freeze by its name. Whoever changes one reads
the rules again when somebody else changed them meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from cronsim import CronSim, CronSimError

from changeover.actions import audit, freezing, installations, runs_of, windows
from changeover.actions.ask import Ask
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.evidence import words
from changeover.objects import KubeObject
from changeover.ports import Busy, Conflict
from changeover.runs.freezes import BadFreeze, Freeze, Holding, holding
from changeover.runs.windows import NoWindow, Occurrence, Window

MOST = 50
"""Windows, and freezes, of one Installation."""
SHOWN = 5
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_FREEZE_MINUTES = 92 * 24 * 60
"""Of a freeze that comes again and again."""
_WINDOW = re.compile(r"(?P<cron>\S+( \S+){4}) for (?P<minutes>\d{1,5})( in (?P<zone>\S+))?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_REASON = 500
_TRIES = 5

Policy = dict[str, list[dict[str, Any]] | None]


class BadWindow(Problem):
    """A window that cannot be read, or that there is not."""

    reference = "bad-window"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A run that waits for its time."""

    run: str
    to: str
    """The version."""
    begins: datetime

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {"run": self.run, "to": self.to, "begins": self.begins.isoformat()}


@dataclass(frozen=True, slots=True)
class View:
    """The rules, and what they open."""

    installation: str
    now: datetime
    windows: tuple[Window, ...]
    freezes: tuple[Freeze, ...]
    upcoming: tuple[Occurrence, ...]
    """The next times in which a run may happen: windows that touch are one, freezes are taken out."""
    frozen: tuple[Holding, ...]
    """The freezes that hold now."""
    trouble: str = ""
    """Why the rules, written by other hands, cannot be read; nothing is open then."""
    scheduled: Scheduled | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "installation": self.installation,
            "windows": [_window_json(one) for one in self.windows],
            "freezes": [one.as_policy() | {"inWords": in_words(one)} for one in self.freezes],
            "upcoming": [one.as_json() for one in self.upcoming],
            "frozen": [{"freeze": one.freeze.name, "until": one.time.ends.isoformat()} for one in self.frozen],
            "trouble": self.trouble,
            "scheduled": self.scheduled.as_json() if self.scheduled else None,
        }


async def show(outside: Outside, installation: str = "") -> View:
    """The rules as they are, and the run that waits for its time."""
    followed = await installations.find(outside, installation)
    run = await runs_of.under_way(outside, followed.name)
    at = runs_of.waits_until(run, outside.clock.now()) if run else None
    waits = Scheduled(run.name, str(run.get("spec", "toVersion", default="")), at) if run and at else None
    return replace(view(outside, followed), scheduled=waits)


async def add_window(outside: Outside, installation: str, text: str, *, instead: str = "") -> View:
    """Add a window, `instead` of another by its text. Raises BadWindow."""
    made = _read(outside, text)

    def changed(followed: KubeObject) -> Policy:
        others = _without(followed, instead) if instead else windows.of(followed)
        if made in others or len(others) >= MOST:
            raise BadWindow(
                f"The window {made.text} cannot be added.",
                found="it is there already" if made in others else f"there are {MOST}, and no more are kept",
            )
        return {"windows": [_policy(one) for one in (*others, made)]}

    detail = f"{made.text}, instead of {instead}" if instead else made.text
    return await _change(outside, installation, changed, ("add window", detail))


async def remove_window(outside: Outside, installation: str, text: str) -> View:
    """Remove a window, by its text. Raises BadWindow."""

    def changed(followed: KubeObject) -> Policy:
        return {"windows": [_policy(one) for one in _without(followed, text)] or None}

    return await _change(outside, installation, changed, ("remove window", text))


async def add_freeze(outside: Outside, installation: str, wanted: Freeze, *, instead: str = "") -> View:
    """Set a freeze in the name of who asks, `instead` of another by its name. Raises BadFreeze."""
    at = outside.clock.now().isoformat(timespec="seconds")
    made = replace(wanted, by=outside.person, at=at, reason=" ".join(wanted.reason.split()))
    _refuse_bad(outside, made)

    def changed(followed: KubeObject) -> Policy:
        there = freezing.of(followed)
        others = [one for one in there if one.name != instead]
        if instead and len(others) == len(there):
            raise _no_freeze(followed, instead)
        if made.name in {one.name for one in others} or len(others) >= MOST:
            raise BadFreeze(
                f"The freeze {made.name} cannot be added.",
                found=f"there are {MOST}, and no more are kept" if len(others) >= MOST else "there is one of this name",
                hint="give it another name, or remove that one first",
            )
        return {"freezes": [one.as_policy() for one in (*others, made)]}

    detail = f"{made.name}: {in_words(made)}; {made.reason}"
    return await _change(outside, installation, changed, ("set freeze", detail))


async def remove_freeze(outside: Outside, installation: str, name: str) -> View:
    """Remove a freeze, by its name. Raises BadFreeze."""

    def changed(followed: KubeObject) -> Policy:
        there = freezing.of(followed)
        others = [one.as_policy() for one in there if one.name != name]
        if len(others) == len(there):
            raise _no_freeze(followed, name)
        return {"freezes": others or None}

    return await _change(outside, installation, changed, ("remove freeze", name))


def view(outside: Outside, followed: KubeObject) -> View:
    """The rules of an Installation, and what they open from now on."""
    rules, freezes, now = windows.of(followed), freezing.of(followed), outside.clock.now()
    try:
        upcoming = tuple(islice(windows.choice(outside, followed, Ask("update")).open_times(), SHOWN))
        frozen, trouble = holding(freezes, now), ""
    except (NoWindow, BadFreeze) as wrong:
        upcoming, frozen, trouble = (), (), f"{wrong.message} {wrong.found or ''}".strip()
    return View(followed.name, now, rules, freezes, upcoming, frozen, trouble)


def in_words(rule: Window | Freeze) -> str:
    """``At 22:00 on Monday and Wednesday, 3 h``; ``24 Dec 2026 to 2 Jan 2027``. The zone is said apart."""
    if rule.cron:
        try:
            return f"{CronSim(rule.cron, datetime(2000, 1, 1)).explain()}, {words.span(rule.minutes)}"  # noqa: DTZ001
        except CronSimError:  # written by other hands; what shows it says that it cannot be read
            return f"{rule.cron}, {words.span(rule.minutes)}"
    return f"{_day(rule.begins)} to {_day(rule.ends)}" if isinstance(rule, Freeze) else ""


def _day(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.day} {at:%b %Y}" + (f" {at:%H:%M}" if "T" in text else "")


def _read(outside: Outside, text: str) -> Window:
    found = _WINDOW.fullmatch(" ".join(text.split()))
    example = "for instance: 0 22 * * 6 for 120 in Europe/Berlin"
    if found is None or not 1 <= int(found["minutes"]) <= LONGEST_MINUTES:
        raise BadWindow(
            f"The window {text[:200]!r} cannot be read.",
            found="five fields of cron, a length between a minute and a week, and a zone are wanted",
            hint=example,
        )
    made = Window(found["cron"], int(found["minutes"]), found["zone"] or "UTC")
    try:
        next(made.occurrences(outside.clock.now()), None)
    except NoWindow as wrong:
        raise BadWindow(wrong.message, found=wrong.found, hint=example) from None
    return made


def _refuse_bad(outside: Outside, made: Freeze) -> None:
    if not _NAME.fullmatch(made.name):
        raise BadFreeze(
            f"A freeze cannot be called {made.name[:80]!r}.", hint="small letters, digits and -, as in quarter-close"
        )
    if not 0 < len(made.reason) <= _REASON:
        raise BadFreeze("A freeze needs a reason.", hint=f"at most {_REASON} characters: whoever is stopped reads it")
    if made.cron and not 1 <= made.minutes <= LONGEST_FREEZE_MINUTES:
        raise BadFreeze("A freeze that comes again lasts between a minute and 92 days.", found=f"{made.minutes} min")
    if next(made.occurrences(outside.clock.now()), None) is None:
        raise BadFreeze(
            f"The freeze {made.name} never holds.",
            found=in_words(made),
            hint="it must end after it begins, and after now",
        )


def _without(followed: KubeObject, text: str) -> tuple[Window, ...]:
    there, wanted = windows.of(followed), " ".join(text.split())
    wanted += "" if " in " in wanted else " in UTC"
    others = tuple(one for one in there if one.text != wanted)
    if len(others) == len(there):
        raise BadWindow(
            f"There is no window {text[:200]}.",
            found="; ".join(one.text for one in there) or "none",
            hint="name it as `changeover windows` shows it",
        )
    return others


def _no_freeze(followed: KubeObject, name: str) -> BadFreeze:
    there = ", ".join(one.name for one in freezing.of(followed))
    return BadFreeze(f"There is no freeze {name[:80]}.", found=there or "none", hint="`changeover freezes` lists them")


def _policy(window: Window) -> dict[str, Any]:
    return {"cron": window.cron, "durationMinutes": window.minutes, "timeZone": window.zone}


def _window_json(window: Window) -> dict[str, Any]:
    return {"window": window.text, "inWords": in_words(window)} | _policy(window)


async def _change(
    outside: Outside, installation: str, changed: Callable[[KubeObject], Policy], entry: tuple[str, str]
) -> View:
    for _ in range(_TRIES):
        followed = await installations.find(outside, installation)
        version = {"resourceVersion": followed.get("metadata", "resourceVersion")}
        try:
            body = {"metadata": version, "spec": {"policy": changed(followed)}}
            live = await outside.cluster.patch(followed.ref, body)
        except Conflict:
            continue
        now = outside.clock.now().isoformat(timespec="seconds")
        detail = f"{followed.name}: {entry[1]}"
        await audit.Log(outside).record(audit.Entry(now, outside.person, entry[0], "done", detail=detail))
        return view(outside, live)
    raise Busy("The Installation is changed by others all the time.", hint="try again")
