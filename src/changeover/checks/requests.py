"""http: what a request brought, ``error`` or ``statusCode <op> N`` with && and ||. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from changeover.checks.finding import CannotJudge, Finding, NotCollected
from changeover.checks.hosts import Judge, of_file
from changeover.checks.outcomes import compare, first, whole, words
from changeover.package.application import mapping, text


def of_cluster(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """A request that was sent from where checks are made."""
    name = text(spec.get("collectorName"))
    paths = [f"{name}/{name}.json", f"{name}/result.json"] if name else ["result.json"]
    path = next((one for one in paths if one in files), None)
    if path is None:
        raise NotCollected(paths[-1])
    return _answer(spec, text(spec.get("checkName")) or name or "HTTP Request", files[path])


def _answer(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    told = {key.lower(): value for key, value in mapping(json.loads(content)).items()}
    wrong, code = told.get("error"), mapping(told.get("response")).get("status")

    def holds(when: str) -> bool:
        if when.strip() == "error":
            return bool(wrong)
        groups = [[_condition(one) for one in group.split("&&")] for group in when.split("||")]
        return any(all(_compared(one, code) for one in group) for group in groups)

    return [first(spec, title, holds, measured="no answer" if code is None else f"status {code}")]


def _condition(written: str) -> list[str]:
    condition = words(written, 3)
    if condition[0] != "statusCode":
        raise CannotJudge(f"{condition[0]} is not known of answers")
    compare(condition[1], 0, whole(condition[2]))
    return condition


def _compared(condition: list[str], code: Any) -> bool:
    return code is not None and compare(condition[1], int(code), int(condition[2]))


of_host: Judge = of_file("http", "*.json", "HTTP Request", _answer)
