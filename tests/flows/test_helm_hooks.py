"""Hooks at every event: what Helm v4 itself makes and deletes for a chart, in its order, is what we make and delete."""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from changeover.package import archive
from tests.flows.commands import Commands
from tests.flows.test_helm import QUICK, helm, history
from tools import kubebox

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        importlib.util.find_spec("helm_python") is None, reason="helm-python-sdk is not installed: pip install .[helm]"
    ),
]
SUCCEEDED, ANEW = "hook-succeeded", "before-hook-creation"
HOOKS = [
    ("ServiceAccount", "able", "pre-install,pre-upgrade", 0, f"{ANEW},{SUCCEEDED}"),
    ("Job", "able", "pre-install,pre-upgrade", 0, f"{ANEW},{SUCCEEDED}"),
    ("Job", "zeta", "pre-upgrade", 0, SUCCEEDED),
    ("Job", "alpha", "pre-upgrade", 0, ""),
    ("ConfigMap", "beta", "pre-upgrade", 0, ""),
    ("Job", "first", "pre-install,pre-upgrade,pre-rollback", -5, ""),
    ("ConfigMap", "note", "post-install,pre-upgrade", 0, ""),
    ("ConfigMap", "once", "pre-install", 3, ""),
    ("Job", "both", "pre-install,post-install", 1, ANEW),
    ("Job", "late", "post-install,post-upgrade,post-rollback", 7, SUCCEEDED),
    ("Job", "bye", "pre-delete", 0, f"{ANEW},{SUCCEEDED}"),
    ("ConfigMap", "gone", "post-delete", 0, ""),
    ("ConfigMap", "typo", "pre-install,after-lunch", 0, ""),
]
NAMES = {name for _, name, *_ in HOOKS}
VERSIONS = {"Job": "batch/v1"}
POD = {"restartPolicy": "Never", "containers": [{"name": "do", "image": "registry.example/do:1"}]}
SPECS = {"Job": {"backoffLimit": 0, "template": {"spec": POD}}}


Hooks = Sequence[tuple[str, str, str, int, str]]


def chart(version: str, hooks: Hooks = HOOKS, *, of: frozenset[str] = NAMES, **annotations: str) -> bytes:
    """A chart with one object and these hooks, all in one file; `annotations` go to the pods of the Jobs `of`."""
    documents = []
    for kind, name, events, weight, deletes in hooks:
        found = {"helm.sh/hook": events, "helm.sh/hook-weight": str(weight), "helm.sh/hook-delete-policy": deletes}
        metadata = {"name": name, "annotations": {key: value for key, value in found.items() if value}}
        raw = {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata}
        spec = SPECS.get(kind)
        if kind == "Job" and annotations and name in of:
            spec = {"backoffLimit": 0, "template": {"metadata": {"annotations": annotations}, "spec": POD}}
        documents.append(raw | ({"spec": spec} if spec else {}))
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}, "data": {"version": version}}
    meta = {"apiVersion": "v2", "name": "hooky", "version": version}
    return archive.pack(
        {
            "Chart.yaml": yaml.safe_dump(meta).encode(),
            "templates/hooks.yaml": yaml.safe_dump_all(documents).encode(),
            "templates/app.yaml": yaml.safe_dump(settings).encode(),
        },
        top="hooky",
    )


class Traces:
    """What was made and deleted of the hooks and of the application, from the API server's audit log."""

    def __init__(self, cluster: kubebox.Cluster, namespace: str) -> None:
        self._log, self._namespace = cluster.audit_log, namespace
        self._at = self._log.stat().st_size

    def taken(self) -> list[str]:
        """``create jobs/first``, in order, since the last look."""
        with self._log.open() as log:
            log.seek(self._at)
            events = [json.loads(line) for line in log]
            self._at = log.tell()
        return list(dict.fromkeys(text for event in events if (text := self._text(event))))

    def _text(self, event: dict[str, object]) -> str:
        about = event.get("objectRef") or {}
        assert isinstance(about, dict)
        status = event.get("responseStatus") or {}
        assert isinstance(status, dict)
        made = status.get("code") == 201
        deleted = event["verb"] == "delete" and int(status.get("code", 500)) < 300
        if (
            about.get("namespace") != self._namespace
            or about.get("resource") not in {"configmaps", "serviceaccounts", "jobs"}
            or "subresource" in about
            or about.get("name") == "kube-root-ca.crt"
            or "dryRun" in str(event["requestURI"])
            or not (made or deleted)
        ):
            return ""
        return f"{'create' if made else 'delete'} {about['resource']}/{about['name']}"


@pytest.fixture
def both(commands: Commands) -> Iterator[tuple[Commands, Commands]]:
    """Ours, and the namespace in which Helm works."""
    theirs = Commands(commands.kubeconfig, f"{commands.namespace}-helm")
    theirs.kubectl("create", "namespace", theirs.namespace)
    yield commands, theirs
    theirs.kubectl("delete", "namespace", theirs.namespace, "--wait=false")


