"""How an Installation is looked after: strategy, windows, backups, approvals, who is told. Shown and changed.

Each setting is one text under a name, the same on the command line and in the console; an empty text takes it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.runs import windows
from changeover.runs.windows import Occurrence, Window

_WINDOW = re.compile(r"(?P<cron>\S+( \S+){4}) for (?P<minutes>\d{1,5})( in (?P<zone>\S+))?")
_SHOWN = 5
MOST_WINDOWS = 50


class BadSetting(Problem):
    """A setting that there is not, or a text that does not fit it."""

    reference = "bad-setting"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set."""

    name: str
    title: str
    about: str
    path: tuple[str, ...]
    """Where it stands in the Installation's spec."""
    fits: str = ".{0,2048}"
    number: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    """One a line."""


SETTINGS = (
    Setting(
        "strategy",
        "Strategy",
        "Used when a change names none; without it a window where there are sessions to lose.",
        ("strategy",),
        fits="|plain|window",
        choices=("", "window", "plain"),
    ),
    Setting(
        "windows",
        "Maintenance windows",
        "One a line: a cron expression, how long in minutes, the time zone. 0 22 * * 6 for 120 in Europe/Berlin",
        ("policy", "windows"),
        several=True,
    ),
    Setting(
        "backup-to",
        "Backups go to",
        "pvc:NAME, or a folder of the machine that executes. Without it window updates make none.",
        ("policy", "backup", "destination"),
        fits=r"|pvc:[a-z0-9]([-a-z0-9.]*[a-z0-9])?|/[^\x00]*",
    ),
    Setting(
        "backup-image",
        "Image that copies volumes",
        "With Python 3; only where the machine that executes cannot reach the volumes itself.",
        ("policy", "backup", "image"),
        fits=r"\S*",
    ),
    Setting(
        "approvals",
        "Approvals",
        "How many other people say yes to an update before it begins; 0 or nothing for nobody.",
        ("policy", "approvals", "required"),
        fits="|[0-5]",
        number=True,
    ),
    Setting(
        "webhook",
        "Webhook",
        "An address that is told when a run starts, fails, is held or finishes, and when a gate stays closed.",
        ("webhook", "url"),
        fits=r"|https?://\S+",
    ),
    Setting(
        "prometheus",
        "Prometheus",
        "Its address, as this console reaches it; the package's graphs are drawn from it.",
        ("prometheus", "url"),
        fits=r"|https?://[^\s?#]+",
    ),
)
_BY_NAME = {one.name: one for one in SETTINGS}


@dataclass(frozen=True, slots=True)
class View:
    """All settings as texts, and when the next windows are."""

    installation: str
    values: Mapping[str, str]
    upcoming: tuple[Occurrence, ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        times = [{"begins": one.begins.isoformat(), "ends": one.ends.isoformat()} for one in self.upcoming]
        return {"installation": self.installation, "settings": dict(self.values), "windows": times}


async def show(outside: Outside, installation: str = "") -> View:
    """What is set."""
    followed = await installations.find(outside, installation)
    return _view(outside, followed)


async def change(outside: Outside, installation: str, wanted: Mapping[str, str]) -> View:
    """Set these; the others stay. Raises BadSetting, and then nothing is changed."""
    followed = await installations.find(outside, installation)
    spec: dict[str, Any] = {}
    for name, text in wanted.items():
        if name not in _BY_NAME:
            raise BadSetting(f"There is no setting {name}.", found=f"settings: {', '.join(_BY_NAME)}")
        setting = _BY_NAME[name]
        place = spec
        for key in setting.path[:-1]:
            place = place.setdefault(key, {})
        place[setting.path[-1]] = _value(outside, setting, text.strip())
    live = await outside.cluster.patch(followed.ref, {"spec": spec})
    now = outside.clock.now().isoformat(timespec="seconds")
    detail = f"{followed.name}: {', '.join(sorted(wanted))}"
    await audit.Log(outside).record(audit.Entry(now, outside.person, "settings", "done", detail=detail))
    return _view(outside, live)


def _value(outside: Outside, setting: Setting, text: str) -> Any:
    if setting.several:
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_WINDOWS:
            raise BadSetting(f"{setting.title}: at most {MOST_WINDOWS}.", found=str(len(lines)))
        return [_window(outside, line) for line in lines] or None
    if not re.fullmatch(setting.fits, text):
        raise BadSetting(f"{setting.title}: {text!r} does not fit.", hint=setting.about)
    if setting.number:
        return int(text or 0)
    return text or None


def _window(outside: Outside, line: str) -> dict[str, Any]:
    found = _WINDOW.fullmatch(line)
    if found is None or not 1 <= int(found["minutes"]) <= 7 * 24 * 60:
        raise BadSetting(
            f"The window {line!r} cannot be read.", hint="for instance: 0 22 * * 6 for 120 in Europe/Berlin"
        )
    made = {"cron": found["cron"], "durationMinutes": int(found["minutes"]), "timeZone": found["zone"] or "UTC"}
    try:
        next(iter(Window.of(made).occurrences(outside.clock.now())), None)
    except windows.NoWindow as wrong:
        raise BadSetting(
            wrong.message, found=wrong.found, hint="five fields of cron, and a zone as Europe/Berlin"
        ) from None
    return made


def _view(outside: Outside, followed: KubeObject) -> View:
    values = {one.name: _text(one, followed.get("spec", *one.path, default="")) for one in SETTINGS}
    rules = [Window.of(one) for one in followed.get("spec", "policy", "windows", default=[])]
    return View(followed.name, values, tuple(_upcoming(outside, rules)))


def _text(setting: Setting, value: Any) -> str:
    if not setting.several:
        return str(value)
    rules = [Window.of(one) for one in value or ()]
    return "\n".join(f"{one.cron} for {one.minutes} in {one.zone}" for one in rules)


def _upcoming(outside: Outside, rules: Sequence[Window]) -> list[Occurrence]:
    now = outside.clock.now()
    try:
        found = [one for rule in rules for one in islice(rule.occurrences(now), _SHOWN)]
    except windows.NoWindow:  # written by other hands
        return []
    return sorted(found, key=lambda one: one.begins)[:_SHOWN]
