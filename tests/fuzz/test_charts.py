"""Anything as a chart's schema, values, index or Chart.yaml: read, judged or refused with words, never a crash."""

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from changeover.errors import Problem
from changeover.package import asked, values_schema
from changeover.package.package import read_package
from changeover.release import chart_index
from changeover.render import chart_rules

NAMES = (
    "type properties required enum const items $ref allOf anyOf default pattern title minimum maxLength multipleOf "
    "additionalProperties format description a b.c $defs"
)
VALUES = "object string integer array null # #/$defs/a #/properties/a ( a"
KEYS = st.sampled_from(NAMES.split())
WORDS = st.sampled_from(VALUES.split())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(schema=ANYTHING, values=st.dictionaries(KEYS, ANYTHING, max_size=4))
@BOUNDED
def test_any_schema_is_a_form_or_refused(schema: Any, values: dict[str, Any]) -> None:
    files = {
        "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "values.yaml": yaml.safe_dump(values).encode(),
        "values.schema.json": json.dumps(schema).encode(),
    }
    try:
        package = read_package(files, "web")
        questions = asked.asked_by(package)
        assert {item.name for _, item in values_schema.config_of(files).questions()} >= set(questions)
        chart_rules.missing(package, values)
        for words in chart_rules.refused(package, values).values():
            assert all(words)
    except Problem as problem:
        assert problem.reference  # noqa: PT017


INDEX_KEYS = st.sampled_from(["entries", "web", "version", "urls", "digest", "annotations", "created", "deprecated"])
INDEX = st.recursive(
    SCALARS | st.sampled_from(["1.0.0", "2.0.0-rc.1", "v1", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INDEX_KEYS, inner, max_size=4),
    max_leaves=25,
)
ENTRIES = st.lists(st.dictionaries(INDEX_KEYS, INDEX, max_size=5), max_size=4)


@example(index={"entries": {"web": [{"version": "9" * 5000}]}})
@given(index=INDEX | st.fixed_dictionaries({"entries": st.fixed_dictionaries({"web": ENTRIES})}))
@BOUNDED
def test_any_index_is_a_catalog_or_refused(index: Any) -> None:
    try:
        found = chart_index.catalog_of_index(index, "web", location="here")
    except Problem as problem:
        assert problem.reference  # noqa: PT017
        return
    assert [one.cursor for one in found.releases] == list(range(1, len(found.releases) + 1))
    assert found.newer_than("1.0.0") is not None
