"""The page Config: every kind of question, live `when`, validation, secrets, saving, import and export."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows import letters
from tests.unit.console.pages.furnished import Furnished
from tests.unit.console.pages.questions import publish

SECRET = "hunter2-hunter2"
BOMB = b"a: &a [x, x]\n" + b"".join(b"%c: &%c [%s]\n" % (at, at, b"*%c, " % (at - 1) * 9) for at in b"bcdefg")
HELD = {"host": "a.example", "password": SECRET, "cert": {"value": "b2xk", "filename": "old.pem"}}


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    return Furnished(publish(tmp_path / "desk"), HELD)


def inputs(text: str) -> dict[str, Any]:
    """The named controls of a page with their values, as a browser would send them; unticked boxes left out."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", text):
        attributes = {name: html.unescape(value) for name, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}
        boxed = attributes.get("type") in ("checkbox", "radio")
        if "name" in attributes and (not boxed or re.search(r"\bchecked\b", tag)) and attributes.get("type") != "file":
            value = attributes.get("value", "on" if boxed else "")
            before = found.get(attributes["name"])
            more = before if isinstance(before, list) else [before]
            found[attributes["name"]] = value if before is None else [*more, value]
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', text, re.DOTALL):
        found[html.unescape(name)] = html.unescape(inside)
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[html.unescape(name)] = html.unescape(chosen.group(1)) if chosen else ""
    return found


def form_of(text: str) -> dict[str, Any]:
    """The form of answers only."""
    start = text.index('id="config-form"')
    return inputs(text[start : text.index("</form>", start)])


def test_every_kind_of_question_is_drawn(desk: Furnished) -> None:
    page = desk.client("olaf").get("/config")
    assert page.status_code == 200
    controls = form_of(page.text)
    assert {
        "a.host",
        "a.port",
        "b.tls",
        "a.source",
        "r.mirror-1",
        "n.mirror",
        "a.password",
        "a.notes",
    } <= controls.keys()
    assert {"m.editors", "c.web", "a.size"} <= controls.keys()
    assert "c.ssh" not in controls, "not ticked"
    assert 'type="file"' in page.text
    assert "old.pem" in page.text
    assert "<strong>addresses</strong>" in page.text
    assert "<em>name</em>" in page.text
    assert "<h3>Sizes" in page.text
    assert "<strong>class</strong>" in page.text
    assert "prod.yaml line 1" in page.text
    assert "default of the release" in page.text
    assert "a.issuer" not in page.text, "not asked for as long as the certificate is one's own"


def test_secrets_are_not_in_the_page(desk: Furnished) -> None:
    for name in ("vera", "olaf", "ada"):
        page = desk.client(name).get("/config").text
        assert SECRET not in page
        assert "b2xk" not in page
        assert form_of(page)["a.password"] == ""


def test_a_form_sent_back_as_it_is_changes_nothing(desk: Furnished) -> None:
    client = desk.client("olaf")
    answer = client.post("/config", data=form_of(client.get("/config").text))
    assert (answer.status_code, answer.headers["location"]) == (303, "/config?told=saved")
    assert desk.saved().values == {}


