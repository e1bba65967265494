"""Hundreds of made-up patches on made-up workloads: the same as `kubectl kustomize` makes of them."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kustomize import oracle, ours


class Made:
    """Deployments and patches for them, made up from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, names: str, most: int = 4) -> list[str]:
        return self.random.sample(names, self.random.randint(0, min(most, len(names))))

    def maybe(self, **fields: Any) -> dict[str, Any]:
        return {name: make() for name, make in fields.items() if self.random.random() < 0.5}

    def value(self) -> Any:
        return self.random.choice(["", "x", "true", "0", "a b", "7"])

    def container(self, name: str, *, patch: bool) -> dict[str, Any]:
        env = [{"name": one, "value": self.value()} for one in self.some("ABCDE")]
        mounts = [{"mountPath": f"/{one}", "name": one} for one in self.some("vwx")]
        ports = [{"containerPort": ord(one), "protocol": "TCP"} for one in self.some("abc")]
        ports += [{"containerPort": ord(one), "protocol": "UDP"} for one in self.some("ab")]
        if patch:
            for listed in (env, mounts, ports):
                for one in listed:
                    if self.random.random() < 0.2:
                        one["$patch"] = "delete"
            for one in ports:
                if self.random.random() < 0.3:
                    one["name"] = "p"
        return {
            "name": name,
            **({} if patch else {"image": f"{name}:1"}),
            **self.maybe(
                env=lambda: env,
                volumeMounts=lambda: mounts,
                ports=lambda: ports,
                args=lambda: self.some("xwz"),
                resources=lambda: {"limits": {one: self.null(patch=patch) for one in self.some("cm", 2)}},
                image=lambda: f"{name}:2",
            ),
        }

    def null(self, *, patch: bool) -> Any:
        return None if patch and self.random.random() < 0.3 else self.value()

    def deployment(self, number: int, *, patch: bool) -> dict[str, Any]:
        names = self.some("abcd") if patch else [*{"a", *self.some("bcd")}]
        pod: dict[str, Any] = {
            "containers": [self.container(name, patch=patch) for name in sorted(names)],
            **self.maybe(
                volumes=lambda: [{"name": one, "emptyDir": {}} for one in self.some("vwx")],
                tolerations=lambda: [{"key": one} for one in self.some("ab")],
                nodeSelector=lambda: {one: self.null(patch=patch) for one in self.some("ab")},
                initContainers=lambda: [self.container(one, patch=patch) for one in self.some("ij")],
                imagePullSecrets=lambda: [{"name": one} for one in self.some("rs")],
                hostAliases=lambda: [{"ip": one, "hostnames": self.some("hk")} for one in self.some("12")],
            ),
        }
        metadata = {
            "name": f"d{number}",
            **self.maybe(
                labels=lambda: {one: self.null(patch=patch) for one in self.some("abc")},
                annotations=lambda: {one: self.null(patch=patch) for one in self.some("abc")},
            ),
        }
        spec = {"template": {"spec": pod}, **self.maybe(replicas=lambda: self.random.randint(0, 3))}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("seed", range(4))
def test_made_up_patches(tmp_path: Path, seed: int) -> None:
    made = Made(seed)
    base = yaml.safe_dump_all([made.deployment(number, patch=False) for number in range(100)])
    patch = yaml.safe_dump_all([made.deployment(number, patch=True) for number in range(100)])
    overlay = {"kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n", "p.yaml": patch}
    mine, theirs = ours(base, overlay), oracle(tmp_path, base, overlay)
    assert mine.keys() == theirs.keys()
    for name, obj in theirs.items():
        assert json.dumps(mine[name], sort_keys=True) == json.dumps(obj, sort_keys=True), name
