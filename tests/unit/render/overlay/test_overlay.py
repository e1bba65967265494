"""Overlays on a release: what is reported, what is refused by name, and what never changes."""

from collections.abc import Mapping
from typing import Any

import pytest

from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package.package import Package, read_package
from changeover.package.yaml_text import load_stream
from changeover.render import customisations
from changeover.render.overlay import kustomization
from changeover.render.overlay.overridden import Form
from changeover.render.revision import Revision

OBJECTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: notes, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 80}], env: [{name: COLOUR, value: green}]}
      - {name: side, image: "side:1"}
---
apiVersion: v1
kind: Secret
metadata: {name: door, namespace: notes}
data: {key: c2VjcmV0}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: elsewhere}
data: {a: "1"}
"""
REPLICAS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 5}
"""


def revision(**fields: Any) -> Revision:
    objects = tuple(KubeObject(raw) for _, raw in load_stream(OBJECTS))
    return Revision("1", objects, "sha256:x", images=("announced:1", "side:1", "web:1"), **fields)


def overlay(files: Mapping[str, str] | None = None, **kustomized: str) -> dict[str, Any]:
    text = "".join(f"{name}: {value}\n" for name, value in kustomized.items())
    return {"overlay": {"kustomization.yaml": text, **(files or {})}}


def merged(patch: str) -> dict[str, Any]:
    return overlay({"p.yaml": patch}, patches="[{path: p.yaml}]")


def applied(*entries: dict[str, Any], before: Revision | None = None, form: Form | None = None) -> Revision:
    customisations.check(entries)
    return customisations.apply(before or revision(), entries, customisations.Target("notes", form=form))


def web(found: Revision) -> KubeObject:
    return next(obj for obj in found.objects if obj.name == "web")


def said(found: Revision) -> list[tuple[str, str]]:
    return [(one.reference, one.message) for one in found.remarks]


def test_a_patch_is_for_the_installation_s_namespace_and_makes_another_revision() -> None:
    found = applied(merged(REPLICAS))
    assert web(found).get("spec", "replicas") == 5
    assert found.digest != "sha256:x"
    assert found.source["customisations"] == [merged(REPLICAS)]
    assert said(found) == []
    elsewhere = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: '2'}\n"
    assert said(applied(merged(elsewhere))) == [
        (
            "overlay-target-absent",
            "p.yaml line 1 of your overlay is for ConfigMap/settings, which this release does not have",
        )
    ]
    named = elsewhere.replace("name: settings", "name: settings, namespace: elsewhere")
    assert [obj.get("data") for obj in applied(merged(named)).objects if obj.kind == "ConfigMap"] == [{"a": "2"}]


def test_what_a_later_release_has_in_another_version_or_says_itself_is_reported() -> None:
    older = REPLICAS.replace("apps/v1", "beta/v1")
    absent = "of your overlay is for Deployment/web, which this release does not have as beta/v1: there it is apps/v1"
    assert said(applied(merged(older))) == [("overlay-target-absent", f"p.yaml line 2 {absent}")]
    same = applied(merged(REPLICAS.replace("5", "2")))
    assert said(same) == [
        (
            "overlay-changes-nothing",
            "p.yaml line 2 of your overlay changes nothing of Deployment/web: the release says so itself",
        )
    ]
    assert same.digest == "sha256:x"
    assert [(one.file, one.line) for one in same.remarks] == [("p.yaml", 2)]


def test_a_patch_that_only_changes_the_order_of_containers_is_told_to_change_nothing() -> None:
    side = REPLICAS.replace("replicas: 5", "template: {spec: {containers: [{name: side, image: 'side:1'}]}}")
    found = applied(merged(side))
    assert [one["name"] for one in web(found).get("spec", "template", "spec", "containers")] == ["side", "web"]
    assert [reference for reference, _ in said(found)] == ["overlay-changes-nothing"]