def test_when_is_evaluated_while_somebody_types(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = form_of(client.get("/config").text)
    live = client.post("/config/draft", data={**fields, "a.source": "made"}, headers={"hx-request": "true"})
    assert live.status_code == 200
    assert live.text.lstrip().startswith('<div id="config"')
    assert 'name="a.issuer"' in live.text
    assert 'name="f.cert"' not in live.text
    assert "This needs an answer." in live.text
    assert "1 question needs an answer before 1.0.0 can run." in live.text
    whole = client.post("/config/draft", data={**fields, "a.source": "made"})
    assert whole.text.startswith("<!doctype html>"), "without JavaScript it is the page"
    assert desk.saved().values == {}
    assert not [one for one in desk.log() if one[1] == "POST /config/draft"]


def test_what_was_typed_stays_while_its_question_is_not_asked(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = {**form_of(client.get("/config").text), "a.source": "made", "a.issuer": "letsencrypt"}
    back = form_of(client.post("/config/draft", data={**fields, "a.source": "own"}).text)
    assert back["a.issuer"] == "letsencrypt"
    again = client.post("/config/draft", data={**back, "a.source": "made"}).text
    assert form_of(again)["a.issuer"] == "letsencrypt"


def test_what_does_not_fit_is_said_in_place_and_not_saved(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = form_of(client.get("/config").text)
    answer = client.post("/config", data={**fields, "a.host": "A B", "a.password": "typed-just-now"})
    assert answer.status_code == 422
    assert "small letters and dots only" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Nothing is saved yet" in answer.text
    assert form_of(answer.text)["a.host"] == "A B"
    assert form_of(answer.text)["a.password"] == "typed-just-now"
    assert desk.saved().values == {}


def test_answers_are_compared_and_saved_for_the_next_change(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = form_of(client.get("/config").text)
    del fields["c.web"]
    changed = {**fields, "a.host": "b.example", "a.password": "another-secret", "n.mirror": "b:5000", "c.ssh": "on"}
    draft = client.post("/config/draft", data=changed).text
    assert "Changed, not saved" in draft
    assert "a.example" in draft
    assert "another secret value" in draft
    answer = client.post("/config", data=form_of(draft))
    assert answer.status_code == 303
    saved = dict(desk.saved().values)
    copy = next(name for name in saved if name.startswith("mirror-"))
    assert saved.pop(copy) == {"value": "b:5000", "repeatableItem": "mirror"}
    assert saved == {"host": "b.example", "password": "another-secret", "web": "0", "ssh": "1"}
    assert set(desk.saved().origins.values()) == {"olaf in the console"}
    page = client.get("/config?told=saved").text
    assert "Saved for the next change" in page
    assert "5 answers wait for the next change." in page
    who, what, result, detail = desk.log()[-1]
    assert (who, what, result) == ("olaf", "POST /config", "done")
    assert "host" in detail
    assert "b.example" not in detail
    assert client.post("/config/forget").headers["location"] == "/config?told=forgotten"
    assert desk.saved().values == {}


def test_an_answer_is_taken_back(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = form_of(client.get("/config").text)
    draft = client.post("/config/draft", data={**fields, "u.password": ""}).text
    assert "Taken back, not saved" in draft
    assert client.post("/config", data=form_of(draft)).status_code == 303
    assert desk.saved().removed == {"password"}


def test_a_file_is_answered_and_downloaded(desk: Furnished) -> None:
    client = desk.client("olaf")
    fields = form_of(client.get("/config").text)
    old = client.post("/config/file", data={"name": "cert"})
    assert old.content == b"old"
    assert old.headers["content-disposition"] == "attachment; filename*=UTF-8''old.pem"
    assert old.headers["content-type"] == "application/octet-stream"
    answer = client.post("/config", data=fields, files={"f.cert": ("../../new\r\nx: y.pem", b"\x00new")})
    assert answer.status_code == 303
    saved: Any = desk.saved().values["cert"]
    assert base64.b64decode(saved["value"]) == b"\x00new"
    new = client.post("/config/file", data={"name": "cert"})
    assert new.content == b"\x00new"
    assert "\n" not in new.headers["content-disposition"]
    assert "/" not in new.headers["content-disposition"]
    assert client.post("/config/file", data={"name": "host"}).status_code == 404
    assert client.post("/config/file", data={"name": "../../etc/passwd"}).status_code == 404


def test_a_secret_is_shown_only_by_role_and_stands_in_the_log(desk: Furnished) -> None:
    assert desk.client("vera").post("/config/reveal", data={"name": "password"}).status_code == 403
    shown = desk.client("olaf").post("/config/reveal", data={"name": "password"})
    assert (shown.text, shown.headers["content-type"]) == (SECRET, "text/plain; charset=utf-8")
    assert desk.log()[-1] == ("olaf", "POST /config/reveal", "done", "password")
    assert ("vera", "POST /config/reveal", "refused", "role-too-small") in desk.log()


@pytest.mark.parametrize("path", ["/config", "/config/draft", "/config/forget", "/config/import", "/config/export"])
def test_a_viewer_looks_and_changes_nothing(desk: Furnished, path: str) -> None:
    client = desk.client("vera")
    page = client.get("/config").text
    assert "Save for the next change" not in page
    assert "role operator" in page
    assert client.post(path, data={"a.host": "b.example"}).status_code == 403


def test_answers_are_exported_with_secrets_only_on_request(desk: Furnished) -> None:
    client = desk.client("olaf")
    plain = yaml.safe_load(client.get("/config/export").text)["spec"]["values"]
    assert plain["host"] == {"value": "a.example"}
    assert "password" not in plain
    whole = yaml.safe_load(client.post("/config/export").text)["spec"]["values"]
    assert whole["password"] == {"valuePlaintext": SECRET}
    assert desk.log()[-1][1:] == ("POST /config/export", "done", "with secret answers")


def test_an_import_is_compared_first(desk: Furnished) -> None:
    client = desk.client("olaf")
    text = "apiVersion: kots.io/v1beta1\nkind: ConfigValues\nspec: {values: {host: {value: c.example}}}\n"
    compared = client.post("/config/import", files={"file": ("new.yaml", text)})
    assert "1 answer would change." in compared.text
    assert "c.example" in compared.text
    assert desk.saved().values == {}
    agreed = {key: value for key, value in inputs(compared.text).items() if key != "csrf"}
    assert client.post("/config/import", data=agreed).status_code == 303
    assert dict(desk.saved().values) == {"host": "c.example"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"host: A B\n", "small letters and dots only"),
        (b"hots: a.example\n", "hots"),
        (b"- a\n", "holds no answers"),
        (b"a: [\n", "cannot be taken"),
        (b"kind: Secret\napiVersion: v1\n", "a Secret"),
        (b"\xff\xfe", ""),
        (BOMB, ""),
    ],
)
def test_a_file_that_cannot_be_taken_is_explained(desk: Furnished, content: bytes, says: str) -> None:
    answer = desk.client("olaf").post("/config/import", files={"file": ("x.yaml", content)})
    assert answer.status_code in (200, 422)
    assert says in html.unescape(answer.text)
    assert 'name="agreed"' not in answer.text
    assert desk.saved().values == {}


def test_the_form_is_looked_at_ahead_of_an_update(tmp_path: Path) -> None:
    desk = Furnished(letters.publish(tmp_path / "channel"), {"host": "a.example", "legacy": "yes"})
    client = desk.client("olaf")
    assert "1 question needs an answer" not in client.get("/config").text
    ahead = client.get("/config?to=2.0.0").text
    assert "for 2.0.0, not deployed yet" in ahead
    assert "the question is called hostname now" in ahead
    assert "the release does not ask for it; the answer stays on file" in ahead
    assert form_of(ahead)["a.hostname"] == "a.example"
    answer = client.post("/config", data={**form_of(ahead), "a.owner": "nora"})
    assert answer.headers["location"] == "/config?told=saved&to=2.0.0"
    assert dict(desk.saved().values) == {"owner": "nora"}
    assert "Every answer fits 2.0.0." in client.get(answer.headers["location"]).text
    assert client.get("/config?to=9.9.9").status_code == 409
