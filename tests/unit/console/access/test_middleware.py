"""Attacks on the console's gate, each as an attacker would try it."""

import asyncio
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from changeover.actions.accounts import Role
from changeover.console.access.limits import Limits, bounded
from changeover.console.access.refusal import Refusal
from changeover.console.access.sessions import IDLE_SECONDS, LONGEST_SECONDS
from tests.unit.console.access.gated import HOME, PASSWORD, TABLE, Gated

FORM = {"content-type": "application/x-www-form-urlencoded"}


def tried(client: TestClient, name: str, password: str = "wrong") -> int:
    return client.post("/login", data={"name": name, "password": password}).status_code


# --- signing in ------------------------------------------------------------------------------------------------------


def test_a_page_is_only_for_who_signed_in() -> None:
    gated = Gated()
    answer = gated.client().get("/config?group=mail")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fconfig%3Fgroup%3Dmail")
    assert gated.client().get("/api/v1/status").status_code == 401
    assert gated.client().get("/events", headers={"accept": "text/event-stream"}).status_code == 401
    assert gated.client().get("/config", headers={"hx-request": "true"}).headers["hx-redirect"] == "/login"
    assert gated.signed_in("vera").get("/config").json()["who"] == "vera"


def test_a_guesser_waits_longer_each_time_and_then_a_quarter_of_an_hour() -> None:
    gated, client = Gated(), Gated().client()
    client = gated.client()
    tries = 0
    for _ in range(3600):  # an hour of trying every second
        tries += client.post("/login", data={"name": "ada", "password": f"guess-{tries}"}).json()["wait"] > 0
        before = asyncio.run(gated.guard.attempts.wait("name ada 1"))
        gated.time += 1
        if before >= 800:
            break
    assert asyncio.run(gated.guard.attempts.left("name ada 1")) == 0
    assert tried(client, "ada", PASSWORD) == 401, "even the right one waits"
    gated.time += 15 * 60
    assert tried(client, "ada", PASSWORD) == 303


def test_failures_do_not_tell_whether_a_name_exists() -> None:
    gated = Gated()
    known = gated.client().post("/login", data={"name": "ada", "password": "wrong"})
    unknown = gated.client().post("/login", data={"name": "nobody", "password": "wrong"})
    assert known.json() == unknown.json()
    assert [entry.who for entry in gated.log] == ["ada", "?"], "a mistyped name may be a password"


def test_many_names_from_one_place_are_as_slow_as_one_name() -> None:
    gated = Gated()
    client = gated.client()
    for number in range(10):
        gated.time += 100
        assert tried(client, f"user{number}") == 401
    assert client.post("/login", data={"name": "vera", "password": PASSWORD}).json()["wait"] > 600


