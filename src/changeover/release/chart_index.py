"""A chart repository's index as a catalog: which versions there are, in which order, and what they say of themselves.

* versions are semver; one that is none is left out, as Helm does; equal ones keep the first;
* a preview (``2.0.0-rc1``) is listed, but nothing is updated to it unasked (`Catalog.newest`);
* notes come from the annotation ``artifacthub.io/changes``: texts, or mappings of kind and description; security
  updates and deprecation are said first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any

from changeover.errors import Problem
from changeover.package import yaml_text
from changeover.release import versions
from changeover.release.catalog import Catalog, Release
from changeover.release.versions import Scheme

INDEX = "index.yaml"
CHANGES = "artifacthub.io/changes"
SECURITY = "artifacthub.io/containsSecurityUpdates"
_LONGEST = 256
"""Characters of a version."""
_NOTES = 2000
"""Characters of notes that are kept of one release."""


class NoSuchChart(Problem):
    """A repository has several charts and none was named, or not the named one."""

    reference = "no-such-chart"


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a chart in a repository, whatever kind of repository it is."""

    version: str
    package: str
    """Where the .tgz lies: an address, a name relative to the index, or a tag."""
    meta: Mapping[str, Any]
    """What its Chart.yaml says."""
    sha256: str = ""
    created: str = ""


def charts_in(index: Any) -> Mapping[str, Sequence[Any]]:
    """The charts that an index lists, by name."""
    entries = index.get("entries") if isinstance(index, Mapping) else None
    found = entries if isinstance(entries, Mapping) else {}
    return {str(name): listed for name, listed in found.items() if isinstance(listed, list)}


def catalog_of_index(index: Any, chart: str, *, location: str) -> Catalog:
    """The catalog of one chart of an index; `chart` may be empty when there is only one. Raises NoSuchChart."""
    charts = charts_in(index)
    name = chart or (next(iter(charts)) if len(charts) == 1 else "")
    if name not in charts:
        shown = ", ".join(sorted(charts)[:20]) or "no chart at all"
        raise NoSuchChart(
            f"{location} has no chart {name}." if name else f"{location} has {len(charts)} charts, and none is named.",
            found=shown,
            hint=f"name one: {location.partition('#')[0]}#{next(iter(sorted(charts)), 'NAME')}",
        )
    return catalog_of(name, [entry for raw in charts[name] if (entry := _entry(raw))])


def catalog_of(name: str, entries: Iterable[Entry]) -> Catalog:
    """A catalog of versions in semver order, oldest first."""
    known: dict[str, Entry] = {}
    for entry in entries:
        if _parsed(entry.version) is not None:
            known.setdefault(entry.version, entry)
    ordered = sorted(known.values(), key=cmp_to_key(_compare))
    releases = tuple(_release(entry, cursor) for cursor, entry in enumerate(ordered, start=1))
    return Catalog(name, releases, Scheme.SEMVER)


def notes_of(meta: Mapping[str, Any]) -> str:
    """What a chart's Chart.yaml says of its changes, in one line; at most `_NOTES` characters."""
    annotations = meta.get("annotations")
    found = annotations if isinstance(annotations, Mapping) else {}
    parts = [*(["deprecated"] if meta.get("deprecated") is True else [])]
    parts += ["security updates"] if str(found.get(SECURITY, "")).lower() == "true" else []
    parts += _changes(str(found.get(CHANGES, "")))
    return "; ".join(parts)[:_NOTES]


def _entry(raw: Any) -> Entry | None:
    if not isinstance(raw, Mapping):
        return None
    urls = raw.get("urls")
    package = str(urls[0]) if isinstance(urls, list) and urls else ""
    digest = str(raw.get("digest") or "").removeprefix("sha256:")
    return Entry(str(raw.get("version", "")), package, raw, digest, str(raw.get("created") or ""))


def _release(entry: Entry, cursor: int) -> Release:
    version = _parsed(entry.version)
    return Release(
        version=entry.version,
        cursor=cursor,
        package=entry.package,
        notes=notes_of(entry.meta),
        created_at=_time(entry.created),
        sha256=entry.sha256,
        preview=bool(version and version.preview),
        deprecated=entry.meta.get("deprecated") is True,
    )


def _changes(text: str) -> Iterator[str]:
    try:
        loaded = yaml_text.load(text, file=CHANGES) if text else []
    except yaml_text.BrokenYaml:
        loaded = [text]
    for change in loaded if isinstance(loaded, list) else [text]:
        if isinstance(change, Mapping):
            kind, said = str(change.get("kind") or ""), str(change.get("description") or "")
            yield f"{kind}: {said}" if kind else said
        else:
            yield str(change)


def _compare(one: Entry, other: Entry) -> int:
    first, second = _parsed(one.version), _parsed(other.version)
    if first is None or second is None or first == second:
        return 0
    return -1 if first < second else 1


def _parsed(text: str) -> versions.Version | None:
    if len(text) > _LONGEST:
        return None
    try:
        return versions.parse(text, Scheme.SEMVER)
    except versions.UnreadableVersion:
        return None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
