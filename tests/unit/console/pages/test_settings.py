"""How an installation is looked after is shown to everybody and set by administrators; and everybody has tokens."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from changeover.actions.installations import INSTALLATION
from tests.unit.console.pages.furnished import Clock, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel

WANTED = {
    "strategy": "window",
    "backup-to": "pvc:backups",
    "backup-image": "",
    "approvals": "1",
    "webhook": "https://hooks.example/x",
}


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(channel(tmp_path / "desk"), HELD)


def spec(desk: Furnished) -> dict[str, object]:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    return {key: followed.get("spec", key, default=None) for key in ("strategy", "policy", "webhook")}


def test_settings_are_saved_shown_and_taken_back(desk: Furnished) -> None:
    ada = desk.client("ada")
    assert 'href="/windows"' in ada.get("/settings").text
    assert ada.post("/settings", data=WANTED).status_code == 303
    assert spec(desk) == {
        "strategy": "window",
        "policy": {
            "backup": {"destination": "pvc:backups"},
            "approvals": {"required": 1},
        },
        "webhook": {"url": "https://hooks.example/x"},
    }
    page = ada.get("/settings").text
    assert 'value="pvc:backups"' in page
    assert ada.post("/settings", data=dict.fromkeys(WANTED, "")).status_code == 303
    assert 'value="pvc:backups"' not in ada.get("/settings").text
    assert ("ada", "settings", "done") in [entry[:3] for entry in desk.log()]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("strategy", "boldly", "does not fit"),
        ("backup-to", "somewhere", "does not fit"),
        ("approvals", "many", "does not fit"),
        ("webhook", "ftp://hooks.example", "does not fit"),
    ],
)
def test_what_does_not_fit_changes_nothing(desk: Furnished, name: str, text: str, words: str) -> None:
    ada, before = desk.client("ada"), spec(desk)
    answer = ada.post("/settings", data={**WANTED, name: text})
    assert answer.status_code == 422
    assert words in answer.text
    assert text in answer.text, "what was typed is still there"
    assert spec(desk) == before


def test_others_only_look(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    assert "This needs the role admin." in olaf.get("/settings").text
    assert olaf.post("/settings", data=WANTED).status_code == 403


def test_a_token_is_shown_once_opens_the_api_and_is_revoked(desk: Furnished, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(10, 2)
    monkeypatch.setattr(Clock, "monotonic", lambda _: float(next(ticks)))  # what is shared is read anew each second
    olaf, vera = desk.client("olaf"), desk.client("vera")
    page = olaf.post("/account/tokens", data={"purpose": "nightly", "days": "30", "role": "viewer"}).text
    found = re.search(r'<code id="made">([^<]+)</code>', page)
    assert found
    assert found[1] not in olaf.get("/account").text
    program = desk.client()
    program.headers["authorization"] = f"Bearer {found[1]}"
    assert program.get("/api/v1/releases").status_code == 200
    assert program.post("/api/v1/gate", json={"do": "open"}).status_code == 403, "it is a viewer's"
    (id_,) = re.findall(r'name="id" value="([^"]+)"', olaf.get("/account").text)
    assert "nightly" not in vera.get("/account").text
    assert vera.post("/account/tokens/revoke", data={"id": id_}).status_code == 404
    assert olaf.post("/account/tokens/revoke", data={"id": id_}).status_code == 303
    assert program.get("/api/v1/releases").status_code == 401
    for wrong in ({"days": "0"}, {"days": "x"}, {"role": "admin"}, {"purpose": "x" * 500}):
        said = {"purpose": "p", "days": "1", "role": "viewer", **wrong}
        assert olaf.post("/account/tokens", data=said).status_code == 422, wrong
