"""Charts that cannot be installed as they are."""

import pytest

from changeover.package.charts import Chart, chart_of
from changeover.render import helm
from changeover.render.helm import ChartNotForCluster, HelmRelease, MissingChart


def chart(more: str = "") -> Chart:
    return chart_of({"Chart.yaml": f"apiVersion: v2\nname: web\nversion: 1.0.0\n{more}".encode()}, "web")


@pytest.mark.parametrize(
    ("wanted", "kubernetes", "fits"),
    [
        ("", "1.36.2", True),
        (">=1.25.0-0", "1.36.2", True),
        (">=1.25.0-0", "v1.27.3-gke.100", True),
        (">=1.25.0", "v1.27.3-gke.100", False),
        (">=1.40.0-0", "1.36.2", False),
        ("1.30.x || 1.36.x", "1.36.2", True),
        (">=1.40.0", "", True),
        ("whatever", "1.36.2", True),
    ],
)
def test_a_chart_names_the_kubernetes_that_it_is_made_for(wanted: str, kubernetes: str, fits: object) -> None:
    found = chart(f"kubeVersion: '{wanted}'\n")
    if fits:
        helm.check_kubernetes(found, kubernetes)
    else:
        with pytest.raises(ChartNotForCluster, match="is made for Kubernetes"):
            helm.check_kubernetes(found, kubernetes)


def test_a_chart_whose_dependency_is_not_there_is_refused() -> None:
    found = chart("dependencies:\n- {name: cache, version: 1.0.0, repository: 'https://charts.example'}\n")
    with pytest.raises(MissingChart, match="is not complete"):
        helm.find_chart(HelmRelease("web", "1.0.0", "web", "web"), [found])
