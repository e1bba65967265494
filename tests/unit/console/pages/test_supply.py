"""Licence and Registry in the console: taken for the next change, refused with a reason, secrets never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.licences import ENTITLEMENTS, Portal, public
from tests.unit.console.pages.furnished import Furnished
from tests.unit.console.pages.questions import publish

PASSWORD = "the-password-of-the-registry"
ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), {"host": "a.example"})


def licence(**more: object) -> dict[str, tuple[str, bytes]]:
    return {"file": ("acme.yaml", Portal(**more).licence().encode())}  # type: ignore[arg-type]


def test_a_licence_is_taken_shown_and_its_id_masked(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    assert "There is no licence." in olaf.get("/licence").text
    key = {"key": ("vendor.pem", public(0).encode())}
    assert olaf.post("/licence", files=licence() | key).status_code == 303
    page = olaf.get("/licence").text
    assert "The licence of Acme is valid without an end." in page
    assert "Proven" in page
    assert "Single sign-on" in page
    assert "licence-id-42" not in page
    assert desk.log()[-1][3] == "acme.yaml: proven"


def test_an_edited_licence_is_refused_and_the_old_one_stays(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    key = {"key": ("vendor.pem", public(0).encode())}
    olaf.post("/licence", files=licence() | key)
    other = {"key": ("other.pem", public(2).encode())}
    answer = olaf.post("/licence", files=licence(application="somewhere-else") | other)
    assert answer.status_code == 422
    assert "does not hold" in answer.text
    assert "The licence of Acme is valid" in olaf.get("/licence").text
    for files in ({}, {"file": ("a.yaml", b"\xff\xfe")}, {"file": ("a.yaml", b"[")}):
        assert olaf.post("/licence", files=files or {"key": ("k", b"x")}).status_code == 422


def test_what_a_hostile_licence_says_is_text(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    hostile = {**ENTITLEMENTS, "x": {"title": ATTACK, "value": ATTACK, "valueType": "String"}}
    olaf.post("/licence", files=licence(entitlements=hostile, more={"customerName": ATTACK}))
    page = olaf.get("/licence").text
    assert ATTACK not in page
    assert "&lt;script&gt;" in page


def test_a_registry_is_used_changed_and_forgotten(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    given = {"address": "registry.example.com/mirror", "username": "puller", "password": PASSWORD}
    assert olaf.post("/registry", data=given).status_code == 303
    page = olaf.get("/registry").text
    assert "Images are pulled from registry.example.com/mirror." in page
    assert "Login puller" in page
    assert PASSWORD not in page
    assert PASSWORD not in str(desk.log())
    assert olaf.post("/registry", data={**given, "password": ""}).status_code == 422
    assert "Login puller" in olaf.get("/registry").text
    answer = olaf.post("/registry", data={"address": f"{ATTACK}/x"})
    assert answer.status_code == 422
    assert "is no address of a registry" in answer.text
    assert ATTACK not in answer.text
    assert olaf.post("/registry/remove").status_code == 303
    assert "from where they come from" in olaf.get("/registry").text


def test_who_may_only_look_changes_neither(desk: Furnished) -> None:
    vera = desk.client("vera")
    for path in ("/licence", "/registry"):
        page = vera.get(path)
        assert page.status_code == 200
        assert f'action="{path}"' not in page.text
    assert vera.post("/licence", files=licence()).status_code == 403
    assert vera.post("/registry", data={"address": "a.example"}).status_code == 403
    assert vera.post("/registry/remove").status_code == 403
