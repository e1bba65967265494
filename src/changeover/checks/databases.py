"""Analyzers of what answers: postgres, mysql, redis, mssql, clickhouse, s3Status. Pure.

* ``connected == true|false``, ``version <op> x.y.z``; an ``x`` counts as 0, missing numbers too
* a bucket that cannot be reached tells why after the outcome's message
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from changeover.checks.finding import CannotJudge, Finding, NotCollected
from changeover.checks.outcomes import compare, equality, first, words
from changeover.package.application import mapping

_VERSION = re.compile(r"^v?(\d+|x)((?:\.(?:\d+|x))*)(?:[-+ ].*)?$")
_PARTS = 8
"""Numbers of a version that are compared; none of these databases has more."""


def database(kind: str) -> Callable[[Mapping[str, Any], Mapping[str, str]], list[Finding]]:
    """The analyzer of a kind of database, which reads ``<kind>/<collector>.json``."""

    def judge(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
        name = str(spec.get("collectorName") or kind)
        path = f"{kind}/{name}.json"
        if path not in files:
            raise NotCollected(path)
        told = mapping(json.loads(files[path]))
        said = first(spec, str(spec.get("checkName") or name), lambda when: _holds(told, when), measured=_seen(told))
        why = str(told.get("error") or "")
        if kind == "s3Status" and said.verdict in {"fail", "warn"} and why:
            said = replace(said, message=f"{said.message} {why}")
        return [said]

    return judge


def _holds(told: Mapping[str, Any], when: str) -> bool:
    what, operator, wanted = words(when, 3)
    if what == "connected":
        if wanted not in {"true", "false"}:
            raise CannotJudge(f"{wanted} is neither true nor false")
        return equality(operator, "true" if told.get("isConnected") else "false", wanted)
    if what == "version":
        found = str(told.get("version") or "")
        if not found:
            raise CannotJudge("no version was collected")
        return compare(operator, *_comparable(_numbers(found), _numbers(wanted)))
    raise CannotJudge(f"{what} is not known of it")


def _numbers(version: str) -> tuple[int, ...]:
    read = _VERSION.match(version)
    numbers = f"{read[1]}{read[2]}".split(".") if read else []
    if not numbers or len(numbers) > _PARTS:
        raise CannotJudge(f"{version} is no version")
    return tuple(0 if one == "x" else int(one) for one in numbers) + (0,) * (_PARTS - len(numbers))


def _comparable(found: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, int]:
    return (found > wanted) - (found < wanted), 0


def _seen(told: Mapping[str, Any]) -> str:
    state = "connected" if told.get("isConnected") else "not connected"
    return f"{state}, version {told['version']}" if told.get("version") else state
