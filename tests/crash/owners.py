"""Controllers that own as the real ones do: ReplicaSets, revisions, adoption by labels, release, and orphans.

A Deployment adopts ReplicaSets by their labels and knows its own by the template; a ReplicaSet adopts pods by its
selector, lets go of those that no longer match, and makes or deletes pods until their number is right; a StatefulSet
and a DaemonSet know by a hash which pods are up to date, and replace the others unless they shall not (`OnDelete`).
Who deletes without the dependants leaves a finalizer that takes a moment.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.crash.api_server import Raw, copied
from tests.crash.controllers import ROLLOUT_SECONDS, Controllers, pod_status

ORPHAN_SECONDS = 0.1
HASH, TEMPLATE_HASH = "controller-revision-hash", "pod-template-hash"


class OwningControllers(Controllers):
    """The controllers of one namespace, with everything that stands between a workload and its pods."""

    def settle_one(self, key: str, raw: Raw) -> None:
        if "orphan" in (raw["metadata"].get("finalizers") or []):
            if self.waited(key, "orphaning") >= ORPHAN_SECONDS:
                self._orphan(key, raw)
        elif key.startswith("Deployment.apps/"):
            self._deployment(key, raw)
        elif key.startswith("ReplicaSet.apps/"):
            self._replica_set(raw)
        elif key.startswith(("StatefulSet.apps/", "DaemonSet.apps/")):
            self._by_revision(key, raw)
        else:
            super().settle_one(key, raw)

    def _orphan(self, key: str, raw: Raw) -> None:
        for child in self._api.objects.values():
            if owner(child) == raw["metadata"]["uid"]:
                child["metadata"].pop("ownerReferences")
                self._api.touch(child)
        raw["metadata"]["finalizers"].remove("orphan")
        self._api.remove_if_free(key, orphan=True)

    # --- Deployments and ReplicaSets

    def _deployment(self, key: str, raw: Raw) -> None:
        if raw["metadata"].get("deletionTimestamp"):
            return
        for one in self._of_kind("ReplicaSet"):
            if not owner(one) and _selects(raw, one["metadata"].get("labels") or {}):
                self._own(one, raw)
        sets = [one for one in self._of_kind("ReplicaSet") if owner(one) == raw["metadata"]["uid"]]
        current = next(
            (one for one in sets if _plain(one["spec"]["template"]) == _plain(raw["spec"]["template"])), None
        )
        if current is None:
            current = self._new_set(raw)
            sets.append(current)
        wanted = raw["spec"].get("replicas", 1)
        state = f"{raw['metadata']['uid']}-{raw['metadata']['generation']}"
        is_running = any(one["spec"]["replicas"] for one in sets)
        if is_running and self.waited(key, state) < ROLLOUT_SECONDS["Deployment"] and not current["spec"]["replicas"]:
            ready = False
        else:
            ready = not any(word in json.dumps(raw["spec"]["template"]) for word in self.never_ready)
            for one in sets:
                if one is not current and one["spec"]["replicas"] and ready:
                    one["spec"]["replicas"] = 0
                    self._api.touch(one)
            if current["spec"]["replicas"] != wanted:
                current["spec"]["replicas"] = wanted
                self._api.touch(current)
        self._report(raw, wanted if ready else 0, wanted)

    def _new_set(self, raw: Raw) -> Raw:
        digest = _digest(raw["spec"]["template"])
        template = copied(raw["spec"]["template"])
        template["metadata"]["labels"] = {**template["metadata"]["labels"], TEMPLATE_HASH: digest}
        selector = {"matchLabels": {**raw["spec"]["selector"]["matchLabels"], TEMPLATE_HASH: digest}}
        made = self._put(
            raw, "apps/v1", "ReplicaSet", f"{raw['metadata']['name']}-{digest}", template["metadata"]["labels"]
        )
        made["spec"] = {"replicas": 0, "selector": selector, "template": template}
        return made

    def _replica_set(self, raw: Raw) -> None:
        if raw["metadata"].get("deletionTimestamp"):
            return
        pods = self._claimed(raw)
        wanted = raw["spec"].get("replicas", 1)
        for pod in pods[wanted:]:
            self._drop(pod)
        for _ in range(wanted - len(pods)):
            self._pod_of(raw, f"{raw['metadata']['name']}-{self._api.version_counter}", {})
        status = {"observedGeneration": raw["metadata"]["generation"], "replicas": wanted, "readyReplicas": wanted}
        if raw.get("status") != status:
            raw["status"] = status
            self._api.touch(raw)

    # --- StatefulSets and DaemonSets

    def _by_revision(self, key: str, raw: Raw) -> None:
        if raw["metadata"].get("deletionTimestamp"):
            return
        revision = self._revision(raw)
        pods = self._claimed(raw)
        wanted = raw["spec"].get("replicas", 1)
        numbered = {f"{raw['metadata']['name']}-{number}" for number in range(wanted)}
        for pod in [one for one in pods if one["metadata"]["name"] not in numbered]:
            pods.remove(pod)
            self._drop(pod)
        for name in sorted(numbered - {one["metadata"]["name"] for one in self._of_kind("Pod")}):
            pods.append(self._pod_of(raw, name, {HASH: revision}))
        stale = [pod for pod in pods if pod["metadata"]["labels"].get(HASH) != revision]
        state = f"{raw['metadata']['uid']}-{raw['metadata']['generation']}"
        rests = (raw["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"
        if stale and not rests and self.waited(key, state) >= ROLLOUT_SECONDS[raw["kind"]]:
            for pod in stale:
                self._drop(pod)
                self._pod_of(raw, pod["metadata"]["name"], {HASH: revision})
            stale = []
        self._report(raw, wanted if len(pods) == wanted and not stale else 0, wanted, revision=revision)

    def _revision(self, raw: Raw) -> str:
        """The one with this template: its own, or one without owner that it adopts, or a new one."""
        data, uid = copied(raw["spec"]["template"]), raw["metadata"]["uid"]
        mine = [one for one in self._of_kind("ControllerRevision") if owner(one) in ("", uid)]
        here = [one for one in mine if one["metadata"]["name"].rpartition("-")[0] == raw["metadata"]["name"]]
        number = max((one["revision"] for one in here), default=0) + 1
        found = next((one for one in here if one["data"] == data), None)
        if found is None:
            digest = _digest(data)
            found = self._put(raw, "apps/v1", "ControllerRevision", f"{raw['metadata']['name']}-{digest}", {HASH: ""})
            found |= {"data": data, "revision": number}
            found["metadata"]["labels"][HASH] = found["metadata"]["name"]
        elif not owner(found):
            self._own(found, raw)
        return str(found["metadata"]["name"])

    # --- what they share

    def _claimed(self, raw: Raw) -> list[Raw]:
        """Its pods: adopted when they match and nobody has them, let go when they match no more."""
        uid, found = raw["metadata"]["uid"], []
        for pod in self._of_kind("Pod"):
            matches = _selects(raw, pod["metadata"].get("labels") or {})
            if owner(pod) == uid and not matches:
                pod["metadata"].pop("ownerReferences")
                self._api.touch(pod)
            elif matches and owner(pod) in ("", uid) and not pod["metadata"].get("deletionTimestamp"):
                if not owner(pod):
                    self._own(pod, raw)
                found.append(pod)
        return found

    def _report(self, raw: Raw, ready: int, wanted: int, *, revision: str = "") -> None:
        status = {
            "observedGeneration": raw["metadata"]["generation"],
            "state": raw["metadata"]["uid"],
            **dict.fromkeys(("replicas", "desiredNumberScheduled"), wanted),
            **dict.fromkeys(("updatedReplicas", "readyReplicas", "availableReplicas"), ready),
            **dict.fromkeys(("updatedNumberScheduled", "numberReady", "numberAvailable"), ready),
            "currentRevision": revision if ready == wanted else "older",
            "updateRevision": revision,
        }
        if raw.get("status") != status:
            raw["status"] = status
            self._api.touch(raw)

    def _pod_of(self, raw: Raw, name: str, labels: dict[str, str]) -> Raw:
        template = raw["spec"]["template"]
        pod = self._put(raw, "v1", "Pod", name, {**template["metadata"]["labels"], **labels})
        ready = not any(word in json.dumps(template) for word in self.never_ready)
        pod |= {"spec": copied(template["spec"]), "status": pod_status("Running", ready=ready)}
        return pod

    def _drop(self, pod: Raw) -> None:
        del self._api.objects[f"Pod/{self._namespace}/{pod['metadata']['name']}"]

    def _put(self, raw: Raw, version: str, kind: str, name: str, labels: dict[str, Any]) -> Raw:
        metadata = {"name": name, "namespace": self._namespace, "labels": dict(labels)}
        made = self._api.put({"apiVersion": version, "kind": kind, "metadata": metadata})
        self._own(made, raw)
        return made

    def _own(self, child: Raw, raw: Raw) -> None:
        reference = {"apiVersion": "apps/v1", "kind": raw["kind"], "name": raw["metadata"]["name"], "controller": True}
        child["metadata"]["ownerReferences"] = [{**reference, "uid": raw["metadata"]["uid"]}]
        self._api.touch(child)

    def _of_kind(self, kind: str) -> list[Raw]:
        return [raw for _, raw in sorted(self._api.objects.items()) if raw["kind"] == kind]


def owner(raw: Raw) -> str:
    """The uid of what controls it; empty when nothing does."""
    owners = raw["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("uid", ""))


def _selects(raw: Raw, labels: dict[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in raw["spec"]["selector"]["matchLabels"].items())


def _plain(template: Raw) -> Raw:
    labels = {name: value for name, value in template["metadata"]["labels"].items() if name != TEMPLATE_HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
