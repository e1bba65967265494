"""Who reads what changes, and who goes on with the old values."""

from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan import settings_behind
from changeover.plan.model import Effect, FieldChange, ObjectChange
from tests.unit.plan.world import config_map, deployment, obj

SETTINGS = config_map("settings", colour="blue")
REF = {"name": "settings"}


def reading(**pod: Any) -> KubeObject:
    return deployment("web", **pod)


def change(obj: KubeObject, effect: Effect, path: str = "data.colour", restarts: str = "") -> ObjectChange:
    return ObjectChange(obj.ref, effect, fields=(FieldChange(path, "1", "2"),), restarts=restarts)


def found(web: KubeObject, *changes: ObjectChange) -> list[str]:
    return [one.message for one in settings_behind.findings(changes, {web.ref.key: web})]


@pytest.mark.parametrize(
    "web",
    [
        reading(container={"envFrom": [{"configMapRef": REF}]}),
        reading(container={"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {**REF, "key": "a"}}}]}),
        reading(initContainers=[{"name": "init", "envFrom": [{"configMapRef": REF}]}]),
        reading(
            container={"volumeMounts": [{"name": "v", "mountPath": "/a", "subPath": "a"}]},
            volumes=[{"name": "v", "configMap": REF}],
        ),
    ],
)
def test_what_is_read_once_is_told_unless_the_pods_restart(web: KubeObject) -> None:
    patched = change(SETTINGS, Effect.PATCH)
    assert found(web, patched) == ["ConfigMap/settings changes, and running pods keep its old values: Deployment/web."]
    assert found(web, patched, change(web, Effect.RESTART, restarts="2 pods: checksum annotation x")) == []
    assert found(web, patched, change(web, Effect.CREATE)) == []


def test_what_follows_by_itself_or_does_not_change_is_not_told() -> None:
    mounted = reading(
        container={"volumeMounts": [{"name": "v", "mountPath": "/a"}]}, volumes=[{"name": "v", "configMap": REF}]
    )
    assert found(mounted, change(SETTINGS, Effect.PATCH)) == []
    by_variable = reading(container={"envFrom": [{"configMapRef": REF}]})
    assert found(by_variable, change(SETTINGS, Effect.PATCH, "metadata.labels.team")) == []
    assert found(by_variable, change(config_map("other"), Effect.PATCH)) == []


def test_secrets_too() -> None:
    web = reading(container={"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key", "key": "a"}}}]})
    assert settings_behind.fixed_in(web) == {("Secret", "key")}


@pytest.mark.parametrize(
    ("web", "told"),
    [
        (reading(container={"envFrom": [{"configMapRef": REF}]}), " (ConfigMap/settings changes)"),
        (reading(volumes=[{"name": "v", "configMap": REF}]), " (ConfigMap/settings changes)"),
        (
            reading(
                volumes=[{"name": "v", "projected": {"sources": [{"configMap": REF}, {"secret": {"name": "keys"}}]}}]
            ),
            " (ConfigMap/settings, Secret/keys change)",
        ),
        (reading(), ""),
    ],
)
def test_what_is_behind_a_restart_by_checksum(web: KubeObject, told: str) -> None:
    restarts = "2 pods: checksum annotation checksum/settings"
    keys = obj("v1", "Secret", "keys")
    changes = [
        change(SETTINGS, Effect.PATCH),
        change(keys, Effect.PATCH),
        change(web, Effect.RESTART, restarts=restarts),
    ]
    assert settings_behind.explained(changes, {web.ref.key: web})[2].restarts == restarts + told
    calm = [change(SETTINGS, Effect.UNCHANGED), change(web, Effect.RESTART, restarts=restarts)]
    assert settings_behind.explained(calm, {web.ref.key: web})[1].restarts == restarts
