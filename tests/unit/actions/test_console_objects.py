"""The console's objects: what every pod of it must be, and that chart and manifests say the same."""

from __future__ import annotations

import importlib.util
import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from changeover.actions.console_objects import ConsoleSettings, UnpinnedImage, objects
from changeover.errors import Problem
from changeover.plan import rbac
from changeover.ports import ChartRequest
from changeover.settings import DEPLOYER, ENGINE, OBSERVER
from tools import deploy

IMAGE = "registry.example/changeover@sha256:" + 64 * "a"
SETTINGS = ConsoleSettings(
    image=IMAGE,
    public=("https://console.example.com",),
    ingress_class="nginx",
    tls_secret="console-tls",
    proxies=("10.0.0.0/8",),
    pull_secret="puller",
)
VALUES = {
    "image": IMAGE,
    "publicUrls": ["https://console.example.com"],
    "trustedProxies": ["10.0.0.0/8"],
    "pullSecret": "puller",
    "ingress": {"className": "nginx", "host": "console.example.com", "tlsSecret": "console-tls"},
}


def by_kind(namespace: str = "shop", settings: ConsoleSettings = SETTINGS) -> dict[str, Any]:
    return {one.kind: one.raw for one in objects(namespace, settings, rbac.run_rights(namespace))}


def test_pods_run_as_nobody_and_write_nowhere_but_tmp() -> None:
    pod = by_kind()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert [one["mountPath"] for one in container["volumeMounts"]] == ["/tmp"]
    assert container["image"] == IMAGE
    assert {"readinessProbe", "livenessProbe", "resources"} <= container.keys()


def named(kind: str, name: str) -> Any:
    """One object of the console in namespace shop."""
    every = objects("shop", SETTINGS, rbac.run_rights("shop"))
    return next(one.raw for one in every if (one.kind, one.name) == (kind, name))


def test_pods_run_as_the_engine_which_speaks_as_the_other_two_and_four_groups_only() -> None:
    assert by_kind()["Deployment"]["spec"]["template"]["spec"]["serviceAccountName"] == ENGINE
    inside = [rule for rule in named("Role", ENGINE)["rules"] if "impersonate" in rule["verbs"]]
    assert [(rule["resources"], rule["resourceNames"]) for rule in inside] == [
        (["serviceaccounts"], [DEPLOYER]),
        (["serviceaccounts"], [OBSERVER]),
    ]
    rules = named("ClusterRole", f"{ENGINE}-shop")["rules"]
    speaking = [rule for rule in rules if "impersonate" in rule["verbs"]]
    names = [f"changeover:shop:{role}" for role in ("viewer", "operator", "approver", "admin")]
    assert [rule["resources"] for rule in speaking if "resourceNames" not in rule] == [
        ["userextras/changeover.dev/person"]
    ], "a person's name grants nothing by itself"
    assert [rule["resourceNames"] for rule in speaking if "resourceNames" in rule] == [names]
    assert rules == speaking, "the engine reads nothing of the whole cluster"
    reads = {verb for rule in named("ClusterRole", f"{OBSERVER}-shop")["rules"] for verb in rule["verbs"]}
    assert reads == {"get"}, "of the whole cluster the observer only reads"


def test_only_the_deployer_changes_and_the_observer_sees_no_secret() -> None:
    seen = named("Role", OBSERVER)["rules"]
    assert {verb for rule in seen for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert not [rule for rule in seen if "secrets" in rule["resources"]]
    kept = {resource for rule in named("Role", ENGINE)["rules"] for resource in rule["resources"]}
    ours = {"installations", "installations/status", "changeovers", "changeovers/status"}
    assert kept == ours | {"secrets", "events", "leases", "serviceaccounts"}


@pytest.mark.parametrize("image", ["", "registry.example/changeover", "registry.example/changeover:1.0"])
def test_an_image_without_digest_is_refused(image: str) -> None:
    with pytest.raises(UnpinnedImage):
        replace(SETTINGS, image=image).refuse_unpinned()


def test_an_ingress_needs_an_address() -> None:
    assert by_kind()["Ingress"]["spec"]["rules"][0]["host"] == "console.example.com"
    with pytest.raises(Problem):
        by_kind(settings=replace(SETTINGS, public=()))


def test_settings_come_back_from_the_cluster_and_unknown_ones_are_left_out() -> None:
    assert ConsoleSettings.of_text(SETTINGS.as_text()) == SETTINGS
    assert ConsoleSettings.of_text('{"image": "x", "of-a-later-version": 1}') == ConsoleSettings("x")


def test_what_is_committed_is_what_would_be_written() -> None:
    assert deploy.stale() == [], "run python -m tools.deploy"


@pytest.mark.skipif(importlib.util.find_spec("helm_python") is None, reason="pip install .[helm]")
def test_the_chart_renders_to_the_same_objects() -> None:
    from changeover.channel.charts import HelmCharts

    with HelmCharts() as charts:
        rendered = charts.render(ChartRequest(_packed(), "console", "shop", VALUES, kubernetes="1.36.2"))
        bare = charts.render(ChartRequest(_packed(), "console", "shop", {"image": IMAGE}, kubernetes="1.36.2"))
        with pytest.raises(Problem, match="image"):
            charts.render(ChartRequest(_packed(), "console", "shop", {"image": "changeover:1"}, kubernetes="1.36.2"))
    wanted = objects("shop", SETTINGS, rbac.run_rights("shop"))
    assert _named(rendered.manifests) == {(one.kind, one.name): _bare(one.raw) for one in wanted}
    plain = objects("shop", ConsoleSettings(IMAGE), rbac.run_rights("shop"))
    assert _named(bare.manifests) == {(one.kind, one.name): _bare(one.raw) for one in plain}


def _packed() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in deploy.files().items():
            if name.startswith("chart/"):
                member = tarfile.TarInfo(f"changeover-console/{name.removeprefix('chart/')}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def _named(manifests: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    found = [one for one in yaml.safe_load_all(manifests) if one and one["kind"] != "CustomResourceDefinition"]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def _bare(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**raw, "metadata": {name: one for name, one in raw["metadata"].items() if name != "annotations"}}
