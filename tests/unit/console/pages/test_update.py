"""The page of an update: the vendor's notes stand on it, and one that must be read opens the way when it was."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.console.pages.furnished import MAP, Furnished, done
from tests.unit.console.pages.questions import publish

HELD = {"host": "a.example", "password": "hunter2-hunter2"}
NOTES: tuple[dict[str, Any], ...] = (
    {
        "id": "mail",
        "severity": "breaking",
        "text": "Mail goes **another way**. <script>x</script>",
        "acknowledge": True,
    },
    {"id": "advisory", "severity": "security", "text": "CVE-2022-1 is mended."},
    {"id": "old", "text": "For those who come from afar.", "appliesWhen": {"from": "<0.9"}},
)


def channel(folder: Path) -> Path:
    """1.0.0, and 1.1.0 with notes."""
    publish(folder / "1.0.0")
    shutil.copytree(folder / "1.0.0", folder / "1.1.0")
    release = folder / "1.1.0" / "release.yaml"
    document = {**yaml.safe_load(release.read_text()), "version": "1.1.0", "guide": list(NOTES)}
    release.write_text(yaml.safe_dump(document))
    listed = [{"version": one, "cursor": at, "package": one} for at, one in enumerate(("1.0.0", "1.1.0"))]
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "desk"}}
    (folder / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": listed}))
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    made = Furnished(channel(tmp_path / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


def test_a_note_is_shown_and_opens_the_way_when_it_was_read(desk: Furnished) -> None:
    olaf, vera = desk.client("olaf"), desk.client("vera")
    page = olaf.get("/update/1.1.0?strategy=plain").text
    assert "2 of 3 notes concern this installation." in page
    assert "Mail goes <strong>another way</strong>" in page
    assert "<script>x" not in page
    assert "1 note does not concern you" in page
    assert "Opens when what blocks it above is gone." in page
    assert "Acknowledge<" not in vera.get("/update/1.1.0?strategy=plain").text
    form = {"note": "mail", "strategy": "plain"}
    assert vera.post("/update/1.1.0/acknowledge", data=form).status_code == 403
    assert olaf.post("/update/1.1.0/acknowledge", data={**form, "note": "nonsense"}).status_code >= 400
    answer = olaf.post("/update/1.1.0/acknowledge", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/update/1.1.0?strategy=plain#guides")
    page = vera.get("/update/1.1.0?strategy=plain").text
    assert re.search(r"Acknowledged</span><span class=\"quiet\">by olaf", page)
    assert "Opens when what blocks" not in page
    assert ("olaf", "acknowledge", "done", "desk: 1.1.0/mail") in desk.log()
