"""Fields change hands: from kubectl and Helm to us, and back."""

import json
from typing import Any

import pytest

from changeover.objects import KubeObject
from changeover.plan import ownership

SPEC = {
    "f:spec": {
        "f:replicas": {},
        "f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}}}}},
    }
}
MARKS = {
    "f:metadata": {
        "f:labels": {"f:applyset.kubernetes.io/part-of": {}},
        "f:annotations": {"f:changeover.dev/revision": {}},
    }
}
LAST = {"f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}}}}


def entry(manager: str, operation: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def owned(*entries: dict[str, Any]) -> KubeObject:
    return KubeObject(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "managedFields": list(entries)}}
    )


def who(entries: tuple[Any, ...]) -> list[tuple[str, str]]:
    return [(one["manager"], one["operation"]) for one in entries]


@pytest.mark.parametrize(
    ("manager", "operation"),
    [
        ("kubectl-client-side-apply", "Update"),
        ("kubectl", "Apply"),
        ("helm", "Update"),
        ("helm", "Apply"),
        ("kots", "Update"),
    ],
)
def test_what_an_applier_owns_becomes_ours(manager: str, operation: str) -> None:
    done = ownership.take_over(owned(entry(manager, operation, SPEC)))
    assert who(done.entries) == [("changeover", "Apply")]
    assert done.entries[0]["fieldsV1"] == SPEC
    assert ownership.names_of(done.taken) == (manager,)


@pytest.mark.parametrize(
    "other",
    [
        entry("kubectl-edit", "Update", SPEC),
        entry("kube-controller-manager", "Update", SPEC, subresource="status"),
        entry("kubectl-client-side-apply", "Update", SPEC, subresource="scale"),
        entry("argocd-controller", "Apply", SPEC),
    ],
)
def test_what_others_own_stays_theirs(other: dict[str, Any]) -> None:
    assert ownership.take_over(owned(other)) == ownership.Handover((other,), ())


def test_a_further_manager_is_taken_over_when_named() -> None:
    theirs = entry("deployer", "Update", SPEC)
    assert who(ownership.take_over(owned(theirs), ["deployer"]).entries) == [("changeover", "Apply")]


def test_several_become_one_with_our_own_marks_and_nobody_owns_the_last_applied_annotation() -> None:
    done = ownership.take_over(
        owned(
            entry("kubectl-client-side-apply", "Update", LAST),
            entry("helm", "Update", SPEC),
            entry("changeover", "Update", MARKS),
        )
    )
    assert who(done.entries) == [("changeover", "Apply")]
    assert done.entries[0]["fieldsV1"] == {
        "f:metadata": {
            "f:annotations": {".": {}, "f:changeover.dev/revision": {}},
            "f:labels": MARKS["f:metadata"]["f:labels"],
        },
        **SPEC,
    }
    assert ownership.names_of(done.taken) == ("helm", "kubectl-client-side-apply")


def test_leaving_gives_everything_back_to_whom_it_was_taken_from() -> None:
    theirs = (
        entry("kubectl-client-side-apply", "Update", {**LAST, "f:spec": {"f:replicas": {}}}),
        entry("helm", "Update", SPEC),
    )
    hand = ownership.take_over(owned(*theirs, entry("changeover", "Update", MARKS)))
    assert ownership.give_back(owned(*hand.entries), hand.taken) == theirs


def test_what_came_since_goes_to_the_first_owner_and_what_went_to_nobody() -> None:
    taken = (entry("helm", "Update", SPEC),)
    now = entry("changeover", "Apply", {"f:spec": {"f:replicas": {}, "f:paused": {}}, **MARKS})
    assert ownership.give_back(owned(now), taken) == (
        entry("helm", "Update", {"f:spec": {"f:replicas": {}, "f:paused": {}}}),
    )


def test_an_object_of_our_own_making_is_left_to_kubectl() -> None:
    now = entry("changeover", "Apply", {**SPEC, **MARKS})
    given = ownership.give_back(owned(now), ())
    assert who(given) == [("kubectl-client-side-apply", "Update")]
    assert given[0]["fieldsV1"] == SPEC


def test_fields_that_the_next_apply_would_remove_are_those_that_kubectl_was_told() -> None:
    told = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "a"}]}}}, "data": {"old": "1"}}
    note = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(told)}
    taken = [entry("kubectl-client-side-apply", "Update", {**SPEC, "f:data": {"f:old": {}}})]
    live = KubeObject({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": note}})
    same = owned(entry("changeover", "Apply", {"f:spec": {"f:template": SPEC["f:spec"]["f:template"]}}))
    assert ownership.dropped(live, taken, same) == ("data.old",)  # replicas is a default: it comes back by itself
    nothing = owned(entry("changeover", "Apply", {"f:spec": {"f:template": {"f:spec": {"f:containers": {}}}}}))
    assert ownership.dropped(live, taken, nothing) == (
        "data.old",
        'spec.template.spec.containers[{"name":"web"}]',
    )
    assert ownership.dropped(live, taken, None) == ()
    assert ownership.dropped(owned(), taken, nothing) == ()


def test_a_takeover_that_was_cut_off_after_our_marks_is_given_back_whole() -> None:
    kubectl, marks = entry("kubectl-client-side-apply", "Update", SPEC), entry("changeover", "Update", MARKS)
    given = ownership.give_back(owned(kubectl, marks), [kubectl])
    assert [(who((one,)), one["fieldsV1"]) for one in given] == [([("kubectl-client-side-apply", "Update")], SPEC)]
