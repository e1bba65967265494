"""Anything at all, sent to every page and form by somebody who may: never a fault of ours, never another's markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from changeover.console.app import PAGES
from tests.unit.console.pages.furnished import HOME, Furnished
from tests.unit.console.pages.questions import publish

ODD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["\x00", "../../etc/passwd", "<script>alert(1)</script>", "{{7*7}}", "%0d%0aSet-Cookie: a=b", "-1", "NaN"]
    ),
)
FIELDS = (
    "name",
    "role",
    "typed",
    "old",
    "new",
    "again",
    "theme",
    "text",
    "file",
    "agreed",
    "replace",
    "csrf",
    "password",
)
ASKED = ("a.host", "a.password", "b.tls", "m.editors", "c.web", "u.host", "r.mirror-1", "n.mirror", "f.cert", "a.size")
FORMS = st.dictionaries(st.one_of(st.sampled_from(FIELDS + ASKED), ODD), ODD, max_size=8)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return Furnished(publish(Path(tmp_path_factory.mktemp("desk")) / "desk"), {"host": "a.example"})


@pytest.fixture(scope="module")
def both(desk: Furnished) -> tuple[TestClient, TestClient]:
    """Two browsers of one person, signed in before anybody fails to."""
    return desk.client("ada"), desk.client("ada")


@pytest.fixture(scope="module")
def ada(both: tuple[TestClient, TestClient]) -> TestClient:
    return both[0]


@pytest.fixture(scope="module")
def tokenless(both: tuple[TestClient, TestClient]) -> TestClient:
    both[1].headers.pop("x-csrf-token", None)
    return both[1]


def paths(desk: Furnished, method: str) -> list[str]:
    routes = [route for page in PAGES for route in page.routes(desk.room)]
    return [route.path for route in routes if method in (route.methods or ()) and route.path != "/logout"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_form_of_anything_is_answered(desk: Furnished, ada: TestClient, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(desk, "POST")))
    path = path.replace("{name}", data.draw(st.sampled_from(["vera", "nobody", "%00", "..%2f..", "%3Cscript%3E"])))
    form = data.draw(FORMS)
    answer = ada.post(path, data=form)
    assert answer.status_code < 500, (path, form)
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert "<script>alert(1)" not in answer.text
    assert "set-cookie" not in answer.headers or path in ("/look", "/login")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_question_of_anything_is_answered(desk: Furnished, ada: TestClient, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(desk, "GET"))).replace("{kind}", data.draw(st.sampled_from(["csv", "x"])))
    words = data.draw(
        st.dictionaries(st.sampled_from(["words", "result", "page", "next", "told", "to"]), ODD, max_size=4)
    )
    answer = ada.get(path, params=words)
    assert answer.status_code < 500, (path, words)
    if answer.headers["content-type"].startswith("text/html"):
        assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 2_000_000,
        ),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(6000))),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%zz&=&==&a"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"a=1"),
        ("application/json", b'{"a": 1}'),
        ("", b"\x00\x01"),
    ],
)
def test_a_broken_body_is_refused_without_a_fault(
    desk: Furnished, ada: TestClient, tokenless: TestClient, kind: str, body: bytes
) -> None:
    before = desk.saved()
    for path in ("/config", "/config/import", "/users", "/account", "/login", "/look"):
        assert ada.post(path, content=body, headers={"content-type": kind}).status_code < 500, path
        refused = tokenless.post(path, content=body, headers={"content-type": kind}).status_code
        assert refused in (400, 403, 413) or (path == "/login" and refused < 500), path
    assert desk.saved() == before


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/app.py",
        "/..%2fconfig",
        "//evil.example/",
        "/users/..%2f..%2faudit/remove",
        "/config/%00",
    ],
)
def test_paths_lead_nowhere_else(ada: TestClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "TRACE", "HEAD", "PROPFIND"):
        found = ada.request(method, HOME + path)
        assert found.status_code < 500
        assert "root:" not in found.text
        assert "evil.example" not in found.headers.get("location", "")
