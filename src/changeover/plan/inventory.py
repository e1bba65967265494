"""Which objects are ours: the ApplySet words (KEP-3659) with the Installation as parent.

* the id is a hash of the parent's name, namespace, kind and group; members carry it as a label
* `contains-group-kinds` of the parent lists, sorted, every kind that members may have; before members are written it
  is widened, after pruning it is narrowed: a crash leaves only a superset
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from changeover.objects import Kind, KubeObject, Ref

CONTAINS_GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
ADDITIONAL_NAMESPACES = "applyset.kubernetes.io/additional-namespaces"
TOOLING = "applyset.kubernetes.io/tooling"


def applyset_id(parent: Ref) -> str:
    """The id that KEP-3659 prescribes for a parent object."""
    text = f"{parent.name}.{parent.namespace}.{parent.kind.name}.{parent.kind.group}"
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"applyset-{digest}-v1"


def group_kinds(refs: Iterable[Ref]) -> str:
    """The value of `contains-group-kinds` for these members."""
    return ",".join(sorted({ref.kind.group_kind for ref in refs}))


def additional_namespaces(refs: Iterable[Ref], home: str) -> str:
    """The value of `additional-namespaces`: where members live besides the parent's namespace."""
    return ",".join(sorted({ref.namespace for ref in refs} - {"", home}))


def listed_group_kinds(parent: KubeObject) -> tuple[str, ...]:
    """The kinds that the parent says its members may have, as ``Deployment.apps``."""
    return _split(parent.annotations.get(CONTAINS_GROUP_KINDS, ""))


def listed_namespaces(parent: KubeObject) -> tuple[str, ...]:
    """All namespaces in which the parent says its members live, its own first."""
    return (parent.namespace, *_split(parent.annotations.get(ADDITIONAL_NAMESPACES, "")))


def widened(parent: KubeObject, refs: Iterable[Ref]) -> dict[str, str]:
    """The parent's annotations with these members added; empty when it lists them all already."""
    refs = tuple(refs)
    kinds = {*listed_group_kinds(parent), *(ref.kind.group_kind for ref in refs)}
    places = {*listed_namespaces(parent), *(ref.namespace for ref in refs)} - {"", parent.namespace}
    wanted = {CONTAINS_GROUP_KINDS: ",".join(sorted(kinds)), ADDITIONAL_NAMESPACES: ",".join(sorted(places))}
    return {} if all(parent.annotations.get(key, "") == value for key, value in wanted.items()) else wanted


def served_kind(group_kind: str, served: Iterable[tuple[str, str]]) -> Kind | None:
    """A served version of ``Deployment.apps``, stable versions first; None when the cluster has none."""
    fitting = [Kind(version, name) for version, name in served if Kind(version, name).group_kind == group_kind]
    return min(fitting, key=_instability, default=None)


def _instability(kind: Kind) -> tuple[bool, str]:
    version = kind.api_version.rpartition("/")[2]
    return ("alpha" in version or "beta" in version, version)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
