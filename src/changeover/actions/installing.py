"""Packages that install themselves: what their installer has in its hands, and the rights that it needs.

An installer often runs as a service account that is not part of the package (KOTS's ``kotsadm``). When it is not there,
the plan names it with what it must be allowed, and blocks; with the operator's consent (``--grant NAME``) it becomes
part of the revision: applied first, shown like everything else, removed with the application. The consent is written
into the Installation when a change with it was committed, so that later changes keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from changeover.actions import following
from changeover.actions.installations import SECRET
from changeover.actions.outside import Outside
from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import data, installers
from changeover.plan.model import Finding, Severity
from changeover.release.profile import ExtraRights, Profile
from changeover.render import finish
from changeover.render.revision import Revision
from changeover.runs.verbs.installing import listed

ACCOUNT = Kind("v1", "ServiceAccount")
MISSING = "extra-rights"
_SOURCE = "grants"
_RBAC = "rbac.authorization.k8s.io"


def granted(revision: Revision, installation: KubeObject, given: Sequence[str], profile: Profile) -> Revision:
    """The revision with the accounts that the operator consented to, now or before, as far as it needs them."""
    consented = {*installation.get("spec", _SOURCE, default=[]), *given}
    wanted = [rights for rights in _wanted(revision, profile) if rights.service_account in consented]
    if not wanted:
        return revision
    more = [obj for rights in wanted for obj in _objects(rights, installation)]
    names = [rights.service_account for rights in wanted]
    return replace(
        revision,
        objects=(*more, *revision.objects),
        digest=finish.digest([revision.digest, [obj.raw for obj in more]]),
        source={**revision.source, _SOURCE: names},
    )


async def findings(outside: Outside, revision: Revision, profile: Profile) -> tuple[Finding, ...]:
    """What a plan says about installers."""
    if not installers.installers_of(revision, profile):
        return ()
    return (*await _rights(outside, revision, profile), *await _held(outside, profile))


async def made_by_installer(
    outside: Outside, installation: KubeObject, owned: Sequence[KubeObject]
) -> list[KubeObject]:
    """What is live of its list, the list itself, and Helm's records of its release; not what is `owned` anyway."""
    installer = following.profile_of(installation, None).installer
    if installer is None:
        return []
    found: list[KubeObject] = []
    if installer.lists is not None:
        seen = await listed.look(outside.cluster, installer.lists, outside.namespace)
        itself = await outside.cluster.get(Ref(listed.CONFIG_MAP, outside.namespace, installer.lists.config_map))
        found += [*seen.live.values(), *([itself] if itself else [])]
    if installer.release:
        selector = f"owner=helm,name={installer.release}"
        found += await outside.cluster.list(SECRET, namespace=outside.namespace, selector=selector)
    known = {obj.uid for obj in owned}
    return list({obj.uid: obj for obj in found if obj.uid not in known}.values())


async def settle(outside: Outside, installation: KubeObject, revision: Revision) -> None:
    """Write into the spec what the committed revision was granted."""
    live = await outside.cluster.get(installation.ref)
    names = list(revision.source.get(_SOURCE, ()))
    if live is not None and live.get("spec", _SOURCE, default=[]) != names:
        await outside.cluster.patch(live.ref, {"spec": {_SOURCE: names or None}})


def _wanted(revision: Revision, profile: Profile) -> Iterable[ExtraRights]:
    """Accounts that installers run as and the package does not bring."""
    own = {obj.name for obj in revision.objects if obj.kind == ACCOUNT.name}
    stated = profile.installer.rights if profile.installer else None
    jobs = installers.installers_of(revision, profile)
    for name in dict.fromkeys(installers.account_of(job) for job in jobs):
        if name and name != "default" and name not in own:
            yield stated if stated and stated.service_account == name else ExtraRights(service_account=name)


async def _rights(outside: Outside, revision: Revision, profile: Profile) -> list[Finding]:
    found = []
    for rights in _wanted(revision, profile):
        name = rights.service_account
        where = "in the whole cluster" if rights.everywhere else f"in namespace {outside.namespace}"
        if await outside.cluster.get(Ref(ACCOUNT, outside.namespace, name)) is not None:
            message = f"The package's installer runs as ServiceAccount {name}, with whatever that may do here."
            found.append(Finding(MISSING, Severity.NOTES, message))
            continue
        found.append(
            Finding(
                MISSING,
                Severity.BLOCKS,
                f"The package's installer runs as ServiceAccount {name}, which is not there.",
                found=f"it must be allowed what {rights.cluster_role} is, {where}",
                hint=f"--grant {name} creates it with these rights, visibly and only then",
            )
        )
    return found


async def _held(outside: Outside, profile: Profile) -> list[Finding]:
    lists = profile.installer.lists if profile.installer else None
    if lists is None:
        return []
    seen = await listed.look(outside.cluster, lists, outside.namespace)
    if not seen.listed:
        return []
    holding = [str(obj.ref) for obj in seen.live.values() if data.why_data(obj)]
    return [
        Finding(
            "in-the-installers-hands",
            Severity.WARNS if holding else Severity.NOTES,
            f"{seen.listed} objects on the list in ConfigMap {lists.config_map} are in its installer's hands.",
            found=f"hold data: {', '.join(sorted(holding)[:12])}" if holding else "",
            hint="a run that finds a claim gone or made again fails; take a backup where the data matters",
        )
    ]


def _objects(rights: ExtraRights, installation: KubeObject) -> list[KubeObject]:
    name, namespace = rights.service_account, installation.namespace
    subject = {"kind": ACCOUNT.name, "name": name, "namespace": namespace}
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": rights.cluster_role}
    metadata: dict[str, Any] = {"name": f"{installation.name}-{name}"}
    if rights.everywhere:
        metadata["name"] = f"{namespace}-{installation.name}-{name}"
    else:
        metadata["namespace"] = namespace
    kind = "ClusterRoleBinding" if rights.everywhere else "RoleBinding"
    account = {"apiVersion": "v1", "kind": ACCOUNT.name, "metadata": {"name": name, "namespace": namespace}}
    binding = {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "subjects": [subject], "roleRef": role}
    return [KubeObject(account), KubeObject(binding)]