def test_a_reset_password_ends_the_lock_out() -> None:
    gated = Gated()
    for _ in range(10):
        asyncio.run(gated.guard.attempts.begin("name ada 1"))
        gated.time += 60
    assert tried(gated.client(), "ada", PASSWORD) == 401
    gated.accounts["ada"] = replace(gated.accounts["ada"], epoch=2)
    assert tried(gated.client(), "ada", PASSWORD) == 303


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/ /evil.example",
        "///evil.example",
        "/login?next=/",
    ],
)
def test_signing_in_leads_to_no_other_site(address: str) -> None:
    answer = Gated().client().post("/login", params={"next": address}, data={"name": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_signing_in_leads_back_to_the_page_asked_for() -> None:
    answer = (
        Gated()
        .client()
        .post("/login", params={"next": "/config?group=mail"}, data={"name": "ada", "password": PASSWORD})
    )
    assert answer.headers["location"] == "/config?group=mail"


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_session_that_somebody_fixed_beforehand_is_not_used() -> None:
    gated = Gated()
    attacker, victim = gated.signed_in("vera"), gated.client()
    planted = attacker.cookies["changeover"]
    form = {"name": "ada", "password": PASSWORD}
    own = {"cookie": f"changeover={planted}", "x-csrf-token": attacker.headers["x-csrf-token"]}
    answer = victim.post("/login", data=form, headers=own)
    assert answer.status_code == 303
    assert planted not in answer.headers["set-cookie"], "another one was made"
    assert attacker.get("/config").status_code == 303, "and the planted one is over"


def test_what_the_server_keeps_of_a_session_opens_nothing() -> None:
    gated = Gated()
    client = gated.signed_in("ada")
    kept = next(iter(asyncio.run(gated.shelf.read())))
    assert client.cookies["changeover"] != kept
    thief = gated.client()
    thief.cookies.set("changeover", kept)
    assert thief.get("/config").status_code == 303


def test_a_stolen_session_ends_with_signing_out() -> None:
    gated = Gated()
    owner, thief = gated.signed_in("ada"), gated.client()
    thief.cookies.set("changeover", owner.cookies["changeover"])
    assert thief.get("/config").status_code == 200, "whoever has the cookie is in"
    assert owner.post("/logout").status_code == 303
    assert thief.get("/config").status_code == 303


@pytest.mark.parametrize("what", ["password", "role", "removed"])
def test_changing_an_account_ends_its_sessions(what: str) -> None:
    gated = Gated()
    client = gated.signed_in("olaf")
    changed = gated.accounts.pop("olaf")
    if what != "removed":
        gated.accounts["olaf"] = replace(changed, role=Role.VIEWER, epoch=2)
    assert client.get("/config").status_code == 303


def test_a_session_ends_when_unused_and_after_half_a_day() -> None:
    gated = Gated()
    idle, busy = gated.signed_in("vera"), gated.signed_in("ada")
    gated.time += IDLE_SECONDS - 1
    assert idle.get("/config").status_code == 200
    gated.time += IDLE_SECONDS + 1
    assert idle.get("/config").status_code == 303
    busy = gated.signed_in("ada")
    for _ in range(LONGEST_SECONDS // 1000):
        gated.time += 1000
        assert busy.get("/config").status_code == 200
    gated.time += 1000
    assert busy.get("/config").status_code == 303


def test_the_cookie_is_out_of_reach() -> None:
    gated = Gated(public=("https://console.example.com",))
    https = gated.client("https://console.example.com").post("/login", data={"name": "ada", "password": PASSWORD})
    cookie = https.headers["set-cookie"].lower()
    assert cookie.startswith("__host-changeover=")
    assert {"httponly", "samesite=strict", "secure", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "domain" not in cookie
    plain = gated.client().post("/login", data={"name": "ada", "password": PASSWORD}).headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict"} <= {part.strip() for part in plain.split(";")}


def test_one_person_has_a_bounded_number_of_sessions() -> None:
    gated = Gated()
    first = gated.signed_in("ada")
    for _ in range(10):
        gated.time += 1
        gated.signed_in("ada")
    assert first.get("/config").status_code == 303
    assert asyncio.run(gated.guard.sessions.count_of("ada")) == 10


# --- foreign pages ---------------------------------------------------------------------------------------------------


def test_a_form_without_the_sessions_token_changes_nothing() -> None:
    gated = Gated()
    client = gated.signed_in("olaf")
    own = client.headers.pop("x-csrf-token")
    other = gated.signed_in("ada").headers["x-csrf-token"]
    assert client.post("/config", data={"a": "1"}).status_code == 403
    assert client.post("/config", data={"a": "1", "csrf": other}).status_code == 403
    assert client.post("/config", json={"csrf": own}).status_code == 403, "a field counts in forms only"
    assert client.post("/config", content=b"", headers={"x-csrf-token": "é".encode()}).status_code == 403
    assert gated.received == []
    assert client.post("/config", data={"a": "1", "csrf": own}).status_code == 200
    assert gated.received == [f"a=1&csrf={own}".encode()], "the page reads the form whole"
    assert client.post("/config", data={"csrf": own}, files={"f": ("x", b"content")}).status_code == 200
    assert b"content" in gated.received[-1]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "host", ["evil.example:8800", "localhost", "localhost:8801", "127.0.0.1", "", "localhost:8800.evil"]
)
def test_a_name_that_was_rebound_to_this_machine_gets_nothing(method: str, host: str) -> None:
    client = Gated().signed_in("ada")
    assert client.request(method, "/config", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://127.0.0.1:8800"},
        {"origin": "http://localhost:8800.evil.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/config", "/runs/7/events", "/login"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_others_can_neither_read_nor_change(method: str, path: str, headers: dict[str, str]) -> None:
    gated = Gated()
    client = gated.signed_in("ada")
    signed_in = len(gated.log)
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert gated.received == []
    assert len(gated.log) == signed_in


def test_a_link_from_elsewhere_may_be_followed_but_not_posted() -> None:
    client = Gated().signed_in("ada")
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/config", headers=link).status_code == 200
    assert client.post("/config", headers=link).status_code == 403
    own = {"origin": HOME, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    assert client.post("/config", headers=own).status_code == 200


# --- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("vera", "GET", "/config", 200),
        ("vera", "POST", "/config", 403),
        ("vera", "GET", "/users/olaf", 403),
        ("olaf", "POST", "/config", 200),
        ("olaf", "POST", "/users/olaf", 403),
        ("olaf", "POST", "/unheard-of", 403),
        ("ada", "POST", "/users/olaf", 200),
        ("ada", "POST", "/unheard-of", 200),
    ],
)
def test_the_server_refuses_what_a_role_may_not(name: str, method: str, path: str, status: int) -> None:
    gated = Gated()
    client = gated.signed_in(name)
    assert client.request(method, path).status_code == status
    if method == "POST":
        last = gated.log[-1]
        said = "done" if status == 200 else "refused"
        assert (last.who, last.what, last.result) == (name, f"POST {path}", said)
        assert last.detail == ("" if status == 200 else "role-too-small")


def test_the_first_rule_counts_and_names_are_one_segment() -> None:
    from changeover.console.access.permissions import OTHERWISE, Rule, rule_for

    table = (Rule("/runs/{name}/events", write=None), Rule("/runs/*", write=Role.VIEWER))
    assert rule_for("/runs/7/events", table) is table[0]
    assert rule_for("/runs/7/x/events", table) is table[1]
    assert rule_for("/runsx", table) is OTHERWISE
    assert rule_for("/login/../users", TABLE) is OTHERWISE


# --- bodies ----------------------------------------------------------------------------------------------------------


def test_a_body_has_an_end() -> None:
    gated = Gated()
    client = gated.signed_in("olaf")
    assert client.post("/config", content=b"x" * 4096).status_code == 200
    assert client.post("/config", content=b"x" * 4097).status_code == 413
    assert client.post("/upload", content=b"x" * 5000).status_code == 200
    pieces = (b"x" * 1024 for _ in range(100))
    assert client.post("/config", content=pieces).status_code == 413, "also when its length is not said"
    assert client.post("/config", content=b"x", headers={"content-length": "-1"}).status_code == 400
    assert tried(gated.client(), "ada", "p" * 5000) == 413, "also without a session"


async def test_a_browser_that_stalls_is_let_go() -> None:
    async def silent() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    receive = bounded(silent, Limits(pause_seconds=0.01), most=10, now=lambda: 0.0)
    with pytest.raises(Refusal) as raised:
        await receive()
    assert raised.value.status_code == 408


async def test_a_drip_of_bytes_has_to_end() -> None:
    time = iter(range(0, 1000, 10))

    async def drip() -> Message:
        return {"type": "http.request", "body": b"x", "more_body": True}

    receive = bounded(drip, Limits(pause_seconds=60, whole_seconds=50), most=1000, now=lambda: float(next(time)))
    for _ in range(4):
        await receive()
    with pytest.raises(Refusal) as raised:
        await receive()
    assert raised.value.status_code == 408


# --- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "host"), [("/login", ""), ("/config", ""), ("/x", ""), ("/login", "evil.example")])
def test_every_answer_carries_the_security_headers(path: str, host: str) -> None:
    answer = Gated().client().get(path, headers={"host": host} if host else {})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_https_is_remembered_only_where_it_is_spoken() -> None:
    gated = Gated(public=("https://console.example.com",))
    assert "strict-transport-security" in gated.client("https://console.example.com").get("/login").headers
    assert "strict-transport-security" not in gated.client().get("/login").headers
