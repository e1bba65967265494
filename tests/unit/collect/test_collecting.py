"""What each collector writes, and that one which hangs, is forbidden or brings too much spoils nothing else."""

import asyncio
import base64
import datetime as dt
import io
import json
import tarfile
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from changeover.collect import facts, logs, running
from changeover.collect.collecting import ClusterCollecting
from changeover.ports import Answer, Bounds, Collected, Collector
from tests.unit.collect.fakes import World, namespaces, pod

QUICK = Bounds(seconds=0.3)


def collect(world: World, *collectors: Collector, bounds: Bounds = QUICK, told: list[str] | None = None) -> Collected:
    collecting = ClusterCollecting(world, world, namespace="home", find_images=world.find_images)  # type: ignore[arg-type]
    return asyncio.run(collecting(collectors, bounds=bounds, tell=(told if told is not None else []).append))


def states(done: Collected) -> dict[str, tuple[str, str]]:
    return {one.title: (one.state, one.reason) for one in done.fetched}


def document(done: Collected, path: str) -> Any:
    return json.loads(done.files[path])


def test_the_version() -> None:
    done = collect(World(), Collector("clusterInfo", {}))
    assert document(done, "cluster-info/cluster_version.json") == {
        "info": {"gitVersion": "v1.36.2", "major": "1"},
        "string": "v1.36.2",
    }


def test_resources_stand_where_analyzers_look() -> None:
    world = World(*namespaces("home", "other"), pod("well"), pod("sick", ready=False))
    world.paths["pods/sick/log"] = b"it broke\n"
    done = collect(world, Collector("clusterResources", {"namespaces": ["home"]}))
    pods = document(done, "cluster-resources/pods/home.json")
    assert (pods["kind"], [one["metadata"]["name"] for one in pods["items"]]) == ("PodList", ["well", "sick"])
    assert "managedFields" not in done.files["cluster-resources/pods/home.json"].decode()
    assert b'\n      "kind": "Pod"' in done.files["cluster-resources/pods/home.json"], "indented as Go does"
    assert [one["metadata"]["name"] for one in document(done, "cluster-resources/namespaces.json")["items"]] == ["home"]
    assert done.files["cluster-resources/pods/logs/home/sick/main.log"] == b"it broke\n"
    assert not any("/logs/home/well/" in path for path in done.files)
    assert {"nodes", "storage-classes", "custom-resource-definitions", "groups", "resources"} <= {
        path.removeprefix("cluster-resources/").removesuffix(".json") for path in done.files
    }
    assert document(done, "cluster-resources/events/home.json")["items"] == []


def test_what_is_forbidden_is_named_and_the_rest_is_there() -> None:
    world = World(*namespaces("home"), pod("well"))
    world.forbidden = {"Node", "Event"}
    done = collect(world, Collector("clusterResources", {}))
    assert states(done) == {"clusterResources": ("done", "")}
    assert "cluster-resources/nodes.json" not in done.files
    assert "forbidden" in document(done, "cluster-resources/nodes-errors.json")[0]
    assert "forbidden" in document(done, "cluster-resources/events-errors.json")["home"]
    assert "cluster-resources/pods/home.json" in done.files


def test_all_namespaces_are_read_at_once_or_else_one_by_one() -> None:
    world = World(*namespaces("a", "b", "c"), pod("x", "a"), pod("y", "c"))
    world.forbidden = {"Pod/", "Pod/b"}
    done = collect(world, Collector("clusterResources", {}))
    found = {name: f"cluster-resources/pods/{name}.json" in done.files for name in "abc"}
    assert found == {"a": True, "b": False, "c": True}
    assert document(done, "cluster-resources/jobs/b.json")["items"] == []


def test_custom_resources_and_pull_secrets() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Thing"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "storage": True, "served": True}],
        },
    }
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t", "namespace": "home"}}
    login = base64.b64encode(b'{"auths": {"registry.example.com": {"password": "hunter2"}}}').decode()
    pull = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pull", "namespace": "home"},
        "data": {".dockerconfigjson": login},
    }
    done = collect(World(*namespaces("home"), crd, thing, pull), Collector("clusterResources", {}))
    assert document(done, "cluster-resources/custom-resources/things.example.com/home.json") == [thing]
    assert document(done, "cluster-resources/image-pull-secrets/home/pull.json") == {"registry.example.com": ""}
    assert not any(b"hunter2" in content for content in done.files.values())


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "home", "labels": {"app": "x"}},
    "data": {"key": base64.b64encode(b"value").decode()},
}


