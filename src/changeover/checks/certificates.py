"""Analyzers of how long certificates are valid: certificates of a cluster, certificatesCollection of a host. Pure.

* ``notAfter < Today`` and ``notAfter < Today + N days``; without a condition an outcome is for what is valid
* the outcomes that ask for a day are looked at first; a certificate that is missing or cannot be read fails
* what day it is comes in as an argument; without it nothing that asks for it is judged
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from changeover.checks.finding import About, CannotJudge, Finding, NotCollected, Verdict
from changeover.checks.outcomes import NONE_HOLDS, entries, none_of
from changeover.package.application import mapping, mappings, text

_WHEN = re.compile(r"^notAfter\s*<\s*Today(?:\s*\+\s*(\d{1,6})\s*days?)?$")
_TOLD = {
    "cert-missing": "Certificate is missing, cannot be obtained from",
    "cert-invalid": "Certificate is invalid, obtained from",
}


def of_cluster(spec: Mapping[str, Any], files: Mapping[str, str], now: datetime | None) -> list[Finding]:
    """Of Secrets and ConfigMaps."""
    title = text(spec.get("checkName")) or "Certificates Verification"
    name = text(spec.get("collectorName"))
    path = f"certificates/{name}.json" if name else "certificates/certificates.json"
    return list(_judged(spec, title, _read(files, path), _in_cluster, now=now))


def of_host(spec: Mapping[str, Any], files: Mapping[str, str], now: datetime | None) -> list[Finding]:
    """Of files of a host."""
    title = text(spec.get("checkName")) or "Host Certificates Collection"
    name = text(spec.get("collectorName")) or "certificatesCollection"
    path = f"host-collectors/certificatesCollection/{name}.json"
    return list(_judged(spec, title, _read(files, path), _on_host, now=now))


def _read(files: Mapping[str, str], path: str) -> list[Mapping[str, Any]]:
    if path not in files:
        raise NotCollected(path)
    return list(mappings(json.loads(files[path])))


def _in_cluster(source: Mapping[str, Any], link: Mapping[str, Any]) -> tuple[str, str, About]:
    place = mapping(source.get("source"))
    kind = "secret" if place.get("secret") else "configmap"
    name = text(place.get("secret") or place.get("configMap"))
    namespace = text(place.get("namespace"))
    about = About("Secret" if kind == "secret" else "ConfigMap", name, namespace)
    return f"{text(link.get('certificate'))} ", f"{name} {kind} within {namespace} namespace", about


def _on_host(source: Mapping[str, Any], _: Mapping[str, Any]) -> tuple[str, str, About]:
    path = text(source.get("certificatePath"))
    return "", path, About("File", path)


def _judged(
    spec: Mapping[str, Any],
    title: str,
    sources: list[Mapping[str, Any]],
    named: Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[str, str, About]],
    *,
    now: datetime | None,
) -> Iterator[Finding]:
    for source in sources:
        chain = mappings(source.get("certificateChain"))
        if not chain:
            told = _TOLD.get(text(source.get("message")), "Certificate cannot be read, it was looked for in")
            _, place, about = named(source, {})
            nothing = Finding("fail", title, f"{told} {place}", measured="no certificate", threshold="a certificate")
            yield nothing.on(about)
        for link in chain:
            before, place, about = named(source, link)
            verdict, words, threshold = _of_link(spec, link, now)
            message = f"{before}{words}, obtained from {place}" if words != NONE_HOLDS else f"{before}{words}"
            measured = f"notAfter = {link.get('notAfter')}"
            yield Finding(verdict, title, message, measured=measured, threshold=threshold).on(about)


def _of_link(spec: Mapping[str, Any], link: Mapping[str, Any], now: datetime | None) -> tuple[Verdict, str, str]:
    ends = datetime.fromisoformat(text(link.get("notAfter")))
    over: list[str] = []
    timed = sorted(entries(spec), key=lambda one: not one[1].get("when"))
    for verdict, outcome in timed:
        when = text(outcome.get("when")).strip()
        message = text(outcome.get("message"))
        if when:
            days = _days(when)
            if now is None:
                raise CannotJudge("it is not known what day it is")
            if ends < now + timedelta(days=days):
                return verdict, f"{message} in {days} days" if days else message, when
            over.append(when)
        elif link.get("isValid") or verdict != "pass":
            return verdict, message, none_of(over)
    return ("unknown" if link.get("isValid") else "fail"), NONE_HOLDS, none_of(over)


def _days(when: str) -> int:
    read = _WHEN.match(when)
    if read is None:
        raise CannotJudge(f"the condition {when!r} cannot be read")
    return int(read[1] or 0)
