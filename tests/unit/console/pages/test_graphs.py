"""The package's graphs are drawn from a Prometheus of the operator's, and its troubles stay in their place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from changeover.console.drawing import amount
from changeover.kube.http import UserHttp
from tests.unit.console.pages.furnished import Furnished
from tests.unit.console.pages.test_update import HELD, channel

GRAPHS = [
    {"title": "Sessions <b>", "query": "sessions", "legend": "of {{ node }}", "durationSeconds": 600},
    {"title": "Memory", "queries": [{"query": "memory", "legend": ""}], "yAxisFormat": "bytes"},
    {"title": "Wrong", "query": "wrong("},
    {"title": "Empty", "query": "nothing"},
    {"title": "Garbage", "query": "garbage"},
]


class Prometheus(BaseHTTPRequestHandler):
    """Answers as the documented API does."""

    def do_GET(self) -> None:
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        begins = float(said["start"])
        assert self.path.startswith("/prom/api/v1/query_range?")
        values = [[begins, "1"], [begins + 60, "3"], [begins + 120, "NaN"], [begins + 180, "2"]]
        answers = {
            "sessions": [{"metric": {"node": "<i>a"}, "values": values}, {"metric": {"node": "b"}, "values": values}],
            "memory": [{"metric": {"__name__": "m", "pod": "x"}, "values": [[begins, str(3 * 2**19)]]}],
            "nothing": [],
        }
        query = said["query"]
        told = {"status": "success", "data": {"resultType": "matrix", "result": answers.get(query)}}
        body = json.dumps(told).encode() if query in answers else b"]["
        if query == "wrong(":
            body = json.dumps({"status": "error", "error": "unclosed left parenthesis"}).encode()
        self.send_response(400 if query == "wrong(" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def prometheus() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/prom/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    folder = channel(tmp_path / "desk")
    path = folder / "1.0.0" / "app.yaml"
    application = yaml.safe_load(path.read_text())
    application["spec"]["graphs"] = GRAPHS
    path.write_text(yaml.safe_dump(application))
    made = Furnished(folder, HELD)
    object.__setattr__(made.outside, "http", UserHttp())
    return made


def test_graphs_are_drawn_from_the_operators_prometheus(desk: Furnished, prometheus: str) -> None:
    ada = desk.client("ada")
    assert 'hx-get="/graphs"' in ada.get("/").text
    assert "name no Prometheus" in ada.get("/graphs").text
    assert ada.post("/settings", data={"prometheus": prometheus}).status_code == 303
    page = ada.get("/graphs").text
    assert "Sessions &lt;b&gt;" in page
    assert "of &lt;i&gt;a: 2 now, 1 to 3; of b: 2 now, 1 to 3" in page
    assert 'd="M0.0,93.3 L60.0,0.0 L180.0,46.7"' in page, "from zero to the most; what is no number is left out"
    assert "1.5 MiB" in page
    assert "Nothing to draw: unclosed left parenthesis." in page
    assert page.count("knows nothing of it") == 2
    part = ada.get("/graphs", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert part.count('<svg class="chart"') == 2


def test_a_prometheus_that_is_away_is_said_to_be(desk: Furnished) -> None:
    ada = desk.client("ada")
    ada.post("/settings", data={"prometheus": "http://127.0.0.1:1"})
    page = ada.get("/graphs")
    assert page.status_code == 200
    assert page.text.count("Nothing to draw: ConnectError") == len(GRAPHS)


@pytest.mark.parametrize(
    ("value", "axis", "said"),
    [
        (1536, "bytes", "1.5 KiB"),
        (0.125, "percentunit", "12.5 %"),
        (12.5, "percent", "12.5 %"),
        (0.3333, "", "0.333"),
        (12345, "", "12.3 k"),
        (-2e9, "short", "-2 G"),
    ],
)
def test_numbers_have_their_unit(value: float, axis: str, said: str) -> None:
    assert amount(value, axis) == said
