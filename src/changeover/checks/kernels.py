"""Analyzers of a host's system: kernelModules, kernelConfigs, sysctl, hostServices, systemPackages. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from changeover.checks.finding import CannotJudge, Finding
from changeover.checks.hosts import Judge, of_file
from changeover.checks.outcomes import (
    compare,
    entries,
    equality,
    first,
    no_outcome,
    none_of,
    rendered,
    said,
    whole,
    words,
)
from changeover.package.application import mapping, mappings, text, texts

_CONFIG = re.compile(r"^(CONFIG_[A-Z0-9_]+)=([ymn]+)$")


def _modules(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """``a,b == loaded,loadable``: every outcome that holds is told; the first without a condition when none does."""
    told = {name: text(mapping(one).get("status")) for name, one in mapping(json.loads(content)).items()}
    otherwise: list[Finding] = []
    over: list[str] = []
    found: list[Finding] = []
    for verdict, outcome in entries(spec):
        when = text(outcome.get("when"))
        if not when.strip():
            otherwise.append(said(verdict, title, outcome))
        elif _modules_hold(told, when):
            found.append(said(verdict, title, outcome, measured=_states(told, when)))
        else:
            over.append(when)
    measured = ", ".join(_states(told, when) for when in over)
    otherwise = [replace(one, measured=measured, threshold=none_of(over)) for one in otherwise[:1]]
    return found or otherwise or [no_outcome(title, over, measured=measured)]


def _states(told: Mapping[str, str], when: str) -> str:
    return ", ".join(f"{name} {told.get(name) or 'unknown'}" for name in when.partition(" ")[0].split(","))


def _modules_hold(told: Mapping[str, str], when: str) -> bool:
    names, operator, wanted = words(when, 3)
    states = set(wanted.split(","))
    wish = equality(operator, "", "")
    return all((told.get(name, "") in states) is wish for name in names.split(","))


def _configs(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """Whether each of `selectedConfigs` (``CONFIG_X=ym``) has one of its values."""
    told = mapping(json.loads(content))
    missing = []
    for one in texts(spec.get("selectedConfigs")):
        read = _CONFIG.match(one)
        if read is None:
            raise CannotJudge(f"{one} is no setting of a kernel")
        if text(told.get(read[1])) not in set(read[2]):
            missing.append(one)
    data = {"ConfigsNotFound": ", ".join(missing)}
    for verdict, outcome in entries(spec):
        if (verdict == "pass") is (not missing):
            found = said(verdict, title, outcome, data=data, measured=f"missing: {data['ConfigsNotFound'] or 'none'}")
            return [replace(found, threshold=", ".join(texts(spec.get("selectedConfigs"))))]
    return [no_outcome(title)]


def _sysctl(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """``<key> <op> <value>``; values with blanks are compared as texts."""
    told = {key: text(value) for key, value in mapping(json.loads(content)).items()}

    seen: dict[str, str] = {}

    def holds(when: str) -> bool:
        parts = when.strip().split(None, 2)
        if len(parts) != 3:
            raise CannotJudge(f"the condition {when!r} cannot be read")
        key, operator, wanted = parts
        if key not in told:
            raise CannotJudge(f"the kernel does not tell {key}")
        seen[key] = told[key]
        if operator in {"=", "==", "==="}:
            return told[key] == wanted
        return compare(operator, whole(told[key]), whole(wanted))

    return [_with(first(spec, title, holds), seen)]


def _with(finding: Finding, seen: Mapping[str, str]) -> Finding:
    return replace(finding, measured=", ".join(f"{key} = {value}" for key, value in seen.items()))


def _services(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """``unit = active[,sub[,load]]``, a ``*`` for any; a unit that is not there is neither equal nor different."""
    units = {text(one.get("Unit")): one for one in mappings(json.loads(content))}

    seen: dict[str, str] = {}

    def holds(when: str) -> bool:
        name, operator, wanted = words(when, 3)
        wish = equality(operator, "", "")
        unit = units.get(name) or units.get(f"{name}.service")
        seen[name] = "not there"
        if unit is None:
            return False
        states = [text(unit.get(field)) for field in ("Active", "Sub", "Load")]
        seen[name] = ",".join(states)
        same = all(wish_of in ("*", "", state) for wish_of, state in zip(wanted.split(","), states, strict=False))
        return same is wish

    return [_with(first(spec, title, holds), seen)]


def _packages(spec: Mapping[str, Any], title: str, content: str) -> list[Finding]:
    """One finding for each package; a condition is a template that says true or false."""
    told = mapping(json.loads(content))
    version = text(told.get("osVersion"))
    system = {"OS": text(told.get("os")), "OSVersion": version}
    system |= dict(zip(("OSVersionMajor", "OSVersionMinor"), [*version.split("."), "", ""][:2], strict=True))
    return [_package(spec, title, {**system, **_facts(one)}) for one in mappings(told.get("packages"))]


def _facts(one: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong, code = text(one.get("error")), text(one.get("exitCode"))
    return {"Name": text(one.get("name")), "Error": wrong, "ExitCode": code, "IsInstalled": code == "0" and not wrong}


def _package(spec: Mapping[str, Any], title: str, data: Mapping[str, Any]) -> Finding:
    def holds(when: str) -> bool:
        word = rendered(when, data).strip()
        if word not in {"true", "false"}:
            raise CannotJudge(f"the condition {when!r} is neither true nor false")
        return word == "true"

    return first(
        spec,
        rendered(title, data),
        holds,
        data=data,
        measured=f"{data['Name']} {'installed' if data['IsInstalled'] else 'not installed'}",
    )


def packages(spec: Mapping[str, Any], files: Mapping[str, str]) -> list[Finding]:
    """Packages of a host's system."""
    name = text(spec.get("collectorName")) or "packages"
    return of_file("system", f"{name}-packages.json", "System Packages", _packages)(spec, files)


JUDGES: Mapping[str, Judge] = {
    "kernelModules": of_file("system", "kernel_modules.json", "Kernel Modules", _modules),
    "kernelConfigs": of_file("system", "kernel-configs.json", "Kernel Configs", _configs),
    "sysctl": of_file("system", "sysctl.json", "Sysctl", _sysctl),
    "hostServices": of_file("system", "systemctl_services.json", "Host Services", _services),
    "systemPackages": packages,
}
