"""The page Customisations."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from changeover.actions import customising
from changeover.package import yaml_text
from tests.unit.console.pages.furnished import Furnished, done
from tests.unit.console.pages.questions import publish

TEXT = "customization:\n- kind: Deployment\n  metadata: {name: server, labels: {team: red}}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), {"host": "a.example"})


def test_customisations_are_kept_shown_and_taken_off(desk: Furnished) -> None:
    client = desk.client("olaf")
    assert "Nothing is customised." in client.get("/customisations").text
    assert client.post("/customisations", data={"text": TEXT.replace("\n", "\r\n")}).status_code == 303
    assert desk.log()[-1] == ("olaf", "POST /customisations", "done", "1 entries")
    page = html.unescape(client.get("/customisations").text)
    assert "waits for the next change" in page
    assert "team: red" in page
    entry = {"kind": "Deployment", "metadata": {"name": "server", "labels": {"team": "red"}}}
    assert done(customising.look(desk.outside)).entries == (entry,)
    assert client.post("/customisations", data={"text": " "}).status_code == 303
    assert done(customising.look(desk.outside)).entries == ()


def test_an_overlay_is_kept_as_it_was_written(desk: Furnished) -> None:
    client = desk.client("olaf")
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: server}\nspec: {replicas: 3}\n"
    files = {"kustomization.yaml": "patches: [{path: p.yaml}]\n", "p.yaml": patch}
    text = yaml_text.dump({"customization": [{"overlay": files}]})
    assert client.post("/customisations", data={"text": text.replace("\n", "\r\n")}).status_code == 303
    assert done(customising.look(desk.outside)).entries == ({"overlay": files},)
    page = html.unescape(client.get("/customisations").text)
    assert text in page
    refused = client.post("/customisations", data={"text": text.replace("patches:", "namePrefix: a\n      patches:")})
    assert refused.status_code == 422
    assert "asks for what is not done here: namePrefix" in html.unescape(refused.text)


@pytest.mark.parametrize(
    "text", ["a: 1", "- 1", "[", "- {overlay: {}}", "- {kind: X, metadata: {name: y, labels: {'</textarea>': b}}}", "x"]
)
def test_what_cannot_be_kept_is_explained_and_not_lost(desk: Furnished, text: str) -> None:
    answer = desk.client("olaf").post("/customisations", data={"text": text})
    assert answer.status_code == 422
    assert "cannot be kept" in answer.text
    assert text in html.unescape(answer.text)
    assert "</textarea>': b" not in answer.text
    assert done(customising.look(desk.outside)).entries == ()


def test_a_viewer_only_looks(desk: Furnished) -> None:
    client = desk.client("vera")
    assert "Save for the next change" not in client.get("/customisations").text
    assert client.post("/customisations", data={"text": TEXT}).status_code == 403
