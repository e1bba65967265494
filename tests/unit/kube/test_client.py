"""What is sent again and what never is: reads and dry runs patiently, writes once."""

import asyncio
import json
from collections.abc import Callable

import httpx2
import pytest

from changeover.kube import client as module
from changeover.kube.client import KubeCluster
from changeover.objects import Kind, KubeObject, Ref
from changeover.ports import Busy, ClusterProblem, Unreachable

CONFIG_MAP = Kind("v1", "ConfigMap")
ONE = Ref(CONFIG_MAP, "home", "one")
OBJECT = KubeObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "home"}})
LISTING = {
    "items": [
        {
            "metadata": {"name": ""},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {"resource": "configmaps", "scope": "Namespaced", "responseKind": {"kind": "ConfigMap"}}
                    ],
                }
            ],
        }
    ]
}


class Server:
    """Answers each request by the next of `answers`: a status, or an exception."""

    def __init__(self, *answers: int | type[Exception] | dict[str, object]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path in ("/api", "/apis"):
            return httpx2.Response(200, json=LISTING if request.url.path == "/api" else {})
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, dict):
            return httpx2.Response(200, json=answer)
        if not isinstance(answer, int):
            raise answer("cut")
        return httpx2.Response(answer, json=dict(OBJECT.raw) if answer == 200 else {})


def cluster(server: Callable[[httpx2.Request], httpx2.Response]) -> KubeCluster:
    return KubeCluster(httpx2.AsyncClient(transport=httpx2.MockTransport(server), base_url="http://server"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACK_OFF", (0.0, 0.0, 0.0, 0.0))


TROUBLE = (503, httpx2.ReadError, 429, httpx2.ConnectTimeout)


async def test_reads_and_dry_runs_are_repeated() -> None:
    reading = Server(*TROUBLE)
    found = await cluster(reading).get(ONE)
    assert found is not None
    assert found.name == "one"
    assert len(reading.asked) == 5
    trying = Server(*TROUBLE)
    await cluster(trying).apply(OBJECT, dry_run=True)
    assert len(trying.asked) == 5


async def test_reads_end_too() -> None:
    with pytest.raises(Unreachable):
        await cluster(Server(*[httpx2.ReadError] * 9)).get(ONE)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(503, Busy), (500, Busy), (httpx2.ReadError, Unreachable), (httpx2.ReadTimeout, Unreachable)],
)
async def test_a_write_of_unknown_outcome_is_not_repeated(
    answer: int | type[Exception], problem: type[ClusterProblem]
) -> None:
    for act in ("create", "apply", "patch", "delete"):
        server = Server(answer)
        connected = cluster(server)
        with pytest.raises(problem):
            await {
                "create": lambda one: one.create(OBJECT),
                "apply": lambda one: one.apply(OBJECT),
                "patch": lambda one: one.patch(ONE, {}),
                "delete": lambda one: one.delete(ONE, uid="u"),
            }[act](connected)
        assert len(server.asked) == 1, act


async def test_a_write_that_was_turned_away_is_sent_again() -> None:
    server = Server(429, 429)
    await cluster(server).create(OBJECT)
    assert len(server.asked) == 3


async def test_a_write_ends_within_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.05)

    class Silent(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path in ("/api", "/apis"):
                return httpx2.Response(200, json=LISTING if request.url.path == "/api" else {})
            await asyncio.sleep(60)
            raise AssertionError

    connected = KubeCluster(httpx2.AsyncClient(transport=Silent(), base_url="http://server"))
    with pytest.raises(Unreachable):
        await connected.patch(ONE, {})


async def test_every_write_names_its_manager_and_is_strict() -> None:
    server = Server()
    connected = cluster(server)
    await connected.create(OBJECT)
    await connected.apply(OBJECT, force=False)
    await connected.patch(ONE, [{"op": "test", "path": "/a", "value": 1}])
    await connected.delete(ONE, uid="u", propagation="Orphan", grace_seconds=0)
    assert all(one.url.params["fieldManager"] == "changeover" for one in server.asked[:3])
    assert all(one.url.params["fieldValidation"] == "Strict" for one in server.asked[:3])
    assert server.asked[1].url.params["force"] == "false"
    assert server.asked[1].headers["content-type"] == "application/apply-patch+yaml"
    assert server.asked[2].headers["content-type"] == "application/json-patch+json"
    deletion = json.loads(server.asked[3].content)
    assert deletion == {"preconditions": {"uid": "u"}, "propagationPolicy": "Orphan", "gracePeriodSeconds": 0}


async def test_an_expired_list_begins_again() -> None:
    page = {"items": [{"metadata": {"name": "a"}}], "metadata": {"continue": "next"}}
    whole = {"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}], "metadata": {}}
    found = await cluster(Server(page, 410, whole)).list(CONFIG_MAP, namespace="home")
    assert [one.name for one in found] == ["a", "b"]
