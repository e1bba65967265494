"""What a chart's schema says against values; Helm's own validation is the oracle for the verdict."""

import importlib.util
import json
from collections.abc import Iterator

import pytest

from changeover.channel.charts import ChartFailed, HelmCharts
from changeover.package import archive
from changeover.package.package import read_package
from changeover.ports import ChartRequest
from changeover.render import chart_rules

SCHEMA = {
    "type": "object",
    "required": ["host"],
    "additionalProperties": False,
    "properties": {
        "host": {"type": "string", "pattern": "^[a-z.]+$", "minLength": 2, "maxLength": 8},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 5},
        "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "step": {"type": "integer", "multipleOf": 5},
        "grain": {"type": "number", "multipleOf": 0.1},
        "mode": {"enum": ["fast", "safe"]},
        "kind": {"const": "x"},
        "ports": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer", "maximum": 65535}},
        "labels": {"type": "object", "maxProperties": 1},
        "either": {"type": ["string", "integer"]},
    },
}
FILES = {
    "Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": b"replicas: 1\n",
    "values.schema.json": json.dumps(SCHEMA).encode(),
    "templates/a.yaml": b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
}
CASES = [
    ({"host": "a.b"}, {}),
    ({}, {"host": "must be answered"}),
    ({"host": None}, {"host": "must be answered"}),
    ({"host": "A"}, {"host": "must fit ^[a-z.]+$; must have at least 2 characters"}),
    ({"host": "abcdefghi"}, {"host": "must have at most 8 characters"}),
    ({"host": 5}, {"host": "must be string, not integer"}),
    ({"host": "ab", "replicas": 0}, {"replicas": "must be at least 1"}),
    ({"host": "ab", "replicas": 6}, {"replicas": "must be at most 5"}),
    ({"host": "ab", "replicas": "2"}, {"replicas": "must be integer, not string"}),
    ({"host": "ab", "replicas": True}, {"replicas": "must be integer, not boolean"}),
    ({"host": "ab", "replicas": 2.0}, {}),
    ({"host": "ab", "ratio": 1}, {"ratio": "must be less than 1"}),
    ({"host": "ab", "ratio": 0}, {"ratio": "must be more than 0"}),
    ({"host": "ab", "step": 7}, {"step": "must be a multiple of 5"}),
    ({"host": "ab", "grain": 0.3}, {}),
    ({"host": "ab", "grain": 0.35}, {"grain": "must be a multiple of 0.1"}),
    ({"host": "ab", "mode": "slow"}, {"mode": "must be one of fast, safe"}),
    ({"host": "ab", "kind": "y"}, {"kind": "must be x"}),
    ({"host": "ab", "ports": []}, {"ports": "must have at least 1 entries"}),
    ({"host": "ab", "ports": [1, 70000]}, {"ports": "entry 2 must be at most 65535"}),
    ({"host": "ab", "labels": {"a": 1, "b": 2}}, {"labels": "must have at most 1 keys"}),
    ({"host": "ab", "either": 1}, {}),
    ({"host": "ab", "either": []}, {"either": "must be string or integer, not array"}),
    ({"host": "ab", "replica": 2}, {"replica": "the chart takes no such value; did you mean replicas?"}),
]


@pytest.fixture(scope="module")
def charts() -> Iterator[HelmCharts]:
    if importlib.util.find_spec("helm_python") is None:
        pytest.skip("helm-python-sdk is not installed: pip install .[helm]")
    with HelmCharts(program="") as found:
        yield found


@pytest.mark.parametrize(("given", "words"), CASES)
def test_each_value_is_judged_by_name(given: dict, words: dict) -> None:
    package = read_package(FILES, "web")
    found = {path: "; ".join(said) for path, said in chart_rules.refused(package, given).items()}
    found |= dict.fromkeys(chart_rules.missing(package, given), "must be answered")
    assert found == words


@pytest.mark.parametrize(("given", "words"), CASES)
def test_helm_refuses_exactly_the_same(charts: HelmCharts, given: dict, words: dict) -> None:
    def render() -> str:
        content = archive.pack(FILES, top="web")
        return charts.render(ChartRequest(content, "r", "n", given)).manifests

    if words:
        with pytest.raises(ChartFailed):
            render()
    else:
        assert "ConfigMap" in render()
