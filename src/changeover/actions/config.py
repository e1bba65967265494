"""Look at an Installation's answers and change them: get, diff, check, save for later, export.

A changed answer is a change like an update: to the same release with other answers (`prepare` with kind configure).
Secret answers leave here only when they are asked for by `reveal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from changeover.actions import answers, following, installations, kots_answers, revisions, settings_of
from changeover.actions.answers import Answers
from changeover.actions.ask import Ask
from changeover.actions.outside import Desk, Outside
from changeover.actions.packages import read
from changeover.actions.prepare import Prepared, prepare
from changeover.actions.settings_of import HIDDEN, Setting
from changeover.objects import KubeObject
from changeover.package import answers as written
from changeover.package.answers import Given, layered
from changeover.package.application import Graph
from changeover.package.continuity import Passage
from changeover.plan.masking import looks_secret
from changeover.release import documents
from changeover.render import pipeline
from changeover.render.context import Context, ReleaseFacts


@dataclass(frozen=True, slots=True)
class View:
    """The questions of a release with the answers that would hold, and what becomes of the answers on file."""

    installation: str
    version: str
    settings: tuple[Setting, ...]
    report: tuple[Passage, ...]
    given: Given
    """The answers behind it: secrets included."""
    saved: tuple[str, ...] = ()
    """Names that were answered for the next change and do not hold yet."""
    graphs: tuple[Graph, ...] = ()
    """What the vendor wants to be watched."""
    links: tuple[tuple[str, str], ...] = ()
    """(words, address) that the vendor names for the application."""

    @property
    def secret(self) -> frozenset[str]:
        """Names whose values are not shown."""
        return frozenset(one.name for one in self.settings if one.secret)

    @property
    def wrong(self) -> tuple[Setting, ...]:
        """What keeps the release from being run: missing and refused answers."""
        return tuple(one for one in self.settings if one.missing or one.errors)

    def as_json(self, *, reveal: bool) -> dict[str, Any]:
        """For programs; a secret is hidden unless it is asked for."""
        return {
            "installation": self.installation,
            "version": self.version,
            "settings": [one.as_json(reveal=reveal) for one in self.settings],
            "continuity": [{"name": one.name, "fate": one.fate.value, "words": one.words} for one in self.report],
            "saved": list(self.saved),
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer before and after; None = not answered. Secrets are hidden already."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The form with answers that nobody saved yet, and how they differ from those that hold now."""

    view: View
    changes: tuple[Difference, ...]


async def look(outside: Outside, installation: str = "", *, version: str = "", over: Given | None = None) -> View:
    """The questions of a release (the running one unless another is named) with their answers. Raises UnknownAnswer."""
    followed = await installations.find(outside, installation)
    source = following.source_of(outside, followed)
    catalog = await source.catalog()
    running = str(followed.get("status", "running", "version", default=""))
    newest = catalog.newest.version if catalog.newest else ""
    release = catalog.find(version or running or newest)
    carried = await following.carry(outside, followed, source, release, over=over)
    context = await following.context_of(outside, followed, carried.package, release)
    waiting = await answers.saved(outside, followed)
    return View(
        installation=followed.name,
        version=release.version,
        settings=settings_of.settings(carried, context, produce=outside.produce),
        report=carried.report,
        given=carried.answers.given,
        saved=tuple(sorted({*waiting.values, *waiting.removed})),
        graphs=carried.package.application.graphs,
        links=tuple(one for one in carried.package.application.links if one[1].startswith(("http://", "https://"))),
    )


async def check_package(desk: Desk, path: str, *, version: str, given: Given, before: str = "") -> View:
    """The same without a cluster: answers against a package, as they come from another one when `before` names it."""
    package, release = await read(desk, path, version)
    if before:
        earlier, _ = await read(desk, before, "")
        carried = following.carried(package, following.carried(earlier, Answers(), given).answers, Given())
    else:
        carried = following.carried(package, Answers(), given)
    context = Context(
        namespace="default",
        slug=package.application.name or package.name,
        release=ReleaseFacts(label=release.version, cursor=str(release.cursor)),
        now=desk.clock.now(),
    )
    found = settings_of.settings(carried, context, produce=desk.produce)
    label = pipeline.version_of(package, documents.release_of(package), release.version)
    return View("", label, found, carried.report, carried.answers.given)