@pytest.mark.parametrize(
    ("kustomized", "words"),
    [
        ({"replicas": "[{name: other, count: 3}]"}, "(replicas[0]) of your overlay is for workloads called other"),
        ({"images": "[{name: nobody, newTag: x}]"}, "(images[0]) of your overlay is for image nobody"),
        ({"replicas": "[{name: web, count: 2}]"}, "(replicas[0]) of your overlay changes nothing"),
        ({"commonLabels": "{app: web}", "images": "[{name: web, newTag: '1'}]"}, "(images[0]) of your overlay changes"),
        (
            {"patches": '[{target: {kind: Ingress}, patch: \'[{"op": "remove", "path": "/spec"}]\'}]'},
            "kustomization.yaml line 1 of your overlay is for kind Ingress",
        ),
    ],
)
def test_every_wish_in_vain_is_named(kustomized: dict[str, str], words: str) -> None:
    assert any(words in message for _, message in said(applied(overlay(**kustomized))))


def test_labels_and_variables_come_first_and_the_overlay_has_the_last_word() -> None:
    own = {"kind": "Deployment", "metadata": {"name": "web", "labels": {"team": "red", "zone": "a"}}}
    patch = REPLICAS.replace("{name: web}", "{name: web, labels: {team: blue}}")
    for entries in ((own, merged(patch)), (merged(patch), own)):
        assert web(applied(*entries)).labels == {"app": "web", "team": "blue", "zone": "a"}


def test_overlays_follow_each_other() -> None:
    found = applied(merged(REPLICAS), merged(REPLICAS.replace("5", "7")))
    assert web(found).get("spec", "replicas") == 7


def test_images_phases_and_waits_follow_and_what_is_deleted_is_gone() -> None:
    held = revision(
        phases={"Deployment.apps/notes/web": 3, "ConfigMap/elsewhere/settings": 2},
        waits={"ConfigMap/elsewhere/settings": (("ready", "true"),)},
    )
    annotated = 'metadata: {name: web, annotations: {kots.io/creation-phase: "7", kots.io/wait-for-ready: "true"}}'
    files = {
        "a.yaml": REPLICAS.replace("metadata: {name: web}", annotated),
        "b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: elsewhere}\n$patch: delete\n",
        "c.yaml": "apiVersion: v1\nkind: ConfigMap\n"
        "metadata: {name: mine, annotations: {kots.io/creation-phase: '-1'}}",
    }
    found = applied(
        overlay(
            files,
            patchesStrategicMerge="[a.yaml, b.yaml]",
            resources="[../../midstream, c.yaml]",
            images="[{name: web, newTag: '2'}]",
        ),
        before=held,
    )
    assert found.images == ("announced:1", "side:1", "web:2")
    assert found.phases == {"Deployment.apps/notes/web": 7, "ConfigMap/notes/mine": -1}
    assert found.waits == {"Deployment.apps/notes/web": (("ready", "true"),)}
    assert [str(obj.ref) for obj in found.objects] == ["Deployment/web", "Secret/door", "ConfigMap/mine"]
    assert found.objects[-1].namespace == "notes"


def test_who_an_object_is_never_changes() -> None:
    found = applied(
        overlay(
            patches="""
- target: {kind: Deployment}
  patch: |-
    - {op: replace, path: /metadata/name, value: other}
    - {op: replace, path: /kind, value: X}
"""
        )
    )
    assert web(found).ref == web(revision()).ref


