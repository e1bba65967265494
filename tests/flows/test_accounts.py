"""The accounts of the cluster on a real API server: what each may not is refused, and together they suffice."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from changeover import wiring
from changeover.actions.in_accounts import changing, planning
from changeover.actions.installations import CHANGEOVER
from changeover.channel.charts import ChartFailed, HelmCharts, Reach
from changeover.kube.connect import connect
from changeover.kube.lease import LEASE
from changeover.objects import Kind, Ref
from changeover.package import archive
from changeover.ports import ChartRequest, Refused
from changeover.settings import ACCOUNTS, DEPLOYER, ENGINE, OBSERVER
from tests.flows.commands import Commands
from tests.flows.workbench import QUICK, Workbench

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("simulated")]

OLD, NEW, BROKEN = "2022.09.2", "2022.10.2", "2022.10.3"
WINDOW = ("--strategy", "window", "--yes", *QUICK)
SECRET, DEPLOYMENT = Kind("v1", "Secret"), Kind("apps/v1", "Deployment")
OURS = ("changeovers", "installations", "leases", "events")


@pytest.fixture(scope="module")
def bench(lasting_workbench: Workbench) -> Workbench:
    """Installed by an administrator, who also gave the accounts what the next release needs."""
    lasting_workbench.install(OLD)
    folder = lasting_workbench.folder
    for version in (NEW, BROKEN):
        (folder / "rights.yaml").write_text(lasting_workbench.changeover.run("plan", "rbac", "--to", version).out)
        lasting_workbench.changeover.kubectl("apply", "-f", str(folder / "rights.yaml"))
    return lasting_workbench


def as_account(bench: Workbench, account: str) -> Commands:
    """The command line with nothing but the token of an account."""
    token = bench.changeover.kubectl("create", "token", account, "--duration=1h").strip()
    config = yaml.safe_load(Path(bench.changeover.kubeconfig).read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = bench.folder / f"{account}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return Commands(path, bench.changeover.namespace)


@pytest.fixture(scope="module")
def accounts(bench: Workbench) -> Mapping[str, Commands]:
    """Each of them."""
    return {account: as_account(bench, account) for account in ACCOUNTS}


def workload(bench: Workbench) -> str:
    """A Deployment of the application."""
    return str(bench.changeover.objects("deployments")[0]["metadata"]["name"])


def secrets(bench: Workbench) -> tuple[str, str]:
    """A Secret of ours and one of the application."""
    every = bench.changeover.objects("secrets")
    ours = [one["metadata"]["name"] for one in every if one["type"] == "changeover.dev/blob"]
    others = [
        one["metadata"]["name"]
        for one in every
        if not one["metadata"].get("labels", {}).keys() & {"changeover.dev/installation", "changeover.dev/console"}
    ]
    return ours[0], others[0]


def test_the_observer_sees_no_secret_and_changes_nothing(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    observer = accounts[OBSERVER]
    assert observer.objects("deployments")
    assert observer.objects("changeovers")
    ours, theirs = secrets(bench)
    for words in (("get", "secret", ours), ("get", "secret", theirs), ("get", "secrets")):
        observer.forbidden(*words)
    observer.forbidden("scale", "deployment", workload(bench), "--replicas=0")
    observer.forbidden("create", "configmap", "changeover-gate")
    observer.forbidden("patch", "installation", "workbench", "--type=merge", "-p", '{"spec":{"tier":"trial"}}')
    observer.forbidden("delete", "pod", "--all")
    observer.forbidden("get", "deployments", f"--as=system:serviceaccount:{observer.namespace}:{DEPLOYER}")


def test_the_engine_writes_only_its_own_books(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    engine, (ours, theirs) = accounts[ENGINE], secrets(bench)
    engine.forbidden("scale", "deployment", workload(bench), "--replicas=0")
    engine.forbidden("get", "deployments")
    engine.forbidden("create", "configmap", "changeover-gate")
    assert engine.kubectl("get", "secret", theirs, "-o", "name"), "Kubernetes' rights know no labels; the page says so"
    assert "only Changeover's own Secrets" in engine.forbidden("delete", "secret", theirs)
    assert "only Changeover's own Secrets" in engine.forbidden("create", "secret", "generic", "mine")
    taken = '{"metadata":{"labels":{"changeover.dev/installation":"workbench"}}}'
    engine.forbidden("patch", "secret", theirs, "--type=merge", "-p", taken)
    lost = '{"metadata":{"labels":{"changeover.dev/installation":null}}}'
    engine.forbidden("patch", "secret", ours, "--type=merge", "-p", lost)
    for other in (f"{engine.namespace}:default", f"kube-system:{DEPLOYER}"):
        engine.forbidden("get", "pods", f"--as=system:serviceaccount:{other}")
    engine.forbidden("get", "pods", "--as=admin", "--as-group=system:masters")


async def test_the_deployer_keeps_no_books(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    deployer, (ours, _) = accounts[DEPLOYER], secrets(bench)
    assert "no Secret of Changeover" in deployer.forbidden("delete", "secret", ours)
    deployer.forbidden("get", "pods", f"--as=system:serviceaccount:{deployer.namespace}:{ENGINE}")
    cluster, namespace = connect(str(deployer.kubeconfig), None, deployer.namespace)
    run, lease = Ref(CHANGEOVER, namespace, "workbench-1"), Ref(LEASE, namespace, "changeover-workbench")
    for attempt in (
        lambda: cluster.patch(run, {"status": {"verdict": "rolled back"}}, subresource="status"),
        lambda: cluster.patch(run, {"metadata": {"annotations": {"tried": "yes"}}}),
        lambda: cluster.patch(lease, {"spec": {"holderIdentity": "me"}}),
        lambda: cluster.delete(run, uid="any"),
    ):
        with pytest.raises(Refused) as told:
            await attempt()
        assert told.value.status == 403
    await cluster.close()


async def test_who_only_reads_is_refused_by_the_api_server_whatever_it_tries(
    bench: Workbench, accounts: Mapping[str, Commands]
) -> None:
    _, theirs = secrets(bench)
    where = {"kubeconfig": str(accounts[ENGINE].kubeconfig), "context": None}
    async with wiring.outside(**where, namespace=bench.changeover.namespace) as page:
        server, secret = Ref(DEPLOYMENT, page.namespace, workload(bench)), Ref(SECRET, page.namespace, theirs)
        live = await page.cluster.get(server)
        assert live is not None
        patch = {"metadata": {"annotations": {"tried": "yes"}}}
        for attempt in (
            lambda: page.cluster.get(secret),
            lambda: page.cluster.list(SECRET, namespace=page.namespace),
            lambda: page.cluster.patch(server, patch),
            lambda: page.cluster.patch(server, patch, dry_run=True),
            lambda: page.cluster.delete(server, uid=live.uid),
            lambda: page.cluster.execute(Ref(Kind("v1", "Pod"), page.namespace, "any"), ["true"]),
            lambda: planning(page).cluster.patch(server, patch),
        ):
            with pytest.raises(Refused) as told:
                await attempt()
            assert told.value.status == 403
        assert await planning(page).cluster.get(secret)
        await planning(page).cluster.patch(server, patch, dry_run=True)
        await changing(page).cluster.patch(server, patch)
        await changing(page).cluster.patch(server, {"metadata": {"annotations": {"tried": None}}})


@pytest.mark.skipif(importlib.util.find_spec("helm_python") is None, reason="pip install .[helm]")
async def test_a_chart_looks_up_a_secret_as_the_deployer(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    _, theirs = secrets(bench)
    look = f'name: {{{{ (lookup "v1" "Secret" .Release.Namespace "{theirs}").metadata.name }}}}\n'
    files = {"Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.0.0\n", "templates/a.yaml": look.encode()}
    request = ChartRequest(archive.pack(files, top="web"), "web", bench.changeover.namespace, {})
    where = {"kubeconfig": str(accounts[ENGINE].kubeconfig), "context": None}
    async with wiring.outside(**where, namespace=bench.changeover.namespace) as outside:
        assert f"name: {theirs}" in outside.charts.render(request).manifests
    with HelmCharts(reach=Reach(str(accounts[OBSERVER].kubeconfig))) as observing:
        with pytest.raises(ChartFailed, match="web") as told:
            observing.render(request)
        assert "forbidden" in str(told.value.found)


def test_a_right_that_is_missing_is_a_finding_of_the_plan(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    engine = accounts[ENGINE]
    binding = bench.changeover.kubectl("get", "rolebinding", "changeover-workbench-deployer", "-o", "yaml")
    bench.changeover.kubectl("delete", "rolebinding", "changeover-workbench-deployer")
    try:
        plan = engine.ask("plan", "--to", NEW, expect=None)
    finally:
        (bench.folder / "binding.yaml").write_text(binding)
        bench.changeover.kubectl("create", "-f", str(bench.folder / "binding.yaml"))
    (found,) = [one for one in plan["findings"] if one["reference"] == "missing-rights"]
    assert (found["severity"], f"create configmaps in {engine.namespace}" in found["found"]) == ("blocks", True)


def test_the_whole_journey_needs_nothing_but_the_accounts(bench: Workbench, accounts: Mapping[str, Commands]) -> None:
    engine, start = accounts[ENGINE], bench.cluster.audit_log.stat().st_size
    bench.people(3)
    bench.record()
    engine.run("update", NEW, *WINDOW)
    bench.whole_at(NEW)
    assert bench.nothing_lost() == {"saved": 3}
    engine.run("update", BROKEN, *WINDOW, expect=4)
    bench.whole_at(NEW)
    assert engine.ask("status")["runs"] == NEW
    engine.run("rollback", *WINDOW)
    bench.whole_at(OLD)
    for account, (resource, verb) in written(bench, start):
        assert (account == ENGINE) == (resource in OURS or resource.startswith("secret of ours")), (
            account,
            resource,
            verb,
        )


def written(bench: Workbench, start: int) -> Iterator[tuple[str, tuple[str, str]]]:
    """Who wrote what, as the API server's audit log has it since then."""
    ours = {one["metadata"]["name"] for one in bench.changeover.objects("secrets", "-l", "changeover.dev/installation")}
    prefix, seen = f"system:serviceaccount:{bench.changeover.namespace}:", set()
    with bench.cluster.audit_log.open() as log:
        log.seek(start)
        for event in map(json.loads, log):
            about = event.get("objectRef") or {}
            acting = (event.get("impersonatedUser") or event["user"])["username"]
            if acting.startswith(prefix + "changeover-") and event.get("responseStatus", {}).get("code", 500) < 300:
                resource = str(about.get("resource"))
                if resource == "secrets":
                    resource = "secret of ours" if about.get("name") in ours else "secret of the application"
                seen.add((acting.removeprefix(prefix), (resource, str(event["verb"]))))
    assert {account for account, _ in seen} == {ENGINE, DEPLOYER}, "and the observer writes nothing"
    yield from sorted(seen)