async def change(outside: Outside, installation: str, ask: Ask) -> Prepared:
    """Prepare a change to the same release with other answers. Raises UnknownAnswer."""
    followed = await installations.find(outside, installation)
    if not revisions.running_number(followed):
        raise revisions.NoRevision(
            f"Nothing runs of {followed.name} that could be configured.", hint="install it with its answers"
        )
    return await prepare(outside, followed, ask)


async def draft(outside: Outside, installation: str, over: Given, *, version: str = "") -> Draft:
    """The form as it would be with these answers, and what they would change; nothing is kept. Raises UnknownAnswer."""
    followed = await installations.find(outside, installation)
    view = await look(outside, installation, version=version, over=over)
    held = await answers.running(outside, followed)
    return Draft(view, differences(held.given, view.given, secret=view.secret | _secret_names(held, held.given)))


async def save(outside: Outside, installation: str, over: Given) -> tuple[Difference, ...]:
    """Save answers for the next change, on top of those saved before; returns all that wait. Raises UnknownAnswer."""
    followed = await installations.find(outside, installation)
    over = await kots_answers.opened(outside, over)
    view = await look(outside, installation, over=over)
    waiting = layered((await answers.saved(outside, followed), over))
    await answers.save(outside, followed, waiting)
    held = await answers.running(outside, followed)
    return differences(held.given, view.given, secret=view.secret)


async def forget(outside: Outside, installation: str) -> tuple[str, ...]:
    """Forget what was saved for the next change; returns the names."""
    followed = await installations.find(outside, installation)
    waiting = await answers.saved(outside, followed)
    await answers.save(outside, followed, Given())
    return tuple(sorted({*waiting.values, *waiting.removed}))


async def replacing(outside: Outside, installation: str, given: Given) -> Given:
    """These answers in place of all that are on file."""
    followed = await installations.find(outside, installation)
    held = await answers.running(outside, followed)
    gone = frozenset(held.given.values) - given.values.keys()
    return Given(given.values, given.origins, given.strict, given.words, gone)


async def diff(outside: Outside, installation: str, one: int, other: int) -> tuple[Difference, ...]:
    """What differs between the answers of two revisions; 0 = those that hold now with what is saved on top."""
    followed = await installations.find(outside, installation)
    held = await answers.running(outside, followed)
    before = await _given(outside, followed, one) if one else held.given
    after = await _given(outside, followed, other) if other else (await look(outside, installation)).given
    return differences(before, after, secret=_secret_names(held, before, after))


async def export(outside: Outside, installation: str, *, reveal: bool) -> str:
    """The answers that hold, as a ConfigValues document; without `reveal` the secret ones are left out."""
    view = await look(outside, installation)
    secret = view.secret
    values = {name: value for name, value in view.given.values.items() if reveal or name not in secret}
    return written.to_text(values, name=view.installation, secret=secret)


def differences(before: Given, after: Given, *, secret: frozenset[str]) -> tuple[Difference, ...]:
    """What differs, by name; secrets are only said to differ."""
    names = sorted({*before.values, *after.values})
    return tuple(
        Difference(name, _shown(before.values, name, secret), _shown(after.values, name, secret))
        for name in names
        if before.values.get(name) != after.values.get(name) or (name in before.values) != (name in after.values)
    )


async def answer_changes(outside: Outside, prepared: Prepared) -> tuple[Difference, ...]:
    """What a prepared change does to the answers."""
    held = await answers.running(outside, prepared.installation)
    after = prepared.answers.given if prepared.answers else held.given
    return differences(held.given, after, secret=_secret_names(prepared.answers or held, held.given, after))


async def _given(outside: Outside, followed: KubeObject, number: int) -> Given:
    revisions.entry(followed, number)
    return (await answers.of_revision(outside, followed, number)).given


def _secret_names(held: Answers, *givens: Given) -> frozenset[str]:
    questions = held.questions or {}
    passwords = {name for name, question in questions.items() if question.type == "password"}
    return frozenset(passwords | {name for given in givens for name in given.values if looks_secret(name)})


def _shown(values: Mapping[str, Any], name: str, secret: frozenset[str]) -> str | None:
    if name not in values:
        return None
    return HIDDEN if name in secret else written.shown(values[name])
