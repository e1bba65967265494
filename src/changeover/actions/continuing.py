"""What a plan says about the operator's answers: the continuity report and refused answers, as findings.

Nothing here holds a value: names, places and words only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from changeover.actions.following import Carried, Rendered
from changeover.package.asked import nearest
from changeover.package.continuity import Fate, Passage
from changeover.package.package import Form
from changeover.plan.model import Finding, Severity

_NAMED = 12
_DROPPED = Finding(
    "answers-dropped",
    Severity.WARNS,
    "Answers that are not asked for any more: {}.",
    hint="they stay on file for a way back; read the release's notes for what replaced them",
)
_RETYPED = Finding(
    "answers-retyped",
    Severity.WARNS,
    "Answers that are asked for as another type: {}.",
    hint="look whether they still say what you mean",
)
_MOVED = Finding("answers-moved", Severity.NOTES, "Answers that go along to a new name: {}.")
_NEW = Finding(
    "questions-new",
    Severity.NOTES,
    "Required questions that are new: {}.",
    hint="`changeover config check` shows what they will have",
)
_UNASKED = Finding("answers-unasked", Severity.NOTES, "Answers on file that neither release asks for: {}.")
_TOLD = {
    Fate.DROPPED: _DROPPED,
    Fate.RETYPED: _RETYPED,
    Fate.MOVED: _MOVED,
    Fate.NEW: _NEW,
    Fate.UNASKED: _UNASKED,
}


def findings(rendered: Rendered) -> tuple[Finding, ...]:
    """All findings about answers; missing ones are the planner's own."""
    return (*_refused(rendered), *_continuity(rendered.carried))


def _refused(rendered: Rendered) -> Iterator[Finding]:
    origins = rendered.carried.answers.given.origins
    for remark in rendered.revision.remarks:
        if remark.reference == "invalid-answer":
            where = f"{remark.file}:{remark.line}" if remark.line else remark.file
            name = remark.message.partition(":")[0]
            yield Finding(
                "invalid-answer",
                Severity.BLOCKS,
                remark.message,
                found=f"answered by {origins.get(name) or 'the release itself'}; asked in {where}",
                hint=f"it must fit {remark.hint}" if remark.hint else "",
            )


def _continuity(carried: Carried) -> Iterator[Finding]:
    for fate, told in _TOLD.items():
        lines = [line for line in carried.report if line.fate is fate]
        if lines:
            loud = fate is Fate.UNASKED and carried.package.form is Form.CHART
            yield replace(
                told,
                severity=Severity.WARNS if loud else told.severity,
                message=told.message.format(len(lines)),
                found=_listed([_line(carried, line) for line in lines]),
            )


def _line(carried: Carried, line: Passage) -> str:
    near = nearest(line.name, carried.answers.questions or {}) if line.fate is Fate.UNASKED else ""
    words = f"did you mean {near}?" if near else line.words
    return f"{line.name} ({words})" if words else line.name


def _listed(lines: list[str]) -> str:
    more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    return "; ".join(lines[:_NAMED]) + more
