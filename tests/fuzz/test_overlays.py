"""Whatever an overlay or a release says: done, or refused with a Problem that tells no Secret's value."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from changeover.actions import adopt_overlay
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.render import customisations
from changeover.render.overlay.kustomization import named_files
from changeover.render.revision import Revision
from tests.fuzz.bounds import bounded

HIDDEN = "bm9ib2R5LWtub3dz"
WORDS = st.sampled_from(
    ["web", "Deployment", "apps/v1", "delete", "replace", "p.yaml", "../base", "", "a=b", "a in (b)", "!a", "(", "x:1"]
)
_NAMES = ("name", "labels", "annotations", "finalizers", "spec", "template", "metadata", "containers", "env", "ports")
_MORE = ("image", "containerPort", "$patch", "$retainKeys", "data", "kind", "target", "pairs", "path", "patch", "count")
KEYS = st.sampled_from((*_NAMES, *_MORE))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4),
    max_leaves=12,
)
PATHS = st.sampled_from(["", "/", "/spec", "/spec/replicas", "/metadata", "/metadata/name", "/data/a", "/spec/list/-"])
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]) | VALUES, "path": PATHS | VALUES},
    optional={"value": VALUES, "from": PATHS},
)
HEAD = {"apiVersion": st.just("apps/v1"), "kind": st.sampled_from(["Deployment", "Secret", "Thing"])}
NAMED = st.fixed_dictionaries(
    {
        **HEAD,
        "metadata": st.fixed_dictionaries({"name": st.just("web")}, optional={"finalizers": VALUES, "labels": VALUES}),
    },
    optional={"spec": VALUES, "data": VALUES},
)
TARGET = st.dictionaries(st.sampled_from(["kind", "name", "labelSelector", "group"]), VALUES, max_size=2)
PATCH = st.fixed_dictionaries({"path": st.just("p.yaml")}, optional={"target": TARGET})
KUSTOMIZATION = st.fixed_dictionaries(
    {},
    optional={
        "patches": st.lists(PATCH, max_size=2) | VALUES,
        "patchesStrategicMerge": st.just(["p.yaml"]) | VALUES,
        "commonLabels": st.dictionaries(KEYS, WORDS, max_size=2) | VALUES,
        "labels": st.lists(st.fixed_dictionaries({"pairs": VALUES}, optional={"includeSelectors": VALUES}), max_size=2),
        "commonAnnotations": VALUES,
        "images": st.lists(
            st.dictionaries(st.sampled_from(["name", "newTag", "newName"]), VALUES, max_size=3), max_size=2
        ),
        "replicas": st.lists(st.fixed_dictionaries({"name": WORDS, "count": VALUES}), max_size=2) | VALUES,
        "resources": st.lists(WORDS, max_size=2) | VALUES,
        "bases": VALUES,
    },
)
RELEASED = st.fixed_dictionaries(
    {
        **HEAD,
        "metadata": st.fixed_dictionaries({"name": st.just("web")}, optional={"labels": VALUES, "annotations": VALUES}),
    },
    optional={"spec": VALUES | st.fixed_dictionaries({"replicas": st.just(1), "list": st.lists(VALUES, max_size=2)})},
)


@bounded
@given(KUSTOMIZATION | VALUES, st.lists(OPERATION, max_size=3) | NAMED | VALUES, RELEASED)
def test_any_overlay_on_any_release(kustomization: Any, patch: Any, released: dict[str, Any]) -> None:
    files = {"kustomization.yaml": yaml.safe_dump(kustomization), "p.yaml": yaml.safe_dump(patch)}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "data": {"a": HIDDEN}}
    revision = Revision("1", (KubeObject(released), KubeObject(secret)), "sha256:x")
    entries = [{"overlay": files}]
    told = ""
    try:
        list(named_files(files["kustomization.yaml"], name="k"))
        adopt_overlay.entries({f"{adopt_overlay.FOLDER}one/{name}": text for name, text in files.items()})
        customisations.check(entries)
        done = customisations.apply(revision, entries, customisations.Target("notes"))
    except Problem as problem:
        told = f"{problem.message}{problem.found}{problem.hint}"
    else:
        held = [obj.get("data") for obj in done.objects if obj.kind == "Secret" and obj.api_version == "v1"]
        assert held in ([{"a": HIDDEN}], [])
        told = "".join(one.message for one in done.remarks)
    assert HIDDEN not in told
