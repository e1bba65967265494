"""The tests of a chart as probes."""

from typing import Any

from changeover.actions.chart_tests import with_tests
from changeover.release.profile import HttpProbe, Probe, Profile
from changeover.render.chart_release import ChartRelease, Hook
from changeover.render.revision import Revision

POD = {"restartPolicy": "Never", "containers": [{"name": "taste", "image": "tea"}]}


def hook(name: str, kind: str, spec: Any, *, event: str = "test", weight: int = 0, **metadata: str) -> Hook:
    raw = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    return Hook((event,), weight, (), "templates/x.yaml", raw)


HOOKS = (
    hook("second", "Job", {"template": {"spec": POD}}, weight=5),
    hook("first", "Pod", POD),
    hook("early", "Pod", POD),
    hook("old", "Pod", POD, event="test-success", weight=7),
    hook("migrate", "Job", {"template": {"spec": POD}}, event="pre-upgrade"),
    hook("script", "ConfigMap", None),
    hook("elsewhere", "Pod", POD, namespace="other"),
)
REVISION = Revision("1.0.0", (), "d", charts=(ChartRelease("web", "apps", {}, hooks=HOOKS),))


def test_pods_and_jobs_of_tests_become_probes_by_their_weight() -> None:
    own = Probe(name="front", http=HttpProbe(service="web"))
    found = with_tests(Profile(probes=(own,)), REVISION, namespace="apps").probes
    assert [probe.name for probe in found] == ["front", "early", "first", "second", "old"]
    assert found[1].job
    assert found[1].job.pod == POD
    assert found[1].new_only


def test_a_profile_leaves_them_out() -> None:
    assert with_tests(Profile(chart_tests=False), REVISION, namespace="apps").probes == ()


def test_they_are_kept_with_the_revision() -> None:
    again = Revision.from_json(REVISION.as_json())
    assert with_tests(Profile(), again, namespace="apps") == with_tests(Profile(), REVISION, namespace="apps")