def test_a_port_without_protocol_is_tcp_s() -> None:
    """Here kustomize loses the patch without a word."""
    patch = REPLICAS.replace(
        "replicas: 5",
        "template: {spec: {containers: [{name: web, ports: [{containerPort: 80, protocol: TCP, name: http}]}]}}",
    )
    ports = web(applied(merged(patch))).get("spec", "template", "spec", "containers", 0, "ports")
    assert ports == [{"containerPort": 80, "protocol": "TCP", "name": "http"}]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("{template: {spec: {containers: [{image: x}]}}}", "containers in the patch has no name"),
        ("{template: text}", "spec.template is a mapping in the release and a single value in the patch"),
        ("{replicas: {a: 1}}", "spec.replicas is a single value in the release and a mapping in the patch"),
        ("{template: {$retainKeys: [spec]}}", "spec.template has the directive $retainKeys"),
        ("{template: {$patch: forget}}", "`$patch: forget`"),
        ("{template: {spec: {tolerations: [{$patch: replace}]}}}", "tolerations is no list that is merged by key"),
    ],
)
def test_a_patch_that_does_not_fit_says_where(spec: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        applied(merged(REPLICAS.replace("{replicas: 5}", spec)))
    assert caught.value.reference == "patch-failed"
    assert caught.value.message.startswith("p.yaml line 2: the patch does not fit Deployment/web: ")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("{op: remove, path: /spec/nothing}", "there is no such place"),
        ("{op: add, path: /spec/a/b, value: 1}", "there is no such place"),
        ("{op: add, path: /spec/template/spec/containers/9, value: {}}", "there is no such place"),
        ("{op: test, path: /spec/replicas, value: 3}", "the tested value is another"),
        ("{op: replace, path: '', value: text}", "nothing is left"),
        ("{op: add, path: /spec/x}", "'value'"),
    ],
)
def test_an_operation_that_cannot_be_done_says_its_line(operation: str, why: str) -> None:
    text = f"""
- target: {{kind: Deployment}}
  patch: |-
    # twice
    - op: replace
      path: /spec/replicas
      value: 4
    - {operation}
"""
    with pytest.raises(Problem) as caught:
        applied(overlay(patches=text))
    assert caught.value.reference == "patch-failed"
    assert caught.value.message.startswith("kustomization.yaml line 8: the operation")
    assert why in str(caught.value.found)