@pytest.mark.parametrize(
    ("spec", "path", "expected"),
    [
        ({"name": "s", "key": "key"}, "secrets/home/s/key.json", {"secretExists": True, "keyExists": True}),
        ({"name": "s", "key": "no"}, "secrets/home/s/no.json", {"secretExists": True, "keyExists": False}),
        ({"name": "no"}, "secrets/home/no.json", {"secretExists": False, "keyExists": False}),
        ({"name": "s", "key": "key", "includeValue": True}, "secrets/home/s/key.json", {"value": "value"}),
        ({"selector": ["app=x"]}, "secrets/home/s.json", {"name": "s", "namespace": "home"}),
    ],
)
def test_secrets(spec: dict[str, Any], path: str, expected: dict[str, Any]) -> None:
    told = document(collect(World(SECRET), Collector("secret", spec)), path)
    assert expected.items() <= told.items()
    assert ("value" in told) is ("value" in expected)


def test_config_maps_with_all_their_data() -> None:
    raw = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "home"}, "data": {"a": "1"}}
    done = collect(World(raw), Collector("configMap", {"name": "c", "includeAllData": True}))
    assert document(done, "configmaps/home/c.json")["data"] == {"a": "1"}


def test_logs_are_under_both_paths_and_within_limits() -> None:
    world = World(pod("one"))
    world.paths["pods/one/log"] = b"line\n"
    spec = {"name": "server", "selector": ["app=x"], "limits": {"maxLines": 5, "sinceTime": "2026-01-01T00:00:00Z"}}
    done = collect(world, Collector("logs", spec))
    assert done.files["server/one/main.log"] == b"line\n"
    assert done.files["cluster-resources/pods/logs/home/one/main.log"] == b"line\n"
    assert world.queries[0]["tailLines"] == "5"
    assert world.queries[0]["sinceTime"] == "2026-01-01T00:00:00Z"


def test_an_age_becomes_a_time() -> None:
    class Asking:
        collector = Collector("logs", {"limits": {"maxAge": "720h"}})

    now = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    assert logs.limits(Asking(), now=now)["sinceTime"] == "2026-01-01T00:00:00Z"  # type: ignore[arg-type]


def test_a_log_that_cannot_be_read_is_told() -> None:
    done = collect(World(pod("one")), Collector("logs", {"selector": "app=x"}))
    assert "404" in done.files["one/main-logs-errors.log"].decode()


def test_commands_in_pods() -> None:
    world = World(pod("one"))
    world.commands["true"] = (1, b"out", b"err")
    spec = {"name": "e", "collectorName": "own", "selector": ["app=x"], "command": ["true"], "args": ["x"]}
    done = collect(world, Collector("exec", spec))
    assert done.files["e/home/one/own-stdout.txt"] == b"out"
    assert done.files["e/home/one/own-stderr.txt"] == b"err"
    assert document(done, "e/home/one/own-errors.json") == ["command terminated with exit code 1"]


def test_a_command_that_hangs_is_cut_off() -> None:
    world = World(pod("one"))
    world.hanging.add("sleep")
    spec = {"name": "e", "selector": ["app=x"], "command": ["sleep"], "timeout": "50ms"}
    assert document(collect(world, Collector("exec", spec)), "e/home/one-errors.json") == ["not finished after 0.05 s"]


def test_files_are_copied_by_tar() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("log/x.txt")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"hello"))
    world = World(pod("one"))
    world.commands["tar"] = (0, packed.getvalue(), b"")
    spec = {"name": "c", "selector": ["app=x"], "containerPath": "/var/log", "containerName": "main"}
    assert collect(world, Collector("copy", spec)).files["c/home/one/main/var/log/x.txt"] == b"hello"


def test_an_archive_that_leads_outside_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"), io.BytesIO())
    world = World(pod("one"))
    world.commands["tar"] = (0, packed.getvalue(), b"")
    done = collect(world, Collector("copy", {"name": "c", "selector": ["app=x"], "containerPath": "/var/log"}))
    assert list(done.files) == ["c/home/one-errors.json"]


def test_a_pod_is_run_and_removed() -> None:
    world = World()
    world.paths["/log"] = b"connection: ok\n"
    spec = {"name": "db", "collectorName": "database", "image": "busybox", "args": ["x"], "command": ["sh"]}
    done = collect(world, Collector("run", spec), bounds=Bounds(seconds=5))
    assert done.files["db/database.log"] == b"connection: ok\n"
    assert [one.raw["spec"] for one in world.created] == [
        {
            "containers": [{"name": "collector", "image": "busybox", "command": ["sh"], "args": ["x"]}],
            "restartPolicy": "Never",
            "activeDeadlineSeconds": 2,
        }
    ]
    assert [one.name for one in world.deleted] == [world.created[0].name]
    assert "x" not in json.loads(done.files["db/database.json"]), "arguments may hold passwords"


