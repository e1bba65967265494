"""Packages, their Config, and answers to them: any documents, any values in any field."""

import contextlib
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from changeover.actions import following, settings_of
from changeover.actions.answers import Answers
from changeover.errors import Problem
from changeover.lint.lint import lint
from changeover.package import answers, yaml_text
from changeover.package.package import read_package
from changeover.render import functions, pipeline
from changeover.render.context import Context
from tests.fuzz.bounds import bounded

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False))
TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(['repl{{ ConfigOption "a" }}', "repl{{ fail }}", "false", "a", "b"])
)
VALUES = st.recursive(
    SCALARS | TEXTS, lambda some: st.lists(some, max_size=3) | st.dictionaries(TEXTS, some, max_size=3), max_leaves=6
)
ITEM_FIELDS = (
    "name",
    "type",
    "default",
    "value",
    "when",
    "required",
    "items",
    "validation",
    "repeatable",
    "valuesByGroup",
)
ITEM_FIELDS += ("hidden", "readonly", "title", "help_text", "multiple")
ITEMS = st.dictionaries(st.sampled_from(ITEM_FIELDS), VALUES, max_size=6) | st.fixed_dictionaries(
    {"name": st.sampled_from("abc"), "type": st.sampled_from(["text", "bool", "password", "file", "select_one"])},
    optional={"default": TEXTS, "value": TEXTS, "when": TEXTS, "required": st.booleans(), "repeatable": st.booleans()},
)
CONFIGS = st.lists(ITEMS | VALUES, max_size=4).map(
    lambda items: {
        "apiVersion": "kots.io/v1beta1",
        "kind": "Config",
        "spec": {"groups": [{"name": "g", "items": items}]},
    }
)
KINDS = ("ConfigMap", "Secret", "Deployment", "HelmChart", "Application", "LintConfig", "Release", "List", "Config")
GROUPS = ("v1", "apps/v1", "kots.io/v1beta1", "kots.io/v1beta2", "changeover.dev/v1alpha1", "troubleshoot.sh/v1beta2")
KEYS = st.sampled_from(
    ["metadata", "spec", "data", "stringData", "items", "name", "chart", "rules", "annotations", "values"]
)
INSIDE = st.recursive(VALUES, lambda some: st.dictionaries(KEYS, some, max_size=3), max_leaves=8)
DOCUMENTS = st.builds(
    lambda group, kind, more: {**more, "apiVersion": group, "kind": kind},
    st.sampled_from(GROUPS),
    st.sampled_from(KINDS),
    st.dictionaries(KEYS, INSIDE, max_size=4),
)


FILES = ("Chart.yaml", "values.yaml", "a.yaml", "b.txt", "x/Chart.yaml", "c.tgz")


def _looked_at(files: dict[str, bytes], given_answers: dict[str, Any]) -> None:
    with contextlib.suppress(Problem):
        package = read_package(files, "x")
        lint(package, functions=functions.names())
        context = Context("apps", slug="x")
        carried = following.carried(package, Answers(), answers.Given(given_answers))
        settings_of.settings(carried, context, produce=lambda what, _: what)
        pipeline.render(package, carried.values, context, charts=None, produce=lambda what, _: what)


@bounded
@given(CONFIGS, st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3))
def test_any_config_with_any_answers_ends(config: dict[str, Any], given_answers: dict[str, Any]) -> None:
    with contextlib.suppress(Problem):
        _looked_at({"config.yaml": yaml_text.dump(config).encode()}, given_answers)


@bounded
@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_any_documents_end(documents: list[dict[str, Any]]) -> None:
    _looked_at({"all.yaml": yaml_text.dump_all(documents).encode()}, {})


@bounded
@given(
    st.dictionaries(
        st.sampled_from(["Chart.yaml", "values.yaml", "a.yaml", "b.txt", "x/Chart.yaml"]), st.binary(max_size=60)
    )
)
def test_any_bytes_as_files_end(files: dict[str, bytes]) -> None:
    _looked_at(files, {"a": "b"})


@bounded
@given(VALUES, st.lists(st.text(max_size=9), max_size=3))
@example({"kind": "ConfigValues", "spec": {"values": [1]}}, ["a=b"])
@example({"kind": "ConfigValues", "spec": 3}, ["=b"])
def test_any_file_of_answers_ends(content: Any, pairs: list[str]) -> None:
    with contextlib.suppress(Problem):
        layers = [answers.from_file(yaml_text.dump(content)), answers.from_pairs(pairs)]
        answers.to_text(answers.layered(layers).values, name="x")
