"""Pairs of releases between which a handler has to change what Kubernetes does not, for kills at every point."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from changeover.objects import KubeObject
from changeover.plan import retention
from changeover.plan.steps import Phase, Step, Steps, Verb
from changeover.plan.strategy import Situation
from changeover.render.revision import Revision
from changeover.strategies.plain import Plain
from tests.flows.test_immutables import NEW, OLD, SIMULATED, changed, granted, made, revision, service, workload

Pair = tuple[Revision, Revision]
GREEDY = {"whenDeleted": "Delete", "whenScaled": "Delete"}


def policies(home: str, labels: dict[str, str]) -> tuple[KubeObject, KubeObject]:
    """A NetworkPolicy and a budget that follow the labels."""
    selector = {"matchLabels": labels}
    network = made(
        home, "NetworkPolicy", "web", "networking.k8s.io/v1", spec={"podSelector": selector, "ingress": [{}]}
    )
    budget = made(home, "PodDisruptionBudget", "web", "policy/v1", spec={"maxUnavailable": 0, "selector": selector})
    return network, budget


def relabelled(home: str, kind: str) -> Pair:
    """Labels, selector, and all that follows them."""
    old, new = (
        revision(str(number), workload(home, kind, labels), service(home, labels), *policies(home, labels))
        for number, labels in enumerate((OLD, NEW), 1)
    )
    return old, new


def greedy(home: str) -> Pair:
    """The same for a StatefulSet that deletes its claims, and whose claim template grows and gets a label."""

    def with_policy(spec: dict[str, Any]) -> None:
        spec[retention.POLICY] = dict(GREEDY)

    def other_template(spec: dict[str, Any]) -> None:
        template = spec["volumeClaimTemplates"][0]
        template["metadata"]["labels"] = {"app": "x"}
        template["spec"]["resources"]["requests"]["storage"] = "2Mi"

    old, new = relabelled(home, "StatefulSet")
    first, second = changed(old.objects[0], with_policy), changed(new.objects[0], with_policy)
    return (
        replace(old, objects=(first, *old.objects[1:])),
        replace(new, objects=(changed(second, other_template), *new.objects[1:])),
    )


def bound(home: str, role: str) -> KubeObject:
    """A ClusterRoleBinding of the namespace's account."""
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": home}
    raw = made(
        "", "ClusterRoleBinding", home, "rbac.authorization.k8s.io/v1", roleRef=reference, subjects=[account]
    ).raw
    return _of_cluster(raw)


def _of_cluster(raw: Any) -> KubeObject:
    return KubeObject({**raw, "metadata": {"name": raw["metadata"]["name"]}})


def replaced(home: str) -> Pair:
    """Everything that is deleted and made again; what belongs to the cluster has the namespace's name."""

    def objects(number: int, role: str, kind: str) -> Iterator[KubeObject]:
        yield granted(home, role)
        yield bound(home, role)
        yield made(home, "ConfigMap", "fixed", immutable=True, data={"a": str(number)})
        yield made(home, "Secret", "key", type=kind, data={"a": "eA=="})
        address = {"clusterIP": "None", "type": "ClusterIP"} if number == 2 else {"type": "NodePort"}
        yield made(home, "Service", "front", spec={**address, "selector": OLD, "ports": [{"port": 80}]})
        stored = made("", "StorageClass", home, "storage.k8s.io/v1", provisioner="example.com/none")
        yield _of_cluster({**stored.raw, "reclaimPolicy": "Delete" if number == 1 else "Retain"})
        yield _of_cluster({**made("", "PriorityClass", home, "scheduling.k8s.io/v1").raw, "value": number})
        container = {"name": "main", "image": f"work:{number}"}
        pod = {**SIMULATED, "restartPolicy": "Never", "containers": [container]}
        yield made(home, "Job", "work", "batch/v1", spec={"template": {"spec": pod}})

    return (
        revision("1", *objects(1, "view", "Opaque")),
        revision("2", *objects(2, "edit", "example.com/x")),
    )


def given(home: str) -> Pair:
    """What the server gives and a change lets go: node ports and addresses; and a claim that grows."""

    def front(name: str, **spec: Any) -> KubeObject:
        return made(home, "Service", name, spec={"ports": [{"port": 80}], **spec})

    def claim(size: str) -> KubeObject:
        request = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        return made(home, "PersistentVolumeClaim", "files", spec=request)

    def mounting(spec: dict[str, Any]) -> None:
        spec["template"]["spec"]["volumes"] = [{"name": "files", "persistentVolumeClaim": {"claimName": "files"}}]

    user = changed(workload(home, "Deployment", OLD), mounting)
    ported, plain, gone = front("ported", type="NodePort"), front("plain"), front("gone", type="NodePort")
    external = made(home, "Service", "plain", spec={"type": "ExternalName", "externalName": "x.example"})
    return (
        revision("1", user, claim("1Mi"), ported, plain, gone),
        revision("2", user, claim("2Mi"), front("ported", type="ClusterIP"), external),
    )


OF_CLUSTER = (
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
)


class Resting:
    """Plain, but the StatefulSet is stopped and started before, as for a backup."""

    name = "resting"

    def steps(self, situation: Situation) -> Steps:
        """Stop, start, then the rest."""
        plain = Plain().steps(situation)
        stop = Step("stop", Verb.SCALE, "Stop it", Phase.BACKUP, target="statefulset/web", arguments={"replicas": 0})
        up = {"replicas": "restore", "of": ["stop"]}
        start = Step("start", Verb.SCALE, "Start it", Phase.BACKUP, target="statefulset/web", arguments=up)
        back = replace(start, id="back/start", undoes=("stop",))
        first = next(place for place, step in enumerate(plain.forward) if step.verb is not Verb.RECHECK)
        identities = sum(step.id.startswith(("back/bridge", "back/re-adopt", "back/unbridge")) for step in plain.back)
        return Steps(
            (*plain.forward[:first], stop, start, *plain.forward[first:]),
            (*plain.back[:identities], back, *plain.back[identities:]),
        )


HANDLERS: dict[str, Callable[[str], Pair]] = {
    "Deployment": lambda home: relabelled(home, "Deployment"),
    "StatefulSet": lambda home: relabelled(home, "StatefulSet"),
    "DaemonSet": lambda home: relabelled(home, "DaemonSet"),
    "claims": greedy,
    "replaced": replaced,
}