def test_the_same_hooks_in_the_same_order_as_helm(
    both: tuple[Commands, Commands], simulated: kubebox.Cluster, tmp_path: Path
) -> None:
    ours, theirs = both
    one, two = tmp_path / "hooky-1.0.0.tgz", tmp_path / "hooky-1.1.0.tgz"
    one.write_bytes(chart("1.0.0"))
    two.write_bytes(chart("1.1.0"))
    our_traces, their_traces = Traces(simulated, ours.namespace), Traces(simulated, theirs.namespace)

    ours.run("install", str(one), "--name", "hooky", *QUICK)
    helm(theirs, "install", chart=str(one), name="hooky", values={})
    expected = their_traces.taken()
    assert "create jobs/both" in expected
    assert our_traces.taken() == expected

    ours.run("update", "--from", str(two), *QUICK)
    helm(theirs, "upgrade", chart=str(two), name="hooky", values={})
    expected = their_traces.taken()
    assert "delete jobs/zeta" in expected
    assert our_traces.taken() == expected

    ours.run("rollback", *QUICK)
    helm(theirs, "rollback", "hooky")
    expected = their_traces.taken()
    assert "create jobs/first" in expected
    assert our_traces.taken() == expected
    assert history(ours, "hooky")[-1][1:] == history(theirs, "hooky")[-1][1:]

    listed = ours.run("uninstall", "--yes").out
    assert "run     pre-delete Job/bye (hook)" in listed
    helm(theirs, "uninstall", "hooky")
    expected = their_traces.taken()
    assert expected == ["create jobs/bye", "delete jobs/bye", "delete configmaps/app", "create configmaps/gone"]
    assert [text for text in our_traces.taken() if text in expected] == expected


def test_a_hook_that_fails_takes_the_update_back_as_helm_does(
    both: tuple[Commands, Commands], simulated: kubebox.Cluster, tmp_path: Path
) -> None:
    ours, theirs = both
    hooks = [
        ("Job", "start", "pre-upgrade", 0, SUCCEEDED),
        ("Job", "breaks", "post-upgrade", 0, "before-hook-creation,hook-failed"),
        ("Job", "never", "post-upgrade", 1, ""),
        ("Job", "early", "pre-rollback", 0, SUCCEEDED),
        ("Job", "late", "post-rollback", 0, ""),
    ]
    one, two = tmp_path / "hooky-1.0.0.tgz", tmp_path / "hooky-1.1.0.tgz"
    one.write_bytes(chart("1.0.0", hooks[3:]))
    broken = {"kubebox.changeover.dev/fault": "job-fails"}
    two.write_bytes(chart("1.1.0", hooks[:3], of=frozenset({"breaks"}), **broken))
    our_traces, their_traces = Traces(simulated, ours.namespace), Traces(simulated, theirs.namespace)
    ours.run("install", str(one), "--name", "hooky", *QUICK)
    helm(theirs, "install", chart=str(one), name="hooky", values={})
    assert our_traces.taken() == their_traces.taken() == ["create configmaps/app"]

    failed = ours.run("update", "--from", str(two), *QUICK, expect=4)
    assert "The post-upgrade hook Job/breaks must succeed" in failed.out + failed.err
    with pytest.raises(AssertionError, match="rolled back due to rollback-on-failure"):
        helm(theirs, "upgrade", chart=str(two), name="hooky", values={}, rollback_on_failure=True)
    expected = their_traces.taken()
    assert [text for text in expected if text.startswith("delete")] == [
        "delete jobs/start",
        "delete jobs/breaks",
        "delete jobs/early",
    ]
    assert our_traces.taken() == expected
    found = {one["metadata"]["name"] for one in ours.objects("jobs")}
    assert found == {one["metadata"]["name"] for one in theirs.objects("jobs")} == {"late"}
    assert [one[1:] for one in history(ours, "hooky")] == [one[1:] for one in history(theirs, "hooky")]
    assert "Run the post-upgrade hook Job/breaks: its log" in json.dumps(ours.ask("evidence"))


def test_a_hook_before_the_removal_that_fails_removes_nothing(commands: Commands, tmp_path: Path) -> None:
    packed = tmp_path / "hooky-1.0.0.tgz"
    broken = {"kubebox.changeover.dev/fault": "job-fails"}
    packed.write_bytes(chart("1.0.0", [("Job", "bye", "pre-delete", 0, "hook-failed")], **broken))
    commands.run("install", str(packed), "--name", "hooky", *QUICK)
    failed = commands.run("uninstall", "--yes", expect=None)
    assert failed.code != 0
    assert "The pre-delete hook Job/bye must succeed" in failed.err
    assert "app" in {one["metadata"]["name"] for one in commands.objects("configmaps")}
    assert not commands.objects("jobs")
    commands.run("uninstall", "--yes", "--no-hooks", "--keep-history")
    assert "app" not in {one["metadata"]["name"] for one in commands.objects("configmaps")}
    assert history(commands, "hooky") == [(1, "uninstalled", "1.0.0")]
    commands.run("install", str(packed), "--name", "hooky", *QUICK)
    assert history(commands, "hooky") == [(1, "uninstalled", "1.0.0"), (2, "deployed", "1.0.0")]

    commands.kubectl("annotate", "configmap", "app", "helm.sh/resource-policy=keep")
    assert "keep    ConfigMap/app" in commands.run("uninstall", "--yes", "--no-hooks").out
    assert "app" in {one["metadata"]["name"] for one in commands.objects("configmaps")}


def test_a_job_among_manifests_that_shall_go_when_it_failed_leaves_its_log(commands: Commands, tmp_path: Path) -> None:
    marks = {"kots.io/hook-delete-policy": "hook-failed", "kots.io/wait-for-ready": "true"}
    spec = {"template": {"metadata": {"annotations": {"kubebox.changeover.dev/fault": "job-fails"}}, "spec": POD}}
    metadata = {"name": "breaks", "annotations": marks}
    raw = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"backoffLimit": 0} | spec}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(raw))
    commands.run("install", str(tmp_path), "--name", "app", *QUICK, expect=4)
    assert not commands.objects("jobs")
    assert "Wait for Job/breaks: its log" in json.dumps(commands.ask("evidence"))
