"""textAnalyze: a pattern in collected text; each file that the name fits is judged by itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, Verdict
from changeover.checks.outcomes import VERDICTS, compare, entries, equality, first, no_outcome, said, words
from changeover.checks.redactors import path_pattern
from changeover.gotemplate.sprig.re2 import BadPattern, Pattern, compile_pattern
from changeover.package.application import texts

_SHOWN = 80
"""Characters of a pattern that are shown."""
_PER_POD = ("-stdout.txt", "-stderr.txt", "-errors.json")


def text_analyze(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """By `regex`, which is there or not, or by `regexGroups`, whose values are compared."""
    title = str(spec.get("checkName") or spec.get("collectorName") or "Text Analyze")
    paths = matching(spec, files)
    if not paths:
        wanted = _path(spec, str(spec.get("fileName") or ""))
        words = f"No collected file is called {wanted}, so this cannot be judged."
        return [] if spec.get("ignoreIfNoFiles") else [Finding("unknown", title, words, missing=wanted)]
    groups, regex = str(spec.get("regexGroups") or ""), str(spec.get("regex") or "")
    if not groups and not regex:
        return [Finding("fail", title, "Invalid analyzer")]
    judge: Callable[[Mapping[str, Any], str, Pattern, str], Finding] = by_groups if groups and not regex else _by_match
    pattern = pattern_of(regex or groups)
    return [judge(spec, title, pattern, files[path]).on(About("File", path)) for path in paths]


def pattern_of(source: str) -> Pattern:
    """A pattern of a spec. Raises CannotJudge."""
    try:
        return compile_pattern(source)
    except BadPattern as error:
        raise CannotJudge(f"the pattern cannot be used: {error}") from None


def _path(spec: Mapping[str, Any], name: str) -> str:
    return "/".join(filter(None, (str(spec.get("collectorName") or ""), name)))


def matching(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    """The collected files that `fileName` of `collectorName` fits, without those that it excludes."""
    name = str(spec.get("fileName") or "")
    wanted = [_path(spec, name)]
    if name.endswith(_PER_POD) and "*" not in name:
        wanted.append(_path(spec, f"*/*/{name}"))
    excluded = [path_pattern(_path(spec, one)) for one in texts(spec.get("excludeFiles"))]
    for pattern in map(path_pattern, wanted):
        found = sorted(path for path in files if pattern.fullmatch(path))
        found = [path for path in found if not any(one.fullmatch(path) for one in excluded)]
        if found:
            return found
    return []


def _by_match(spec: Mapping[str, Any], title: str, pattern: Pattern, content: str) -> Finding:
    """The last outcome of each verdict counts, the worst first; pass wants a match unless it says otherwise."""
    matched = pattern.is_in(content)
    by_verdict: dict[Verdict, Mapping[str, Any]] = dict(entries(spec))
    measured = "the pattern is there" if matched else "the pattern is not there"
    for verdict in VERDICTS:
        if verdict in by_verdict:
            outcome = by_verdict[verdict]
            when = str(outcome.get("when") or ("true" if verdict == "pass" else "false"))
            if when.lower() not in {"true", "false"}:
                raise CannotJudge(f"the condition {when!r} is neither true nor false")
            if (when.lower() == "true") is matched:
                told = said(verdict, title, outcome, measured=measured)
                return replace(told, threshold=f"{_short(spec)} is {'' if when.lower() == 'true' else 'not '}there")
    return no_outcome(title, measured=measured)


def _short(spec: Mapping[str, Any]) -> str:
    source = str(spec.get("regex"))
    return source if len(source) <= _SHOWN else f"{source[:_SHOWN]}…"


def by_groups(spec: Mapping[str, Any], title: str, pattern: Pattern, content: str) -> Finding:
    """The first outcome ``<group> <op> <value>`` that holds, its message rendered over the groups."""
    match = pattern.search(content)
    found = {name: match.group(name) for name in pattern.names} if match else {}
    measured = ", ".join(f"{name} = {value}" for name, value in found.items()) or "the pattern is not there"
    return first(spec, title, lambda when: _compared(found, when), data=found, measured=measured)


def _compared(found: Mapping[str, str], when: str) -> bool:
    name, operator, wanted = words(when, 3)
    value = found.get(name, "")
    if _is_whole(wanted):
        return _is_whole(value) and compare(operator, int(value), int(wanted))
    return equality(operator, value, wanted)


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
