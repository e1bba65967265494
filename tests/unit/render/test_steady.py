"""What charts make up is kept."""

from collections.abc import Mapping
from itertools import count

import pytest

from changeover.package.package import read_package
from changeover.ports import ChartRequest, RenderedChart
from changeover.render import pipeline
from changeover.render.context import Context
from changeover.render.revision import Revision
from changeover.render.steady import UnsteadyChart

FILES = {"web/Chart.yaml": b"name: web\nversion: 1.0.0\n"}


class Restless:
    """A chart that draws a new number each time, for a Secret and a checksum."""

    def __init__(self, name: str = "s") -> None:
        self._numbers = count(1)
        self._name = name

    def render(self, request: ChartRequest) -> RenderedChart:
        number = next(self._numbers)
        return RenderedChart(
            f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {self._name.replace('#', str(number))}}}\n"
            f"data: {{fixed: 'a', drawn: 'n{number}'}}\n---\n"
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
            f"spec: {{template: {{metadata: {{annotations: {{sum: '{request.values.get('size')}-{number}'}}}}}}}}\n"
        )


def _render(charts: Restless, kept: Mapping[str, str], size: int = 1) -> tuple[Revision, Mapping[str, str]]:
    package = read_package(FILES, "web")
    return pipeline.render(
        package, {"size": size}, Context("apps", kept=kept), charts=charts, produce=lambda *_: pytest.fail("not asked")
    )


def _drawn(revision: Revision) -> tuple[str, str]:
    secret, deployment = revision.objects
    return secret.get("data", "drawn"), deployment.get("spec", "template", "metadata", "annotations", "sum")


def test_rendering_again_changes_nothing() -> None:
    charts = Restless()
    first, kept = _render(charts, {})
    second, kept_again = _render(charts, kept)
    assert second.digest == first.digest
    assert kept_again == kept
    assert _drawn(first) == ("n1", "1-1")


def test_a_checksum_follows_the_values_and_a_password_stays() -> None:
    charts = Restless()
    _, kept = _render(charts, {})
    changed, _ = _render(charts, kept, size=2)
    assert _drawn(changed) == ("n1", "2-3")


def test_without_kept_values_everything_is_new() -> None:
    charts = Restless()
    first, _ = _render(charts, {})
    second, _ = _render(charts, {})
    assert first.digest != second.digest


def test_random_names_are_refused() -> None:
    with pytest.raises(UnsteadyChart, match="which objects there are"):
        _render(Restless("s-#"), {})
