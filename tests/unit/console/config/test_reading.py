"""What a posted form answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from changeover.actions.settings_of import Look, Setting
from changeover.console.config.reading import Posted, Uploaded, read

CHOICES = (("small", "Small"), ("large", "Large"))
QUESTIONS = (
    Setting("host", value="a.example", answered=True, type="text"),
    Setting("port", default="443", type="text"),
    Setting("notes", value="one\ntwo", answered=True, type="textarea"),
    Setting("password", value="old", answered=True, type="password", secret=True),
    Setting("tls", default="1", type="bool"),
    Setting("debug", value="0", answered=True, type="bool"),
    Setting("size", default="small", type="select_one", choices=CHOICES),
    Setting("parts", type="select_many", choices=CHOICES, shown_as=Look(chosen=frozenset({"small"}))),
    Setting("cert", value="b2xk", answered=True, type="file", shown_as=Look(filename="old.pem")),
    Setting("mirror", type="text", shown_as=Look(repeatable=True, copies={"mirror-1": "x:5000", "mirror-2": "y:5000"})),
    Setting("fixed", value="f", editable=False, type="text"),
    Setting("head", type="heading"),
    Setting("replicas", value="2", answered=True, shown_as=Look(yes="true", no="false")),
    Setting("ingress.enabled", default="false", type="bool", shown_as=Look(yes="true", no="false")),
)


def given(files: dict[str, Uploaded] | None = None, /, **texts: str | list[str]) -> Any:
    fields = {name.replace("__", "."): [one] if isinstance(one, str) else one for name, one in texts.items()}
    return read(Posted(fields, files or {}), QUESTIONS, origin="nora in the console")


def test_a_form_as_it_was_drawn_answers_nothing() -> None:
    found = given(
        **{
            "a.host": "a.example",
            "a.port": "",
            "a.notes": "one\r\ntwo",
            "a.password": "",
            "b.tls": "",
            "a.tls": "on",
            "b.debug": "",
            "a.size": "small",
            "m.parts": "",
            "c.small": "on",
            "r.mirror-1": "x:5000",
            "r.mirror-2": "y:5000",
            "n.mirror": "",
            "b.ingress.enabled": "",
        }
    )
    assert (dict(found.values), found.removed) == ({}, frozenset())


def test_an_empty_form_answers_nothing() -> None:
    assert (dict(given().values), given().removed) == ({}, frozenset())


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ({"a.host": "b.example"}, {"host": "b.example"}),
        ({"a.host": ""}, {"host": ""}),
        ({"a.port": "8443"}, {"port": "8443"}),
        ({"a.password": "new"}, {"password": "new"}),
        ({"b.tls": ""}, {"tls": "0"}),
        ({"b.debug": "", "a.debug": "on"}, {"debug": "1"}),
        ({"a.size": "large"}, {"size": "large"}),
        ({"m.parts": "", "c.large": "on"}, {"small": "0", "large": "1"}),
        ({"b.ingress.enabled": "", "a.ingress.enabled": "on"}, {"ingress.enabled": "true"}),
        ({"r.mirror-1": "z:1"}, {"mirror-1": {"value": "z:1", "repeatableItem": "mirror"}}),
        ({"a.fixed": "changed"}, {}),
        ({"a.head": "changed"}, {}),
        ({"a.nobody-asks": "x", "u.nobody-asks": "", "c.x": "on"}, {}),
    ],
)
def test_what_differs_is_answered(texts: dict[str, str], values: dict[str, Any]) -> None:
    found = given(**texts)
    assert dict(found.values) == values
    assert set(found.origins.values()) <= {"nora in the console"}
    assert found.origins.keys() == found.words == values.keys()


def test_answers_are_taken_back() -> None:
    assert given(**{"u.host": "", "a.host": "b.example", "u.fixed": ""}).removed == {"host"}
    assert given(**{"r.mirror-2": ""}).removed == {"mirror-2"}


def test_copies_are_added_under_names_of_their_own() -> None:
    found = given(**{"n.mirror": ["p:1", "", "q:2"]}).values
    assert [one["value"] for one in found.values()] == ["p:1", "q:2"]
    assert all(name.startswith("mirror-") and len(name) == len("mirror-") + 8 for name in found)


def test_a_file_keeps_its_name() -> None:
    found = given({"f.cert": Uploaded("new.pem", b"\x00content")}).values
    assert found == {"cert": {"value": base64.b64encode(b"\x00content").decode(), "filename": "new.pem"}}
    assert given({"f.cert": Uploaded("", b"")}).values == {}
