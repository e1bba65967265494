"""A StatefulSet's claims, as its policy for them says: made with its pods, and deleted with them or with itself."""

from __future__ import annotations

from typing import Any

from tests.crash.api_server import Raw
from tests.crash.controllers import Controllers
from tests.crash.owners import OwningControllers, owner


class Claims(Controllers):
    """Makes and deletes claims; notes what was deleted, also what only a prompt garbage collector would spare."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.deleted: list[str] = []

    def settle(self) -> None:
        super().settle()
        for raw in [one for _, one in sorted(self._api.objects.items()) if one["kind"] == "StatefulSet"]:
            if not raw["metadata"].get("deletionTimestamp"):
                self._make(raw)
                self._look_after(raw)

    def _make(self, raw: Raw) -> None:
        for template in raw["spec"].get("volumeClaimTemplates") or ():
            for number in range(raw["spec"].get("replicas", 1)):
                name = f"{template['metadata']['name']}-{raw['metadata']['name']}-{number}"
                if f"PersistentVolumeClaim/{self._namespace}/{name}" not in self._api.objects:
                    metadata = {"name": name, "namespace": self._namespace}
                    self._api.put({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata})

    def _look_after(self, raw: Raw) -> None:
        policy = raw["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        for key, claim in self._claims_of(raw):
            number = int(claim["metadata"]["name"].rpartition("-")[2])
            if policy.get("whenScaled") == "Delete" and number >= raw["spec"].get("replicas", 1):
                self.deleted.append(f"{key} with its pod")
                del self._api.objects[key]
            elif policy.get("whenDeleted") == "Delete":
                owned = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": raw["metadata"]["name"]}
                claim["metadata"]["ownerReferences"] = [{**owned, "uid": raw["metadata"]["uid"]}]
            else:
                claim["metadata"].pop("ownerReferences", None)

    def _claims_of(self, raw: Raw) -> list[tuple[str, Raw]]:
        middle = f"-{raw['metadata']['name']}-"
        claims = [(key, one) for key, one in self._api.objects.items() if one["kind"] == "PersistentVolumeClaim"]
        return [(key, one) for key, one in claims if middle in one["metadata"]["name"]]


class OwnedClaims(Claims, OwningControllers):
    """The same with everything that stands between a workload and its pods."""

    def _orphan(self, key: str, raw: Raw) -> None:
        self.deleted += [f"{name} with its set" for name, one in self._claims_of(raw) if owner(one)]
        super()._orphan(key, raw)

    def _pod_of(self, raw: Raw, name: str, labels: dict[str, str]) -> Raw:
        pod = super()._pod_of(raw, name, labels)
        number = name.rpartition("-")[2]
        names = [one["metadata"]["name"] for one in raw["spec"].get("volumeClaimTemplates") or ()]
        claims = [{"claimName": f"{one}-{raw['metadata']['name']}-{number}"} for one in names]
        pod["spec"]["volumes"] = [{"name": one["claimName"], "persistentVolumeClaim": one} for one in claims]
        return pod
