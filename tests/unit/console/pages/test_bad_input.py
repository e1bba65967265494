"""Anything at all, sent to every page and form by somebody who may: never a fault of ours, never another's markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def paths(desk: Furnished, method: str) -> list[str]:
    routes = [route for page in PAGES for route in page.routes(desk.room)]
    return [route.path for route in routes if method in (route.methods or ()) and route.path != "/logout"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_form_of_anything_is_answered(desk: Furnished, data: st.DataObject) -> None:
    desk.time += 100_000
    client = desk.client("ada")
    path = data.draw(st.sampled_from(paths(desk, "POST")))
    path = path.replace("{name}", data.draw(st.sampled_from(["vera", "nobody", "%00", "..%2f..", "%3Cscript%3E"])))
    form = data.draw(FORMS)
    answer = client.post(path, data=form)
    assert answer.status_code < 500, (path, form)
    assert "<script>alert(1)" not in answer.text
    assert "set-cookie" not in answer.headers or path in ("/look", "/login")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_question_of_anything_is_answered(desk: Furnished, data: st.DataObject) -> None:
    desk.time += 100_000
    client = desk.client("ada")
    path = data.draw(st.sampled_from(paths(desk, "GET"))).replace("{kind}", data.draw(st.sampled_from(["csv", "x"])))
    words = data.draw(
        st.dictionaries(st.sampled_from(["words", "result", "page", "next", "told", "to"]), ODD, max_size=4)
    )
    answer = client.get(path, params=words)
    assert answer.status_code < 500, (path, words)
    if answer.headers["content-type"].startswith("text/html"):
        assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize("path", ["/config", "/config/import", "/users", "/account", "/login", "/look"])
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
@pytest.mark.parametrize("token", ["with a token", ""])
def test_a_broken_body_is_refused_without_a_fault(
    desk: Furnished, path: str, kind: str, body: bytes, token: str
) -> None:
    desk.time += 100_000
    client = desk.client("ada")
    if not token:
        del client.headers["x-csrf-token"]
    answer = client.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code < 500
    if not token and path != "/login":
        assert answer.status_code in (400, 403, 413)
    assert desk.saved().values == {}


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
def test_paths_lead_nowhere_else(desk: Furnished, path: str) -> None:
    desk.time += 100_000
    client = desk.client("ada")
    for method in ("GET", "POST", "PUT", "DELETE", "TRACE", "HEAD", "PROPFIND"):
        answer = client.build_request(method, HOME + path)
        found = client.send(answer)
        assert found.status_code < 500
        assert "root:" not in found.text
        assert "evil.example" not in found.headers.get("location", "")
