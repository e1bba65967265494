"""Real Gitpod releases against the real API server: what the plan says of each hop, and that it comes true."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from changeover.kube.client import KubeCluster
from changeover.kube.setup import ClusterDefinitions
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import inventory
from changeover.plan.dress import dress
from changeover.plan.model import Plan
from changeover.plan.record import plan_as_json
from changeover.render import shape
from changeover.render.revision import Revision
from changeover.runs.state import Verdict
from tests.flows.carrying import Carrying
from tests.flows.planning import bring_about, define_cert_manager, installation, plan_of, until_ended

pytest_plugins = ["tests.flows.plan_fixtures"]
pytestmark = [pytest.mark.cluster]

HOME = "default"
MIGRATIONS = Ref(Kind("batch/v1", "Job"), HOME, "migrations")
HOPS = {
    ("2022.08.0", "2022.09.0"): {"create": 10, "patch": 11, "restart": 14, "recreate": 1},
    ("2022.09.0", "2022.09.2"): {"patch": 1, "restart": 3},
    ("2022.09.2", "2022.10.2"): {"patch": 11, "restart": 16, "recreate": 1},
    ("2022.10.2", "2022.11.0"): {"create": 7, "patch": 14, "restart": 14, "recreate": 1},
    ("2022.11.0", "2022.11.1"): {"patch": 2, "restart": 5, "recreate": 1},
    ("2022.11.1", "2022.11.3"): {"patch": 34, "restart": 14},
}
"""What changes per hop, besides what stays: 26, 4, 28, 29, 8 and 48 objects are changed, 10 and 7 added."""


FOLLOWERS = {
    "NetworkPolicy/messagebus",
    "PodDisruptionBudget/messagebus",
    "Service/messagebus",
    "Service/messagebus-headless",
    "Service/minio",
    "Service/mysql",
    "Service/mysql-headless",
}
"""What selects pods whose labels change from 2022.07 to 2022.08, and changes along."""


def revision(path: Path) -> Revision:
    documents = [raw for raw in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader) if raw]
    scopes = shape.scopes(documents)
    objects = (KubeObject(shape.normal(raw, namespace=HOME, namespaced=scopes)) for raw in documents)
    return Revision(path.stem, tuple(objects), "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())


async def run(server: KubeCluster, running: Revision, *, without: str = "") -> None:
    """Make this revision what runs, as if an earlier run had applied it."""
    kept = tuple(obj for obj in running.objects if obj.kind != without)
    installed = Revision(running.version, kept, running.digest)
    made = await plan_of(server, installed, None, namespace=HOME, kind="install")
    assert not made.blocked, made.findings
    await bring_about(server, made, installed, namespace=HOME)


@pytest.fixture
async def gitpod(plan_server: KubeCluster, cases: Path) -> AsyncIterator[KubeCluster]:
    """A cluster that Gitpod can be put into; what was put there goes afterwards."""
    await define_cert_manager(plan_server)
    yield plan_server
    mine = f"applyset.kubernetes.io/part-of={inventory.applyset_id(installation(HOME))}"
    objects = {obj.ref for path in (cases / "gitpod").glob("*/*.yaml") for obj in revision(path).objects}
    for kind in {ref.kind for ref in objects}:
        for obj in await plan_server.list(kind, selector=mine):
            await plan_server.delete(obj.ref, uid=obj.uid)


def counts(plan: Plan) -> dict[str, int]:
    return {name: number for name, number in plan.facts["counts"].items() if name != "unchanged"}


NAMED = re.compile(r'"?(?:jwtSecret|secretKey|accessKey|password|token)"?: "?([^\s",]{8,})')


def leaks(plan: Plan, *revisions: Revision) -> set[str]:
    """Secrets of these revisions that stand in the plan: what Secrets hold, and what is so named in ConfigMaps."""
    secrets: set[str] = set()
    for obj in (obj for one in revisions for obj in one.objects):
        data = obj.get("data", default={})
        if obj.kind == "Secret":
            held = [base64.b64decode(value).decode(errors="replace") for value in data.values()]
            secrets |= {
                value for value in held if len(value) >= 12 and re.search("[A-Z]", value) and re.search("[0-9]", value)
            }
        if obj.kind == "ConfigMap":
            secrets |= {found for text in data.values() for found in NAMED.findall(text)}
    text = json.dumps(plan_as_json(plan))
    return {secret for secret in secrets if json.dumps(secret)[1:-1] in text or secret in text}


async def test_every_hop_from_2022_08_can_run_and_does_what_the_plan_says(gitpod: KubeCluster, cases: Path) -> None:
    chain = {path.stem: revision(path) for path in sorted((cases / "gitpod" / "chain").glob("*.yaml"))}
    await run(gitpod, chain["2022.08.0"])
    for (before, after), expected in HOPS.items():
        await until_ended(gitpod, MIGRATIONS)
        old, new = chain[before], chain[after]
        plan = await plan_of(gitpod, new, old, namespace=HOME)
        assert not plan.blocked, plan.findings
        assert leaks(plan, old, new) == set()
        assert counts(plan) == expected, (before, after)
        recreated = [str(change.ref) for change in plan.changes if change.effect.value == "recreate"]
        assert recreated == ["Job/migrations"] * expected.get("recreate", 0)
        await bring_about(gitpod, plan, new, namespace=HOME)
        again = await plan_of(gitpod, new, new, namespace=HOME)
        assert counts(again) == {}, (after, [change for change in again.changes if change.effect.value != "unchanged"])


async def test_2022_07_to_2022_08_makes_three_workloads_again_around_their_pods(
    gitpod: KubeCluster, cases: Path
) -> None:
    chain = cases / "gitpod" / "chain"
    old, new = revision(chain / "2022.07.main-20220802.yaml"), revision(chain / "2022.08.0.yaml")
    await run(gitpod, old, without="PodSecurityPolicy")
    await until_ended(gitpod, MIGRATIONS)
    plan = await plan_of(gitpod, new, old, namespace=HOME)
    assert not plan.blocked, plan.findings
    kept = {
        str(change.ref): {field.path for field in change.fields}
        for change in plan.changes
        if change.effect.value == "recreate-keeping-pods"
    }
    claim_label = 'spec.volumeClaimTemplates[name=data].metadata.labels["app.kubernetes.io/instance"]'
    assert {
        name: {path for path in paths if path in {"spec.selector", claim_label}} for name, paths in kept.items()
    } == {
        "StatefulSet/mysql": {"spec.selector", claim_label},
        "StatefulSet/messagebus": {"spec.selector"},
        "Deployment/minio": {"spec.selector"},
    }
    restarts = {str(change.ref): change.restarts for change in plan.changes if str(change.ref) in kept}
    assert restarts == {
        "StatefulSet/mysql": "1 pod: checksum annotation checksum/configuration (ConfigMap/mysql changes)",
        "StatefulSet/messagebus": "1 pod: checksum annotation checksum/config; checksum annotation checksum/secret "
        "(Secret/load-definition, Secret/messagebus, Secret/messagebus-config change)",
        "Deployment/minio": "1 pod: checksum annotation checksum/credentials-secret (Secret/minio changes)",
    }
    assert {str(change.ref) for change in plan.changes if change.handler == "bridge"} == FOLLOWERS
    (way_back,) = [finding for finding in plan.findings if finding.reference == "way-back-unserved"]
    assert "policy/v1beta1 PodSecurityPolicy" in way_back.message


async def test_2022_07_becomes_2022_08_around_its_pods(gitpod: KubeCluster, cases: Path) -> None:
    chain = cases / "gitpod" / "chain"
    old, new = revision(chain / "2022.07.main-20220802.yaml"), revision(chain / "2022.08.0.yaml")
    await ClusterDefinitions().install(gitpod)
    runs = Carrying(gitpod, HOME, within=400)
    await runs.begin()
    await run(gitpod, old, without="PodSecurityPolicy")
    await until_ended(gitpod, MIGRATIONS)
    state = await runs.carry(new, old)
    assert state.verdict is Verdict.COMMITTED, (state.failed, state.turned_because, state.question)
    again = await plan_of(gitpod, new, new, namespace=HOME)
    assert counts(again) == {}
    for kind in (Kind("apps/v1", "ReplicaSet"), Kind("apps/v1", "ControllerRevision")):
        left = await gitpod.list(kind, namespace=HOME)
        assert [obj.name for obj in left if not obj.metadata.get("ownerReferences")] == []
    pods = await gitpod.list(Kind("v1", "Pod"), namespace=HOME)
    assert not [pod.name for pod in pods if "changeover.dev/bridge" in pod.labels]


async def test_a_rollback_to_2022_07_is_refused_because_of_its_api_versions(gitpod: KubeCluster, cases: Path) -> None:
    chain = cases / "gitpod" / "chain"
    old, new = revision(chain / "2022.07.main-20220802.yaml"), revision(chain / "2022.08.0.yaml")
    plan = await plan_of(gitpod, old, new, namespace=HOME, kind="rollback")
    unserved = [finding for finding in plan.findings if finding.reference == "unserved-api"]
    assert len(unserved) == 6
    assert all("PodSecurityPolicy" in finding.message for finding in unserved)


async def test_switching_to_external_storage_is_stopped_until_the_names_are_typed(
    gitpod: KubeCluster, cases: Path
) -> None:
    pairs = cases / "gitpod" / "pairs"
    old, new = revision(pairs / "minimal-2022.11.1.yaml"), revision(pairs / "aws-2022.11.1.yaml")
    await run(gitpod, old)
    await until_ended(gitpod, MIGRATIONS)
    stopped = await plan_of(gitpod, new, old, namespace=HOME)
    at_risk = {str(finding.ref) for finding in stopped.findings if finding.reference == "data-removed"}
    assert at_risk == {
        "StatefulSet/mysql",
        "Deployment/minio",
        "PersistentVolumeClaim/minio",
        "PersistentVolumeClaim/registry",
    }
    assert stopped.blocked
    typed = await plan_of(gitpod, new, old, namespace=HOME, accept_data_loss=frozenset(at_risk))
    assert not typed.blocked, typed.findings
    assert {str(change.ref) for change in typed.changes if change.effect.value == "prune"} >= at_risk


async def test_custom_labels_in_selectors_keep_the_pods_of_all_seventeen_workloads(
    gitpod: KubeCluster, cases: Path
) -> None:
    pairs = cases / "gitpod" / "pairs"
    old, new = revision(pairs / "customised-2022.07.1.yaml"), revision(pairs / "customised-2022.08.0.yaml")
    set_id = inventory.applyset_id(installation(HOME))
    for obj in old.objects:
        if obj.kind != "PodSecurityPolicy":
            await gitpod.apply(dress(obj, old.digest, applyset_id=set_id))
    await until_ended(gitpod, MIGRATIONS)
    plan = await plan_of(gitpod, new, old, namespace=HOME)
    assert not plan.blocked, plan.findings
    kept = [change for change in plan.changes if change.effect.value == "recreate-keeping-pods"]
    assert len(kept) == 17
    assert all("spec.selector" in {field.path for field in change.fields} for change in kept)
    assert {str(change.ref) for change in plan.changes if change.handler == "bridge"} == FOLLOWERS
