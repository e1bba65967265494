"""How an Installation is looked after: strategy, backups, approvals, who is told. Shown and changed.

Each setting is one text under a name, the same on the command line and in the console; an empty text takes it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.actions import audit, installations
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject


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
    """All settings as texts."""

    installation: str
    values: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"installation": self.installation, "settings": dict(self.values)}


async def show(outside: Outside, installation: str = "") -> View:
    """What is set."""
    followed = await installations.find(outside, installation)
    return _view(followed)


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
        place[setting.path[-1]] = _value(setting, text.strip())
    live = await outside.cluster.patch(followed.ref, {"spec": spec})
    now = outside.clock.now().isoformat(timespec="seconds")
    detail = f"{followed.name}: {', '.join(sorted(wanted))}"
    await audit.Log(outside).record(audit.Entry(now, outside.person, "settings", "done", detail=detail))
    return _view(live)


def _value(setting: Setting, text: str) -> Any:
    if not re.fullmatch(setting.fits, text):
        raise BadSetting(f"{setting.title}: {text!r} does not fit.", hint=setting.about)
    if setting.number:
        return int(text or 0)
    return text or None


def _view(followed: KubeObject) -> View:
    values = {one.name: str(followed.get("spec", *one.path, default="")) for one in SETTINGS}
    return View(followed.name, values)
