import pytest
import yaml

from changeover.objects import Kind, KubeObject
from changeover.plan.intent import Intent
from changeover.plan.rbac import LOOKING, accounts_as_yaml, as_yaml, command_rights, rights_needed, rights_of
from changeover.plan.steps import Verb
from changeover.ports import Resource
from changeover.release.profile import Profile
from changeover.settings import ACCOUNTS, DEPLOYER, ENGINE, OBSERVER
from tests.unit.plan.world import config_map, deployment, obj, plan, revision

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
    assert len({(right.text, right.account) for right in rights}) == len(rights)


def test_each_right_is_of_the_account_that_needs_it() -> None:
    secret = obj("v1", "Secret", "s")
    rights = rights_needed((revision("2", deployment(), secret),), namespace="app")

    def of(account: str) -> set[str]:
        return {right.text for right in rights if right.account == account}

    changes = {f"{verb} deployments.apps in app" for verb in ("create", "patch", "delete")}
    assert not [text for text in of(OBSERVER) if "secrets" in text or text.split()[0] not in LOOKING]
    assert "get deployments.apps in app" in of(OBSERVER)
    assert not [text for text in of(ENGINE) if "deployments" in text]
    assert changes | {"get secrets in app", "patch secrets in app"} <= of(DEPLOYER)
    assert not [text for text in of(DEPLOYER) if "changeover.dev" in text or "leases" in text]


def test_the_three_accounts_can_be_applied() -> None:
    rights = rights_needed((revision("2", config_map(), ROLE),), namespace="app", served=SERVED)
    documents = list(yaml.safe_load_all(accounts_as_yaml(rights, name="changeover-web", namespace="app")))
    named = {(one["kind"], one["metadata"]["name"]) for one in documents}
    assert {("ServiceAccount", account) for account in ACCOUNTS} <= named
    assert {("Role", "changeover-web-engine"), ("ClusterRole", "changeover-web-deployer-app")} <= named
    bound = {one["metadata"]["name"]: one["subjects"] for one in documents if one["kind"] == "RoleBinding"}
    assert bound["changeover-web-observer"] == [{"kind": "ServiceAccount", "name": OBSERVER, "namespace": "app"}]
    (engine,) = [
        one for one in documents if one["metadata"]["name"] == "changeover-web-engine" and one["kind"] == "Role"
    ]
    speaks = [rule for rule in engine["rules"] if "impersonate" in rule["verbs"]]
    assert sorted(rule["resourceNames"][0] for rule in speaks) == [DEPLOYER, OBSERVER]


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


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("StorageClass", "storageclasses"),
        ("Endpoints", "endpoints"),
        ("Gateway", "gateways"),
        ("Certificate", "certificates"),
    ],
)
def test_names_of_resources_are_formed_as_kubernetes_does(kind: str, plural: str) -> None:
    rights = rights_needed((revision("2", obj("x/v1", kind, "a")),), namespace="app", verbs=frozenset())
    assert f"patch {plural}.x in app" in {right.text for right in rights}


def test_a_plan_without_sessions_needs_no_rights_for_a_drain() -> None:
    plain = {right.text for right in rights_needed((), namespace="app", verbs=frozenset({Verb.APPLY}))}
    window = {right.text for right in rights_needed((), namespace="app", verbs=frozenset({Verb.DRAIN, Verb.BACK_UP}))}
    copies = {"get pods/proxy in app", "update pods/proxy in app", "get persistentvolumes in the whole cluster"}
    assert window - plain == {"create pods in app", "delete pods in app", "patch pods in app", *copies}


def test_sessions_that_end_by_a_command_need_the_right_to_run_it() -> None:
    stop = {"method": "exec", "command": ["save"]}
    saving = Profile.model_validate({"sessions": {"selector": "a=b", "stop": stop}})
    texts = {(right.text, right.account) for right in command_rights(saving, "app")}
    assert texts == {("create pods/exec in app", DEPLOYER), ("get pods/exec in app", DEPLOYER)}
    assert command_rights(Profile(), "app") == ()


def test_the_roles_of_a_plan() -> None:
    new, old = revision("2", config_map()), revision("1", deployment())
    intent = Intent("update", new, old, "app")
    roles = list(yaml.safe_load_all(as_yaml(rights_of(intent, plan(new, old)), name="changeover-web")))
    assert {one["metadata"]["name"] for one in roles} == {"changeover-web"}
    assert any("deployments" in rule["resources"] for one in roles for rule in one["rules"])


def test_who_makes_a_role_must_have_what_it_grants() -> None:
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "create"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["web"]},
    ]
    group = "rbac.authorization.k8s.io"
    about = {"name": "web", "namespace": "app"}
    role = KubeObject({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": about, "rules": rules})
    bindings = [
        KubeObject(
            {
                "apiVersion": f"{group}/v1",
                "kind": "RoleBinding",
                "metadata": {"name": name, "namespace": "app"},
                "roleRef": {"apiGroup": group, "kind": kind, "name": name},
            }
        )
        for kind, name in (("Role", "web"), ("ClusterRole", "view"))
    ]
    rights = rights_needed((revision("1", role, *bindings),), namespace="app")
    texts = {right.text for right in rights}
    assert {"create pods in app", "get deployments.apps web in app"} <= texts
    assert f"bind clusterroles.{group} view in the whole cluster" in texts
    assert f"bind roles.{group} web in app" not in texts
    (rule,) = [
        rule
        for one in yaml.safe_load_all(as_yaml(rights, name="r"))
        for rule in one["rules"]
        if "resourceNames" in rule and "deployments" in rule["resources"]
    ]
    assert (rule["resourceNames"], rule["verbs"]) == (["web"], ["get"])
