from typing import Any

import pytest

from changeover.checks import consent
from changeover.checks.consent import Consent
from changeover.ports import Collector

CONTAINER = {"name": "x", "image": "y"}


@pytest.mark.parametrize(
    ("kind", "spec", "needed"),
    [
        ("logs", {}, set()),
        ("secret", {"name": "x"}, set()),
        ("secret", {"name": "x", "includeValue": True}, {"secrets"}),
        ("configMap", {"includeAllData": True}, set()),
        ("exec", {}, {"exec"}),
        ("copy", {}, {"exec"}),
        ("http", {}, {"http"}),
        ("registryImages", {}, {"http"}),
        ("helm", {}, set()),
        ("helm", {"collectValues": True}, {"secrets"}),
        ("nodeMetrics", {}, set()),
        ("sysctl", {}, {"run", "privileged"}),
        ("copyFromHost", {}, {"run", "privileged"}),
        ("runDaemonSet", {"podSpec": {"containers": [CONTAINER]}}, {"run"}),
        ("runDaemonSet", {"podSpec": {"containers": [CONTAINER], "hostPID": True}}, {"run", "privileged"}),
        ("mysql", {"uri": {"valueFrom": {"configMapKeyRef": {"name": "x"}}}}, {"http"}),
        ("mysql", {"uri": {"valueFrom": {"secretKeyRef": {"name": "x"}}}}, {"http", "secrets"}),
        ("redis", {"tls": {"secret": {"name": "x"}}}, {"http", "secrets"}),
        ("run", {"image": "x"}, {"run"}),
        ("runPod", {"podSpec": {"containers": [CONTAINER]}}, {"run"}),
        ("runPod", {"podSpec": {"containers": [CONTAINER], "hostNetwork": True}}, {"run", "privileged"}),
        ("runPod", {"podSpec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}}, {"run", "privileged"}),
        (
            "runPod",
            {"podSpec": {"containers": [{**CONTAINER, "securityContext": {"privileged": True}}]}},
            {"run", "privileged"},
        ),
    ],
)
def test_what_each_needs(kind: str, spec: dict[str, Any], needed: set[str]) -> None:
    assert consent.needed(Collector(kind, spec)) == needed


def test_what_is_not_agreed_to_is_skipped_by_name() -> None:
    may, skipped = consent.split([Collector("exec", {"name": "a"}), Collector("run", {"name": "b"})], {Consent.EXEC})
    assert [one.title for one in may] == ["exec/a"]
    assert [(one.title, one.state, one.reason) for one in skipped] == [
        ("run/b", "skipped", "not agreed to: --allow run")
    ]
    assert consent.asked([Collector("run", {"name": "b"})]) == {Consent.RUN: ["run/b"]}
