"""Custom labels on the real Gitpod: where its own installer put them, and without a field that Kubernetes refuses."""

from pathlib import Path

import pytest
import yaml

from changeover.objects import KubeObject
from changeover.plan import immutables
from changeover.render import shape
from changeover.render.customise import customise, read
from changeover.render.revision import Revision

WANTED = {"gitpod.io": "hello", "hello": "world"}
ENTRY = {"apiVersion": "*", "kind": "*", "metadata": {"name": "*", "labels": WANTED, "annotations": WANTED}}
TEMPLATED = {"Deployment", "DaemonSet", "StatefulSet"}


def objects(path: Path) -> dict[tuple[str, str], KubeObject]:
    documents = [raw for raw in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader) if raw]
    scopes = shape.scopes(documents)
    found = (KubeObject(shape.normal(raw, namespace="default", namespaced=scopes)) for raw in documents)
    return {(obj.kind, obj.name): obj for obj in found}


@pytest.fixture
def gitpod(cases: Path) -> dict[tuple[str, str], KubeObject]:
    return objects(cases / "gitpod" / "chain" / "2022.08.0.yaml")


@pytest.fixture
def customised(gitpod: dict[tuple[str, str], KubeObject]) -> Revision:
    return customise(Revision("1", tuple(gitpod.values()), "sha256:x"), read([ENTRY]))


def test_adding_labels_changes_no_field_that_kubernetes_refuses(
    gitpod: dict[tuple[str, str], KubeObject], customised: Revision
) -> None:
    refused = {
        str(obj.ref): fields
        for obj in customised.objects
        if (fields := immutables.frozen_fields(gitpod[obj.kind, obj.name], obj))
    }
    assert refused == {}
    assert sum(obj.kind in TEMPLATED for obj in customised.objects) > 15


def test_pods_inherit_where_gitpods_own_installer_let_them(cases: Path, customised: Revision) -> None:
    theirs = objects(cases / "gitpod" / "pairs" / "customised-2022.08.0.yaml")
    compared = 0
    for obj in customised.objects:
        other = theirs.get((obj.kind, obj.name))
        path = ("spec", "template", "metadata", "labels")
        if obj.kind in TEMPLATED and other is not None and WANTED.items() <= other.get(*path, default={}).items():
            assert WANTED.items() <= obj.get(*path).items(), obj.ref
            assert obj.get("spec", "selector") == other.get("spec", "selector"), obj.ref
            compared += 1
    assert compared >= 15
