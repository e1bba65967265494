"""What a support bundle holds, under names that readers of bundles know: files, analysis.json, version.yaml. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from changeover.checks import redactors, secret_values, specs
from changeover.objects import KubeObject
from changeover.package import archive, yaml_text
from changeover.ports import Collector

PACKED = (".tgz", ".gz", ".tar", ".zip", ".zst")
"""Files in which no text is looked for, as Troubleshoot leaves them."""

SPEC_FILE = "spec.yaml"
"""By which specs a bundle of ours was made: its own judge it again."""

_BETWEEN = "\n\x00\n"
"""Between messages that are looked at together; rules over two lines do not reach across it."""

_SEVERITY = {"fail": "error", "warn": "warn", "unknown": "warn", "pass": "debug"}


class Mask:
    """Takes secrets out of files and words: Troubleshoot's redactors, a spec's, and the values of known Secrets."""

    def __init__(
        self,
        given: Sequence[Mapping[str, Any]] = (),
        *,
        secrets: Iterable[KubeObject] = (),
        values: Iterable[str] = (),
    ) -> None:
        known = {*secret_values.values_of(secrets), *values}
        self._redactors = (*given, *secret_values.redactors_for(known))

    def file(self, path: str, content: bytes) -> bytes:
        """A file of the bundle without secrets; archives stay as they are. Raises BadRedactor."""
        if path.endswith(PACKED):
            return content
        text = content.decode("utf-8", "surrogateescape")
        return redactors.redact(text, path, self._redactors).output.encode("utf-8", "surrogateescape")

    def words(self, text: str) -> str:
        """A message without secrets."""
        return redactors.redact(text, "messages.txt", self._redactors).output

    def each(self, texts: Sequence[str]) -> list[str]:
        """Messages without secrets, in their order, looked at all at once: there may be thousands."""
        distinct = list(dict.fromkeys(filter(None, texts)))
        masked = self.words(_BETWEEN.join(distinct)).split(_BETWEEN)
        if len(masked) != len(distinct):
            masked = [self.words(one) for one in distinct]
        known = dict(zip(distinct, masked, strict=True))
        return [known.get(one, "") for one in texts]

    def documents(self, documents: Sequence[Mapping[str, Any]]) -> bytes:
        """A stream of documents without secrets that is still one: every word, then the text as the files are."""
        words = list(dict.fromkeys(word for one in documents for word in _words(one)))
        known = dict(zip(words, self.each(words), strict=True))
        text = "\n---\n".join(json.dumps(_said(one, known), indent=2, ensure_ascii=False) for one in documents)
        return self.file(SPEC_FILE, text.encode("utf-8", "surrogateescape"))

    def files(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """All files without secrets."""
        return {path: self.file(path, content) for path, content in files.items()}


def _words(value: Any) -> Iterator[str]:
    """Everything that a document says, names too."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield str(key)
            yield from _words(inside)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)
    else:
        yield str(value)


def _said(value: Any, known: Mapping[str, str]) -> Any:
    """The same in known words; a number stays one unless it is a secret."""
    if isinstance(value, Mapping):
        return {known[str(key)]: _said(inside, known) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_said(one, known) for one in value]
    same = known[str(value)] == str(value) and isinstance(value, bool | int | float | None)
    return value if same else known[str(value)]


def pack(files: Mapping[str, bytes], *, name: str, made_by: str, analysis: Sequence[Mapping[str, Any]]) -> bytes:
    """The bundle as .tar.gz, everything under one folder."""
    version = {"apiVersion": "troubleshoot.sh/v1beta2", "kind": "SupportBundle", "spec": {"versionNumber": made_by}}
    whole = {
        **files,
        "version.yaml": yaml_text.dump(version).encode(),
        "analysis.json": json.dumps(list(analysis), indent=2, ensure_ascii=False).encode(),
    }
    return archive.pack(whole, top=name)


def analysis_entry(told: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of analysis.json, as Troubleshoot writes it, of a result as JSON; what it has no place for follows."""
    name = re.sub(r"[^a-z0-9]+", ".", str(told["title"]).lower()).strip(".")
    severity = _SEVERITY.get(told["verdict"], "warn")
    ours = {key: told[key] for key in ("verdict", "uri", "measured", "threshold", "objects", "hint")}
    return {
        "name": name,
        "labels": {"desiredPosition": "1"},
        "insight": {
            "name": name,
            "labels": {},
            "primary": told["title"],
            "detail": told["message"],
            "severity": severity,
        },
        "severity": severity,
        "analyzerSpec": told["kind"],
        **({"involvedObject": told["objects"][0]} if told["objects"] else {}),
        **ours,
    }


def name_of(at: datetime) -> str:
    """``support-bundle-2026-11-23T15_40_10``."""
    return f"support-bundle-{at:%Y-%m-%dT%H_%M_%S}"


def default_specs(namespace: str) -> specs.Specs:
    """What we collect and judge when nobody says otherwise: the namespace, its logs, and whether all of it runs."""
    collectors = (
        Collector("clusterInfo", {}),
        Collector("clusterResources", {"namespaces": [namespace]}),
        Collector("logs", {"name": "logs", "namespace": namespace, "selector": [], "limits": {"maxLines": 2000}}),
    )
    unwell = {"fail": {"when": "!= Healthy", "message": "{{ .Name }} is {{ .Status.Reason }}: {{ .Status.Message }}"}}
    well = {"pass": {"message": "The other pods are well."}}
    analyzers: tuple[Mapping[str, Any], ...] = (
        {"clusterPodStatuses": {"checkName": "Pods are well", "namespaces": [namespace], "outcomes": [unwell, well]}},
        {"deploymentStatus": {"namespaces": [namespace]}},
        {"statefulsetStatus": {"namespaces": [namespace]}},
    )
    return specs.Specs(collectors, analyzers, documents=("the namespace, as Changeover looks at it",))
