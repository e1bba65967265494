import yaml

from changeover.objects import Kind
from changeover.plan.rbac import as_yaml, rights_needed
from changeover.ports import Resource
from tests.unit.plan.world import config_map, deployment, obj, revision

ROLE = obj("rbac.authorization.k8s.io/v1", "ClusterRole", "r", namespace=None)
SERVED = {
    (api_version, kind): Resource(Kind(api_version, kind), plural, namespaced)
    for api_version, kind, plural, namespaced in (
        ("apps/v1", "Deployment", "deployments", True),
        ("v1", "ConfigMap", "configmaps", True),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", False),
    )
}


def test_rights_for_both_revisions_and_none_for_what_is_not_served() -> None:
    psp = obj("policy/v1beta1", "PodSecurityPolicy", "p", namespace=None)
    rights = rights_needed((revision("2", deployment()), revision("1", ROLE, psp)), namespace="app", served=SERVED)
    texts = {right.text for right in rights}
    assert "patch deployments.apps in app" in texts
    assert "delete clusterroles.rbac.authorization.k8s.io in the whole cluster" in texts
    assert not any("podsecuritypolicies" in text for text in texts)
    assert len(texts) == len(rights)


def test_it_can_be_applied() -> None:
    rights = rights_needed((revision("2", config_map(), ROLE),), namespace="app", served=SERVED)
    documents = list(yaml.safe_load_all(as_yaml(rights, name="changeover-deployer")))
    assert [(one["kind"], one["metadata"].get("namespace")) for one in documents] == [
        ("ClusterRole", None),
        ("Role", "app"),
    ]
    granted = {
        (group, resource, verb)
        for one in documents
        for rule in one["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {(right.group, right.resource, right.verb) for right in rights}
