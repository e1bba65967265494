"""values.schema.json and values.yaml, subcharts included, as one form."""

import json

import pytest

from changeover.package import archive, asked, chart_values, values_schema
from changeover.package.answers import from_pairs
from changeover.package.asked import Question
from changeover.package.package import read_package
from changeover.package.values_schema import BrokenSchema

CACHE = {
    "Chart.yaml": b"apiVersion: v2\nname: cache\nversion: 1.0.0\n",
    "values.yaml": b"# in megabytes\nsize: 5\nauth: {active: true}\n",
    "values.schema.json": json.dumps(
        {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}, "required": ["size"]}
    ).encode(),
}
SCHEMA = {
    "type": "object",
    "required": ["host", "image"],
    "properties": {
        "host": {"type": "string", "title": "Host name", "pattern": "^[a-z.]+$"},
        "image": {"$ref": "#/$defs/image"},
        "mode": {"enum": ["fast", "safe", None], "description": "How to go about it"},
        "limits": {"allOf": [{"type": "object"}, {"properties": {"cpu": {"type": ["string", "number"]}}}]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "key": {"type": "string", "format": "password"},
    },
    "$defs": {
        "image": {
            "type": "object",
            "title": "Image",
            "required": ["tag"],
            "properties": {"tag": {"type": "string"}, "pull": {"$ref": "#/$defs/pull"}},
        },
        "pull": {"type": "string", "enum": ["Always", "Never"], "default": "Always"},
    },
}
FILES = {
    "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.2.3\n"
    b"dependencies:\n- {name: cache, alias: store, version: 1.0.0, condition: store.enabled}\n",
    "values.yaml": b"# -- How many pods answer\n# at a time\nreplicas: 1\n\nimage:\n"
    b'  # @param image.tag [string] The tag\n  tag: "1.10"\nstore: {enabled: true, size: 7}\nlabels: {a: b}\n',
    "values.schema.json": json.dumps(SCHEMA).encode(),
    **{f"charts/cache/{path}": content for path, content in CACHE.items()},
}


def test_every_value_is_a_question_with_its_type() -> None:
    assert asked.asked_by(read_package(FILES, "x")) == {
        "host": Question("string", required=True),
        "image.tag": Question("string", required=True),
        "image.pull": Question("string"),
        "mode": Question("string"),
        "limits.cpu": Question("any"),
        "labels": Question("mapping"),
        "key": Question("string"),
        "replicas": Question("number"),
        "store.enabled": Question("boolean"),
        "store.size": Question("integer"),
        "store.auth.active": Question("boolean"),
    }


def test_the_form_has_groups_titles_choices_defaults_and_comments() -> None:
    config = values_schema.config_of(FILES)
    items = {item.name: (group, item) for group, item in config.questions()}
    assert {name: group.title for name, (group, _) in items.items()} == {
        **dict.fromkeys(("host", "mode", "labels", "key", "replicas"), "general"),
        **dict.fromkeys(("image.tag", "image.pull"), "Image"),
        "limits.cpu": "limits",
        **dict.fromkeys(("store.size", "store.enabled", "store.auth.active"), "store"),
    }
    found = {name: item for name, (_, item) in items.items()}
    assert (found["host"].title, found["host"].pattern, found["host"].required) == ("Host name", "^[a-z.]+$", True)
    assert (found["replicas"].help_text, found["image.tag"].help_text) == ("How many pods answer at a time", "The tag")
    assert found["mode"].help_text == "How to go about it"
    assert [child.name for child in found["mode"].children] == ["fast", "safe"]
    assert {name: found[name].type for name in ("mode", "key", "store.enabled", "labels", "host")} == {
        "mode": "select_one",
        "key": "password",
        "store.enabled": "bool",
        "labels": "textarea",
        "host": "text",
    }
    assert {name: found[name].default for name in ("image.tag", "image.pull", "store.size", "store.enabled")} == {
        "image.tag": "1.10",
        "image.pull": "Always",
        "store.size": "7",
        "store.enabled": "true",
    }
    assert found["labels"].default == "a: b"


def test_a_packed_subchart_counts_like_a_folder() -> None:
    own = {path: content for path, content in FILES.items() if not path.startswith("charts/")}
    packed = {**own, "charts/cache-1.0.0.tgz": archive.pack(CACHE, top="cache")}
    assert chart_values.defaults(packed) == chart_values.defaults(FILES)
    assert chart_values.defaults(packed)["store"] == {"size": 7, "auth": {"active": True}, "enabled": True}


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("image.tag=1.10", "1.10"),
        ("store.enabled=0", False),
        ("store.size=3", 3),
        ("labels={a: b}", {"a": "b"}),
        ("labels=[1, b]", [1, "b"]),
        ("labels=a: b\nc: d", {"a": "b", "c": "d"}),
        ("replicas=2", 2),
        ("host=null", None),
    ],
)
def test_a_word_becomes_what_the_schema_wants(pair: str, value: object) -> None:
    given = asked.for_chart(from_pairs([pair]), asked.asked_by(read_package(FILES, "x")))
    assert list(given.values.values()) == [value]


def test_references_in_a_circle_end() -> None:
    circle = {"properties": {"tree": {"$ref": "#/$defs/tree"}}, "$defs": {"tree": {"properties": {}}}}
    circle["$defs"]["tree"]["properties"] = {"left": {"$ref": "#/$defs/tree"}, "name": {"type": "string"}}
    found = values_schema.read_schema({"values.schema.json": json.dumps(circle).encode()})
    assert "tree.name" in {one.path for one in values_schema.values_of(found)}


def test_a_schema_that_is_no_json_is_named() -> None:
    with pytest.raises(BrokenSchema, match=r"values.schema.json is not JSON"):
        values_schema.read_schema({"values.schema.json": b"{"})


def test_null_takes_a_default_away_as_in_helm() -> None:
    assert chart_values.laid_over({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": 3}}) == {"a": {"c": 2, "d": 3}}


def test_references_that_multiply_are_stopped() -> None:
    definitions = {f"d{n}": {"properties": {x: {"$ref": f"#/$defs/d{n + 1}"} for x in "ab"}} for n in range(30)}
    bomb = {"$ref": "#/$defs/d0", "$defs": definitions}
    with pytest.raises(BrokenSchema, match="is too large"):
        values_schema.read_schema({"values.schema.json": json.dumps(bomb).encode()})
