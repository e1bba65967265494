"""Evidence as files: JSON for programs, Markdown for tickets, one self-contained HTML page for people.

All text from the cluster is escaped; the page has no script and loads nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from changeover.evidence import words
from changeover.evidence.model import Evidence

SHOWN_SESSIONS = 50
"""Proven sessions that a page lists one by one; all unproven and waived ones always are."""


def as_json(evidence: Evidence, signature: Mapping[str, str] | None = None) -> str:
    """The document, with its signature block when there is one."""
    document: dict[str, Any] = evidence.as_json()
    if signature:
        document = {"evidence": document, "signature": dict(signature)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_markdown(evidence: Evidence) -> str:
    """For a ticket or a chat."""
    return _environment(html=False).get_template("evidence.md").render(_figures(evidence))


def as_html(evidence: Evidence, signature: Mapping[str, str] | None = None) -> str:
    """One page with everything in it."""
    return _environment(html=True).get_template("evidence.html").render(_figures(evidence), signature=signature)


@cache
def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("changeover.evidence"),
        autoescape=html,  # noqa: S701  Markdown is not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(duration=words.duration, size=words.size)
    environment.globals["counted"] = words.counted
    return environment


def _figures(evidence: Evidence) -> dict[str, Any]:
    proven = [one for one in evidence.sessions if one.outcome == "proven"]
    others = [one for one in evidence.sessions if one.outcome != "proven"]
    return {
        "e": evidence,
        "headline": headline(evidence),
        "proven": proven,
        "others": others,
        "shown": proven[:SHOWN_SESSIONS],
        "saved_bytes": sum(one.bytes for one in proven),
        "short": short(evidence),
        "failed": [step for step in evidence.steps if step.outcome == "failed"],
    }


def short(evidence: Evidence) -> list[tuple[str, float, float]]:
    """Workloads that had too few ready pods: name, seconds without any, seconds with fewer than they keep."""
    found = evidence.measured.workloads if evidence.measured else {}
    told = [(_name(key), one.away_seconds, one.below_seconds) for key, one in found.items()]
    return sorted(told, key=lambda one: (-one[1], -one[2], one[0]))


def _name(key: str) -> str:
    return f"{key.partition('/')[0].partition('.')[0]}/{key.rpartition('/')[2]}"


def headline(evidence: Evidence) -> str:
    """The answer in one sentence: what runs now, and whether anything was lost."""
    what = f"{evidence.installation} runs {evidence.to_version}."
    if evidence.verdict == "rolled back":
        old = evidence.from_version or "nothing"
        what = f"{evidence.installation} runs {old} again: the change to {evidence.to_version} was undone."
    elif evidence.verdict == "held":
        what = f"The change of {evidence.installation} to {evidence.to_version} waits for a person."
    elif evidence.verdict != "committed":
        what = f"The change of {evidence.installation} to {evidence.to_version} is under way."
    lost = [one for one in evidence.sessions if one.outcome != "proven"]
    if not evidence.sessions:
        return what
    if lost:
        return f"{what} {words.counted(len(lost), 'session')} could not be proven saved."
    return f"{what} All {words.counted(len(evidence.sessions), 'session')} were saved, with proof."
