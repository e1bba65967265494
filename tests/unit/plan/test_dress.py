import base64

from changeover.objects import REVISION_ANNOTATION, KubeObject
from changeover.plan.dress import VERSION_ANNOTATION, dress
from changeover.settings import APPLYSET_PART_OF
from tests.unit.plan.world import deployment, obj


def test_it_is_marked_with_revision_version_and_set_but_its_template_is_not() -> None:
    dressed = dress(deployment(), "sha256:1", applyset_id="applyset-x-v1", version="2.0")
    assert dressed.annotations == {REVISION_ANNOTATION: "sha256:1", VERSION_ANNOTATION: "2.0"}
    assert dressed.labels == {APPLYSET_PART_OF: "applyset-x-v1"}
    assert dressed.get("spec", "template") == deployment().get("spec", "template")


def test_the_original_is_left_alone() -> None:
    original = obj("v1", "ConfigMap", "a", labels={"x": "y"})
    dress(original, "sha256:1", applyset_id="s")
    assert original.labels == {"x": "y"}
    assert original.annotations == {}


def test_replicas_belong_to_an_autoscaler() -> None:
    web = deployment(replicas=3)
    assert dress(web, "d", autoscaled=frozenset({web.ref.key})).get("spec", "replicas") is None
    assert dress(web, "d", autoscaled=frozenset({"other"})).get("spec", "replicas") == 3


def test_plain_text_of_a_secret_becomes_data_and_wins() -> None:
    secret = obj("v1", "Secret", "s", data={"a": "eA==", "b": "eA=="}, stringData={"a": "new"})
    dressed = dress(secret, "d")
    assert dressed.get("data") == {"a": base64.b64encode(b"new").decode(), "b": "eA=="}
    assert "stringData" not in dressed.raw


def test_what_only_the_server_sets_is_not_sent() -> None:
    raw = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "creationTimestamp": None, "annotations": None, "uid": "u", "resourceVersion": "1"},
        "status": {"loadBalancer": {}},
    }
    dressed = dress(KubeObject(raw), "d")
    assert dressed.raw == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", "annotations": {REVISION_ANNOTATION: "d"}},
    }


def test_dressing_twice_is_dressing_once() -> None:
    once = dress(deployment(), "d", applyset_id="s", version="1")
    assert dress(once, "d", applyset_id="s", version="1").raw == once.raw