def test_a_pod_of_several_containers_has_a_log_each() -> None:
    world = World()
    world.paths["/log"] = b"x"
    two = {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}], "restartPolicy": "OnFailure"}
    done = collect(world, Collector("runPod", {"name": "p", "podSpec": two}), bounds=Bounds(seconds=5))
    assert {"p/p/a.log", "p/p/b.log"} <= set(done.files)
    assert world.created[0].get("spec", "restartPolicy") == "Never"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}, "ImagePullBackOff"),
        ({"conditions": [{"type": "PodScheduled", "status": "False", "message": "no node"}]}, "no node"),
    ],
)
def test_a_pod_that_cannot_start_says_why(status: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    create = world.create
    monkeypatch.setattr(running, "MARGIN", 0.1)

    async def pending(obj: Any, **more: Any) -> Any:
        made = await create(obj, **more)
        made.raw["status"].update({"phase": "Pending", **status})  # type: ignore[index]
        return made

    world.create = pending  # type: ignore[method-assign]
    done = collect(world, Collector("run", {"name": "r", "image": "i"}), bounds=Bounds(seconds=0.4))
    assert why in states(done)["run/r"][1]
    assert world.deleted


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            Answer(200, b'{"a": 1}'),
            {"response": {"status": 200, "body": '{"a": 1}', "headers": {}, "raw_json": {"a": 1}}},
        ),
        (Answer(0, error="no route"), {"error": {"message": "no route"}}),
    ],
)
def test_a_request(answer: Answer, expected: Any) -> None:
    world = World()
    world.answer = answer
    done = collect(world, Collector("http", {"collectorName": "web", "get": {"url": "http://x"}}))
    assert document(done, "http/web.json") == expected


def test_data_as_the_spec_says_it() -> None:
    spec = {"name": "notes", "collectorName": "a.txt", "data": "hello"}
    assert collect(World(), Collector("data", spec)).files == {"notes/a.txt": b"hello"}


def test_certificates_without_their_keys() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number()).not_valid_before(begin)
    made = builder.not_valid_after(begin.replace(year=2021)).sign(key, hashes.SHA256())
    pem = made.public_bytes(serialization.Encoding.PEM)
    data = {"tls.crt": base64.b64encode(pem).decode(), "tls.key": base64.b64encode(b"PRIVATE").decode()}
    world = World({**SECRET, "data": data})
    spec = {"secrets": [{"name": "s", "namespaces": ["home"]}, {"name": "no"}]}
    first, second = document(collect(world, Collector("certificates", spec)), "certificates/certificates.json")
    chain = first["certificateChain"][0]
    assert (chain["subject"], chain["notAfter"]) == ("CN=example.com", "2021-01-01T00:00:00Z")
    assert (chain["isValid"], chain["isCA"]) == (False, False)
    assert second["errors"] == ["Secret/no is not there"]


def test_one_that_hangs_leaves_what_it_had_and_the_others_are_done() -> None:
    world = World(*namespaces("home"), pod("one"))
    world.hanging = {"CronJob"}
    told: list[str] = []
    done = collect(world, Collector("clusterResources", {}), Collector("data", {"name": "d"}), told=told)
    assert states(done) == {"clusterResources": ("partial", "not finished after 0.3 s"), "data/d": ("done", "")}
    assert "cluster-resources/nodes.json" in done.files
    assert document(done, "collector-errors/clusterResources-error.json") == ["not finished after 0.3 s"]
    assert "clusterResources: partial, not finished after 0.3 s" in told


def test_one_that_brings_too_much_is_cut() -> None:
    done = collect(World(), Collector("data", {"name": "d", "data": "x" * 100}), bounds=Bounds(bytes=10))
    assert states(done)["data/d"][0] == "partial"
    assert done.files["d"] == b"x" * 10


def test_what_is_not_allowed_or_not_known_is_named() -> None:
    world = World()
    world.forbidden = {"create pods"}
    done = collect(world, Collector("run", {"name": "r", "image": "i"}), Collector("teleport", {"name": "t"}))
    assert states(done) == {
        "run/r": ("skipped", "no right to create pods in home"),
        "teleport/t": ("skipped", "not supported"),
    }
    assert [one["collector"] for one in document(done, "skipped-collectors.json")] == ["run/r", "teleport/t"]
    assert not world.created


@pytest.mark.parametrize(
    "collector",
    [
        Collector("exec", {"selector": ["app=x"]}),
        Collector("logs", {}),
        Collector("secret", {}),
        Collector("copy", {"selector": "app=x", "containerPath": "relative"}),
        Collector("http", {}),
        Collector("http", {"get": {"url": "https://x", "insecureSkipVerify": True}}),
        Collector("runPod", {"podSpec": {}}),
        Collector("logs", {"selector": "app=x", "limits": "many"}),
        Collector("certificates", {"secrets": ["s"]}),
    ],
)
def test_a_spec_that_says_too_little_fails_alone(collector: Collector) -> None:
    done = collect(World(pod("one")), collector)
    assert [one.state for one in done.fetched] == ["failed"]


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30), ("1h30m", 5400), ("250ms", 0.25), ("", 7), ("soon", 7), ("12", 12), (None, 7)]
)
def test_durations(written: object, seconds: float) -> None:
    assert facts.seconds_of(written, 7) == seconds
