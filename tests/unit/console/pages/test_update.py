"""The page of an update: the vendor's notes stand on it, and one that must be read opens the way when it was."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from changeover.actions.installations import CHANGEOVER, INSTALLATION
from changeover.objects import KubeObject
from changeover.ports import BackupPiece, FieldConflict
from changeover.settings import INSTALLATION_LABEL
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


def test_a_change_begins_when_it_is_told_to(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    at_once = olaf.get("/update/1.1.0?strategy=plain").text
    assert "It begins at once." in at_once
    assert "In the next window" not in at_once, "the installation has none"
    later = olaf.get("/update/1.1.0?strategy=plain&when=at&at=2026-11-24T22:00").text
    assert "It waits until" in later
    assert 'datetime="2026-11-24T22:00:00+00:00"' in later
    assert 'name="when" value="at"' in later.partition('id="deploy"')[2], "what is posted names the same plan"
    assert olaf.get("/update/1.1.0?when=at&at=tomorrow").status_code == 409
    window = {"cron": "0 22 * * *", "durationMinutes": 60, "timeZone": "Europe/Berlin"}
    followed = done(desk.cluster.list(INSTALLATION, namespace="desk"))[0]
    done(desk.cluster.patch(followed.ref, {"spec": {"policy": {"windows": [window]}}}))
    page = olaf.get("/update/1.1.0?strategy=plain&when=next").text
    assert "Mon 23 Nov 2026, 21:00" in page
    assert "must fit before 2026-11-23 22:00" in page


def contested(desk: Furnished) -> None:
    """Somebody else has set the only field of the ConfigMap, and asks for it wherever it would become another."""
    apply = desk.cluster.apply

    async def refusing(obj: KubeObject, *, force: bool = True, dry_run: bool = False) -> KubeObject:
        live = await desk.cluster.get(obj.ref)
        if not force and live and obj.get("data", "host") != live.get("data", "host"):
            conflict = FieldConflict("Others have set fields.")
            conflict.owners = (("kubectl-edit", ".data.host"),)
            raise conflict
        return await apply(obj, force=force, dry_run=dry_run)

    desk.cluster.apply = refusing  # type: ignore[method-assign]


def test_what_others_have_set_is_taken_kept_or_a_reason_to_stop(desk: Furnished) -> None:
    olaf, address = desk.client("olaf"), "/update/1.1.0?strategy=plain"
    assert 'id="conflicts"' not in olaf.get(address).text, "there is nothing to choose"
    contested(desk)
    page = olaf.get(address).text
    assert "1 fields were set by others and are taken over" in page
    assert re.search(r'name="conflicts" value="take" checked', page)
    stopped = olaf.get(f"{address}&conflicts=stop").text
    assert "1.1.0 cannot run yet" in stopped
    kept = olaf.get(f"{address}&conflicts=keep").text
    assert "1 fields stay as others have set them" in kept
    assert "are taken over" not in kept
    assert 'name="conflicts" value="keep"' in kept.partition('id="deploy"')[2], "what is posted names the same plan"
    assert olaf.get(f"{address}&conflicts=burn").status_code == 422


def test_programs_choose_as_well(desk: Furnished) -> None:
    contested(desk)
    olaf = desk.client("olaf")

    def findings(conflicts: str) -> set[tuple[str, str]]:
        query = {"to": "1.1.0", "strategy": "plain", **({"conflicts": conflicts} if conflicts else {})}
        answer = olaf.get("/api/v1/plan", params=query)
        assert answer.status_code == 200, answer.text
        found = answer.json()["findings"]
        return {(one["reference"], one["severity"]) for one in found if "field" in one["reference"]}

    assert findings("") == findings("take") == {("field-conflict", "warns")}
    assert findings("stop") == {("field-conflict", "blocks")}
    assert findings("keep") == {("fields-kept", "notes")}
    assert olaf.get("/api/v1/plan", params={"to": "1.1.0", "conflicts": "burn"}).status_code == 422


def test_releases_and_revisions_are_compared(desk: Furnished) -> None:
    vera = desk.client("vera")
    page = vera.get("/versions/compare").text
    assert "1 object differs, 0 do not." in page
    assert "data.host" in page
    assert "1.0.0 (revision 1)" in page
    assert "Nothing differs." in vera.get("/versions/compare?before=1.0.0&after=1.1.0").text
    assert "has no release 7" in vera.get("/versions/compare?before=7").text
    assert vera.get("/versions/compare?before=%237&after=1.0.0").status_code == 200


def test_backups_stand_there_with_where_they_lie(desk: Furnished) -> None:
    vera = desk.client("vera")
    page = vera.get("/backups").text
    assert "There is no backup yet." in page
    assert "names no place for them" in page
    done(_backed_up(desk))
    page = vera.get("/backups").text
    assert "wb-store" in page
    assert "pvc:backups/desk-2/wb-store.tar.zst" in page
    assert "1.5 MiB" in page


async def _backed_up(desk: Furnished) -> None:
    spec = {"installation": "desk", "kind": "update", "strategy": "window", "fromVersion": "1.0.0"}
    meta = {"name": "desk-2", "namespace": "desk", "labels": {INSTALLATION_LABEL: "desk"}}
    raw = {"apiVersion": CHANGEOVER.api_version, "kind": CHANGEOVER.name, "metadata": meta, "spec": spec}
    run = await desk.cluster.create(KubeObject(raw))
    place = "pvc:backups/desk-2/wb-store.tar.zst"
    piece = BackupPiece("store", "wb-store", "uid", place, "ab" * 32, 3 * 2**19, 12, 1.5)
    journal = desk.outside.journal(run)
    await journal.read()
    await journal.append([{"event": "begun", "step": "back-up/store", "at": "2026-11-23T14:59:00+00:00"}])
    done_at = "2026-11-23T15:00:00+00:00"
    await journal.append([{"event": "done", "step": "back-up/store", "at": done_at, "data": piece.as_json()}])
