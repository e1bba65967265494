"""What ``helm test`` would run is part of verifying: each test hook of a chart is a probe, a Job that must succeed.

Only Pods and Jobs in the Installation's own namespace; what else a test needs is applied with the chart. They go one
after another, by weight, then by name. On the way back they are not run: they are tests of the new release. A profile
says `chartTests: false` to leave them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.release.profile import JobProbe, Probe, Profile
from changeover.render.chart_release import ChartRelease
from changeover.render.revision import Revision

SECONDS = 300


def with_tests(profile: Profile, revision: Revision, *, namespace: str) -> Profile:
    """The profile with the tests of the revision's charts among its probes."""
    if not profile.chart_tests:
        return profile
    known = {probe.name for probe in profile.probes}
    tests = [probe for release in revision.charts for probe in _tests(release, namespace) if probe.name not in known]
    return profile.model_copy(update={"probes": (*profile.probes, *tests)}) if tests else profile


def _tests(release: ChartRelease, namespace: str) -> Iterator[Probe]:
    for hook in sorted(release.hooks, key=lambda one: (one.weight, str(one.raw["metadata"]["name"]))):
        pod = _pod(hook.raw)
        if hook.is_test and pod and _namespace(hook.raw, release) == namespace:
            job = JobProbe(pod=dict(pod), timeout_seconds=SECONDS)
            yield Probe(name=str(hook.raw["metadata"]["name"]), job=job, new_only=True)


def _pod(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec of the pod that a test runs; empty when it runs none."""
    spec = raw.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    if raw.get("kind") == "Pod":
        return spec
    template = spec.get("template") if raw.get("kind") == "Job" else None
    found = template.get("spec") if isinstance(template, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _namespace(raw: Mapping[str, Any], release: ChartRelease) -> str:
    return str(raw["metadata"].get("namespace") or release.namespace)