@pytest.mark.parametrize(
    ("reference", "entry"),
    [
        ("bad-overlay", {"overlay": {}}),
        ("bad-overlay", {"overlay": {"kustomization.yaml": "kind: Component"}}),
        ("bad-overlay", {"overlay": {"kustomization.yaml": "", "Kustomization": ""}}),
        ("bad-overlay", {"overlay": {"kustomization.yaml": "commonLabels: {a: 1}"}}),
        ("bad-overlay", {"overlay": {"kustomization.yaml": f"commonLabels: {{a: {'x' * kustomization.LARGEST}}}"}}),
        ("bad-customisation", {"overlay": {"kustomization.yaml": 7}}),
        ("bad-customisation", {"overlay": {}, "kind": "X"}),
        ("broken-yaml", {"overlay": {"kustomization.yaml": "a: [b"}}),
        ("broken-yaml", merged("a: [b")),
        ("bad-overlay", overlay(patches="[{path: absent.yaml}]")),
        ("bad-overlay", overlay(patches="[{path: a, patch: b}]")),
        ("bad-overlay", overlay(patches="text")),
        ("bad-overlay", overlay(patches="[text]")),
        ("bad-overlay", merged("- {op: remove, path: /spec}")),
        ("bad-overlay", merged("kind: Deployment")),
        ("bad-overlay", merged("text")),
        ("bad-overlay", overlay(patches="[{target: {kind: '('}, patch: '[]'}]")),
        ("bad-overlay", overlay(patches="[{target: {kinds: a}, patch: '[]'}]")),
        ("bad-overlay", overlay(patches="[{target: {labelSelector: 'a b'}, patch: '[]'}]")),
        ("bad-overlay", overlay(patches="[{target: {kind: a}, patch: '[{op: jump, path: /a}]'}]")),
        ("bad-overlay", overlay(patchesJson6902="[{patch: '[]'}]")),
        ("bad-overlay", overlay(resources="[https://example.com/base]")),
        ("bad-overlay", overlay({"a.yaml": "kind: X"}, resources="[a.yaml]")),
        ("bad-overlay", overlay(replicas="[{name: web, count: many}]")),
        ("bad-overlay", overlay(images="[{newTag: a}]")),
        ("overlay-unsupported", overlay(namePrefix="dev-")),
        ("overlay-unsupported", overlay(namespace="other")),
        ("overlay-unsupported", overlay(secretGenerator="[{name: a}]")),
        ("overlay-unsupported", overlay(images="[{name: a, tagSuffix: b}]")),
        ("overlay-unsupported", overlay(labels="[{pairs: {a: b}, fields: [{path: spec}]}]")),
        ("overlay-unsupported", overlay(resources="[../a, ../b]")),
        (
            "overlay-unsupported",
            overlay(patches="[{target: {kind: a}, patch: '[]', options: {allowNameChange: true}}]"),
        ),
        ("secret-in-overlay", merged("apiVersion: v1\nkind: Secret\nmetadata: {name: door}\nstringData: {a: b}")),
        (
            "secret-in-overlay",
            overlay(
                {"a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: mine}\ndata: {a: Yg==}"},
                resources="[a.yaml]",
            ),
        ),
        (
            "secret-in-overlay",
            overlay(patches="[{target: {kind: Secret}, patch: '[{op: add, path: /data/a, value: Yg==}]'}]"),
        ),
    ],
)
def test_what_is_refused_before_anything_is_kept(reference: str, entry: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        customisations.check([entry])
    assert caught.value.reference == reference


def test_a_resource_that_the_release_has_already() -> None:
    with pytest.raises(Problem, match=r"a\.yaml line 1: Deployment/web is there already"):
        applied(overlay({"a.yaml": REPLICAS.strip()}, resources="[a.yaml]"))


def test_the_values_of_a_secret_never_change_and_are_never_told() -> None:
    patch = '[{target: {name: do.r}, patch: \'[{"op": "add", "path": "/data/other", "value": "Zm91bmQ="}]\'}]'
    with pytest.raises(Problem) as caught:
        applied(overlay(patches=patch))
    assert caught.value.reference == "secret-in-overlay"
    missing = '[{target: {name: door}, patch: \'[{"op": "remove", "path": "/data/other"}]\'}]'
    with pytest.raises(Problem) as caught:
        applied(overlay(patches=missing))
    assert "c2VjcmV0" not in f"{caught.value}{caught.value.found}"
    labelled = applied(overlay(commonLabels="{team: red}"))
    assert [obj.labels["team"] for obj in labelled.objects] == ["red"] * 3


def package(text: str) -> Package:
    config = "apiVersion: kots.io/v1beta1\nkind: Config\nmetadata: {name: c}\nspec: {groups: []}\n"
    return read_package({"web.yaml": text.encode(), "config.yaml": config.encode()}, "notes")


@pytest.mark.parametrize(
    ("template", "given", "told"),
    [
        ('repl{{ ConfigOption "pods" }}', {"pods": "2"}, ["pods"]),
        ('repl{{ ConfigOption "pods" }}', {"pods": "3"}, []),
        ('repl{{ ConfigOption "others" }}', {"pods": "2"}, []),
        ('repl{{ ConfigOption "pods" }}', {}, []),
    ],
)
def test_a_patch_over_an_answer_is_shown(template: str, given: dict[str, str], told: list[str]) -> None:
    text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {template}\n"
    found = applied(merged(REPLICAS), form=Form(package(text), given))
    assert [(one.reference, one.message.split()[-2]) for one in found.remarks] == [
        ("overlay-overrides-answer", name) for name in told
    ]


def test_what_only_a_base_says_is_nothing() -> None:
    assert not kustomization.says_something("kind: Kustomization\nbases: [../../midstream]\nresources: []\n")
    assert not kustomization.says_something("")
    assert kustomization.says_something("resources: [../../midstream, mine.yaml]\n")
    assert kustomization.says_something("patches: [{path: a.yaml}]\n")
