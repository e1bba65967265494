import base64
from typing import Any

import pytest

from changeover.checks import specs
from changeover.gotemplate import TemplateProblem
from changeover.objects import KubeObject
from changeover.ports import Collector

VERSION: dict[str, Any] = {"clusterVersion": {"outcomes": [{"pass": {"message": "fine"}}]}}


def document(kind: str, name: str = "one", api: str = "troubleshoot.sh/v1beta2", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def test_documents_are_merged_without_duplicates() -> None:
    logs = {"logs": {"name": "server", "selector": ["app=server"]}}
    first = document("SupportBundle", collectors=[logs, {"clusterInfo": None}], analyzers=[VERSION])
    second = document("SupportBundle", "two", collectors=[logs, {"secret": {"name": "x"}}], analyzers=[VERSION])

    merged = specs.read([first, second])

    assert [one.title for one in merged.collectors] == ["logs/server", "clusterInfo", "secret/x"]
    assert merged.analyzers == (VERSION,)
    assert merged.documents == ("SupportBundle one", "SupportBundle two")


@pytest.mark.parametrize("exclude", [True, "true"])
def test_what_excludes_itself_is_left_out(exclude: Any) -> None:
    spec = specs.read(
        [
            document(
                "Preflight",
                collectors=[{"data": {"name": "x", "exclude": exclude}}, {"data": {"name": "y", "exclude": "false"}}],
                analyzers=[{"distribution": {"exclude": exclude}}],
            )
        ]
    )
    assert [one.title for one in spec.collectors] == ["data/y"]
    assert spec.analyzers == ()


def test_an_unknown_collector_is_kept_by_name() -> None:
    assert specs.read([document("Collector", collectors=[{"teleport": {"collectorName": "t"}}])]).collectors == (
        Collector("teleport", {"collectorName": "t"}),
    )


def test_what_analyzers_read_is_always_collected_and_copies_come_last() -> None:
    given = specs.read([document("Preflight", collectors=[{"copy": {"name": "c"}}, {"run": {"name": "r"}}])])
    assert [one.kind for one in given.complete().collectors] == ["clusterInfo", "clusterResources", "run", "copy"]


@pytest.mark.parametrize(
    ("several", "joined"),
    [
        ([{"namespaces": ["a"]}, {"namespaces": ["b", "a"]}], ["a", "b"]),
        ([{"namespaces": ["a"]}, {}], []),
        ([None], []),
    ],
)
def test_namespaces_are_joined(several: list[Any], joined: list[str]) -> None:
    given = specs.read([document("Preflight", collectors=[{"clusterResources": one} for one in several])])
    assert [one.spec["namespaces"] for one in given.collectors] == [joined]


def test_old_and_foreign_documents() -> None:
    old = document("SupportBundle", api="troubleshoot.replicated.com/v1beta1", collectors=[{"clusterInfo": {}}])
    other = document("Preflight", api="example.com/v1", collectors=[{"clusterInfo": {}}])
    assert specs.read([old, other]).documents == ("SupportBundle one",)


def test_the_host_has_its_own() -> None:
    host = document("HostPreflight", collectors=[{"cpu": {}}], analyzers=[{"cpu": {"outcomes": []}}])
    given = specs.read([host, document("SupportBundle", hostCollectors=[{"memory": {}}])])
    assert [one.kind for one in given.host_collectors] == ["cpu", "memory"]
    assert given.host_analyzers == ({"cpu": {"outcomes": []}},)
    assert given.collectors == given.analyzers == ()


TEMPLATED = """
apiVersion: troubleshoot.sh/v1beta3
kind: Preflight
metadata: {name: t}
spec:
  analyzers:
  {{- if .Values.database }}
  - docString: needs a database
    postgres: {collectorName: {{ .Values.database }}}
  {{- end }}
  - clusterVersion: {outcomes: []}
"""


@pytest.mark.parametrize(("values", "count"), [({"database": "db"}, 2), ({}, 1)])
def test_templated_documents_are_rendered_with_values(values: dict[str, Any], count: int) -> None:
    found = specs.read(specs.documents_of(TEMPLATED, file="x.yaml", values=values))
    assert [specs.kind_of(one) for one in found.analyzers] == ["postgres", "clusterVersion"][-count:]


def test_a_template_that_cannot_be_read_says_where() -> None:
    with pytest.raises(TemplateProblem):
        specs.documents_of(TEMPLATED + "{{ nothing }}", file="x.yaml")


def test_labelled_secrets_and_config_maps_hold_documents() -> None:
    written = "apiVersion: troubleshoot.sh/v1beta2\nkind: Redactor\nspec: {redactors: [{name: r}]}\n"
    labels = {"troubleshoot.sh/kind": "redactor"}
    config_map = {"kind": "ConfigMap", "metadata": {"name": "a", "labels": labels}, "data": {"redactor-spec": written}}
    secret = {
        "kind": "Secret",
        "metadata": {"name": "b", "labels": labels},
        "data": {"redactor-spec": base64.b64encode(written.replace("r}", "s}").encode()).decode(), "broken": "%"},
    }
    unlabelled = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"redactor-spec": written}}
    objects = [KubeObject({"apiVersion": "v1", **raw}) for raw in (config_map, secret, unlabelled)]
    assert [one["name"] for one in specs.read(specs.documents_within(objects)).redactors] == ["r", "s"]


def test_strict() -> None:
    given = [True, "true", "false", None]
    assert [specs.is_strict({"clusterVersion": {"strict": one}}) for one in given] == [True, True, False, False]
