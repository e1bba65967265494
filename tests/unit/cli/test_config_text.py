"""Answers as a text to edit: what a person leaves alone stays."""

import pytest

from changeover.actions.settings_of import Setting
from changeover.cli import config_text

SETTINGS = (
    Setting("domain", value="a.example.com", group="Basics", title="Domain", required=True, answered=True),
    Setting("size", default="small", group="Basics", choices=(("small", ""), ("large", ""))),
    Setting("password", value="geheim", group="Login", secret=True, answered=True),
    Setting("motd", value="one\ntwo", group="Login", answered=True),
    Setting("internal", value="x", visible=False),
    Setting("head", type="heading", value="x"),
)


def _edited(old: str = "", new: str = "", *, reveal: bool = False) -> tuple[dict[str, object], set[str]]:
    text = config_text.to_edit("app", SETTINGS, reveal=reveal)
    assert old in text
    found = config_text.changed_by(text.replace(old, new), SETTINGS, reveal=reveal)
    return dict(found.values), set(found.removed)


def test_a_text_left_alone_changes_nothing() -> None:
    assert _edited() == ({}, set())
    assert _edited(reveal=True) == ({}, set())


def test_secrets_are_not_in_it_unless_asked_for() -> None:
    assert "geheim" not in config_text.to_edit("app", SETTINGS, reveal=False)
    assert "geheim" in config_text.to_edit("app", SETTINGS, reveal=True)


@pytest.mark.parametrize(
    ("old", "new", "values", "removed"),
    [
        ("a.example.com", "b.example.com", {"domain": "b.example.com"}, set()),
        ("# size: small", "size: large", {"size": "large"}, set()),
        ("domain: a.example.com\n", "", {}, {"domain"}),
        ("'***'", "new", {"password": "new"}, set()),
    ],
)
def test_what_is_edited_is_what_changes(old: str, new: str, values: dict[str, str], removed: set[str]) -> None:
    text = config_text.to_edit("app", SETTINGS, reveal=False)
    old = old if old in text else old.replace("'", "")
    assert _edited(old, new) == (values, removed)


def test_a_name_that_nobody_asks_for_must_be_asked_for() -> None:
    found = config_text.changed_by("domian: x\n", SETTINGS, reveal=False)
    assert "domian" in found.strict


def test_an_empty_text_changes_nothing() -> None:
    found = config_text.changed_by("# nothing\n", SETTINGS, reveal=False)
    assert not found.values
    assert not found.removed
