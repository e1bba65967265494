"""The page of windows and freezes: shown to everybody, set by administrators, and what a freeze does to an update."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from changeover.actions import calendar
from changeover.actions.installations import CHANGEOVER, INSTALLATION
from changeover.objects import KubeObject
from changeover.ports import Conflict
from changeover.runs.freezes import Freeze
from changeover.settings import INSTALLATION_LABEL
from tests.unit.console.pages.furnished import MAP, Furnished, done
from tests.unit.console.pages.test_update import HELD, channel

WINDOW = "0 22 * * 1,3 for 180 in Europe/Berlin"
FORM = {"days": ["mon", "wed"], "start": "22:00", "minutes": "180", "zone": "Europe/Berlin"}
CLOSE = {"name": "quarter-close", "reason": "The books close.", "from": "2026-11-23", "to": "2026-12-02", "zone": "UTC"}
UPDATE = "/update/1.1.0?strategy=plain"


@pytest.fixture
def desk(tmp_path: Path) -> Furnished:
    made = Furnished(channel(tmp_path / "desk"), HELD)
    done(made.cluster.create(MAP))
    return made


def policy(desk: Furnished) -> dict[str, Any]:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    found: dict[str, Any] = followed.get("spec", "policy", default={})
    return found


def freeze(desk: Furnished, **more: str) -> None:
    assert desk.client("ada").post("/windows/freeze", data={**CLOSE, **more}).status_code == 303


def test_windows_and_freezes_are_added_changed_and_removed(desk: Furnished) -> None:
    ada = desk.client("ada")
    assert "There is no maintenance window." in ada.get("/windows").text
    assert ada.post("/windows/add", data=FORM).status_code == 303
    assert policy(desk) == {"windows": [{"cron": "0 22 * * 1,3", "durationMinutes": 180, "timeZone": "Europe/Berlin"}]}
    page = ada.get("/windows").text
    assert "Tonight 22:00, or not before Wednesday 25 November." in page
    assert "At 22:00 on Monday and Wednesday, 3 h" in page
    assert "Times here are Europe/Berlin" in page
    page = ada.get("/windows", params={"window": WINDOW}).text
    assert f'name="instead" value="{WINDOW}"' in page
    changed = {"cron": "30 3 1 * *", "minutes": "60", "zone": "UTC", "instead": WINDOW}
    assert ada.post("/windows/add", data=changed).status_code == 303
    assert "The next window opens Tuesday 1 December, 03:30." in ada.get("/windows").text
    assert ada.post("/windows/remove", data={"instead": "30 3 1 * * for 60 in UTC"}).status_code == 303
    freeze(desk)
    (kept,) = policy(desk)["freezes"]
    assert kept["by"] == "ada"
    page = ada.get("/windows", params={"freeze": "quarter-close"}).text
    assert "The freeze quarter-close holds until Thu 03 Dec 2026 00:00 UTC: The books close." in page
    assert 'name="to" value="2026-12-02"' in page
    freeze(desk, to="2026-11-30", instead="quarter-close")
    assert [one["to"] for one in policy(desk)["freezes"]] == ["2026-11-30"]
    assert ada.post("/windows/unfreeze", data={"instead": "quarter-close"}).status_code == 303
    assert policy(desk) == {}
    log = [(who, what, detail) for who, what, result, detail in desk.log() if result == "done"]
    assert ("ada", "add window", f"desk: {WINDOW}") in log
    assert ("ada", "remove freeze", "desk: quarter-close") in log
    assert any(what == "set freeze" and "The books close." in detail for _, what, detail in log)


@pytest.mark.parametrize(
    ("address", "said", "words"),
    [
        ("/windows/add", {**FORM, "days": []}, "needs a day"),
        ("/windows/add", {**FORM, "zone": "Atlantis/City"}, "no time zone"),
        ("/windows/add", {**FORM, "cron": "61 22 * * 6"}, "cannot be read"),
        ("/windows/add", {**FORM, "minutes": "99999"}, "cannot be read"),
        ("/windows/add", {**FORM, "instead": "1 1 * * * for 1 in UTC"}, "There is no window"),
        ("/windows/remove", {"instead": "1 1 * * * for 1 in UTC"}, "There is no window"),
        ("/windows/freeze", {**CLOSE, "name": "Quarter Close"}, "cannot be called"),
        ("/windows/freeze", {**CLOSE, "reason": " "}, "needs a reason"),
        ("/windows/freeze", {**CLOSE, "from": "2026-12-24"}, "never holds"),
        ("/windows/freeze", {**CLOSE, "from": "2020-01-01", "to": "2020-02-01"}, "never holds"),
        ("/windows/freeze", {**CLOSE, "to": "soon"}, "cannot be read"),
        ("/windows/freeze", {**CLOSE, "zone": "Mars/Olympus"}, "no time zone"),
        ("/windows/freeze", {**CLOSE, "cron": "0 0 * * *"}, "how long it lasts"),
        ("/windows/freeze", {**CLOSE, "cron": "0 0 * * *", "minutes": "9999999"}, "between a minute and 92 days"),
        ("/windows/freeze", {**CLOSE, "instead": "nothing"}, "There is no freeze nothing"),
        ("/windows/unfreeze", {"instead": "nothing"}, "There is no freeze nothing"),
    ],
)
def test_what_does_not_fit_changes_nothing(desk: Furnished, address: str, said: dict[str, Any], words: str) -> None:
    answer = desk.client("ada").post(address, data=said)
    assert answer.status_code == 422
    assert words in answer.text
    assert policy(desk) == {}
    if "name" in said:
        assert f'name="name" value="{said["name"]}"' in answer.text, "what was typed is still there"


def test_a_freeze_of_one_name_is_not_overwritten(desk: Furnished) -> None:
    freeze(desk)
    answer = desk.client("ada").post("/windows/freeze", data={**CLOSE, "reason": "Mine."})
    assert answer.status_code == 422
    assert [one["reason"] for one in policy(desk)["freezes"]] == ["The books close."]


def test_who_changes_rules_at_the_same_time_loses_nothing(desk: Furnished) -> None:
    patch, meanwhile = desk.cluster.patch, [WINDOW]

    async def slow(ref: Any, body: Any, **more: Any) -> Any:
        if meanwhile and "policy" in body.get("spec", {}):
            text = meanwhile.pop()
            await calendar.add_window(desk.outside, "", text)
        return await patch(ref, body, **more)

    desk.cluster.patch = slow  # type: ignore[method-assign]
    done(calendar.add_window(desk.outside, "", "0 6 * * 6 for 60 in UTC"))
    assert [one["cron"] for one in policy(desk)["windows"]] == ["0 22 * * 1,3", "0 6 * * 6"]

    async def never(*_: Any, **__: Any) -> Any:
        raise Conflict("changed meanwhile")

    desk.cluster.patch = never  # type: ignore[method-assign]
    assert desk.client("ada").post("/windows/remove", data={"instead": WINDOW}).status_code == 422


def test_others_only_look(desk: Furnished) -> None:
    olaf = desk.client("olaf")
    page = olaf.get("/windows").text
    assert "To change them takes the role admin." in page
    assert "Add a window" not in page
    for address in ("add", "remove", "freeze", "unfreeze"):
        assert olaf.post(f"/windows/{address}", data={**FORM, **CLOSE}).status_code == 403
    assert policy(desk) == {}


def test_months_are_turned_by_links(desk: Furnished) -> None:
    vera = desk.client("vera")
    page = vera.get("/windows").text
    assert '<h2 class="fs-3 mb-0" id="month">November 2026</h2>' in page
    assert 'href="/windows?month=2026-12"' in page
    assert "January 2027" in vera.get("/windows?month=2027-01").text
    for wrong in ("2026-13", "soon", "0001-01", "9999-12", "<b>"):
        assert vera.get("/windows", params={"month": wrong}).status_code == 422


def test_rules_written_by_other_hands_that_cannot_be_read_are_told(desk: Furnished) -> None:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    rules = {"freezes": [{"name": "x", "from": "2026-02-30", "to": "2026-12-31"}], "windows": []}
    done(desk.cluster.patch(followed.ref, {"spec": {"policy": rules}}))
    vera = desk.client("vera")
    assert "The rules cannot be read: no run begins." in vera.get("/windows").text
    assert "The freeze x cannot be read." in vera.get("/").text
    answer = desk.client("olaf").get(UPDATE)
    assert (answer.status_code, "The freeze x cannot be read." in answer.text) == (409, True)


def test_whether_the_newest_release_fits(desk: Furnished) -> None:
    vera = desk.client("vera")
    assert "There is no maintenance window" not in vera.get("/windows").text.partition("Does the newest")[2]
    assert "The Installation has no maintenance window." in vera.get("/windows/fit").text
    done(calendar.add_window(desk.outside, "", WINDOW))
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    taken = {"status": {"secondsTaken": [600, 720, 1260]}}
    done(desk.cluster.patch(followed.ref, taken, subresource="status"))
    page = vera.get("/windows/fit", headers={"hx-request": "true"}).text
    assert "<html" not in page
    assert "1.1.0 needs 21 min at worst and 30 s to go back." in page
    assert "P95 of 3 runs here" in page
    assert "latest safe start 00:38" in page  # 01:00 less 21 min less 30 s
    assert "usually 12 min" in page
    done(desk.cluster.patch(followed.ref, {"status": {"secondsTaken": [11000]}}, subresource="status"))
    assert "shorter than the change and its way back" in vera.get("/windows/fit").text


def test_a_frozen_update_says_so_and_is_overridden_by_who_may(desk: Furnished) -> None:
    freeze(desk)
    olaf, ada = desk.client("olaf"), desk.client("ada")
    page = olaf.get(UPDATE).text
    assert "The freeze quarter-close holds until Thu 03 Dec 2026 00:00 UTC: The books close." in page
    assert "set by ada" in page
    assert "Somebody with the role approver can begin it" in page
    override = "&freezes=quarter-close&why=A+hole+is+open."
    assert olaf.get(UPDATE + override).status_code == 403
    form = {"strategy": "plain", "freezes": "quarter-close", "why": "A hole", "plan": "x"}
    assert olaf.post("/update/1.1.0", data=form).status_code == 403
    assert "s name, typed" in ada.get(UPDATE).text
    page = ada.get(UPDATE + override).text
    assert "This change begins nevertheless." in page
    assert "overridden because: A hole is open." in page
    assert 'name="freezes" value="quarter-close"' in page.partition('id="deploy"')[2], "what is posted names it too"
    assert "There is no freeze quarter." in ada.get(UPDATE + "&freezes=quarter&why=x").text
    assert "To override a freeze, say why." in ada.get(UPDATE + "&freezes=quarter-close").text


def test_the_way_back_is_not_frozen(desk: Furnished) -> None:
    freeze(desk)
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    entry = followed.get("status", "revisions")[0]
    running = {"version": "1.0.0", "number": 2, "revision": "sha256:1"}
    status = {"revisions": [entry, {**entry, "number": 2}], "running": running}
    done(desk.cluster.patch(followed.ref, {"status": status}, subresource="status"))
    page = desk.client("olaf").get("/rollback/1?strategy=plain").text
    assert "quarter-close" not in page


def test_the_overview_says_what_is_frozen_and_when_a_run_begins(desk: Furnished) -> None:
    vera = desk.client("vera")
    assert "The next window" not in vera.get("/").text
    done(calendar.add_window(desk.outside, "", WINDOW))
    assert re.search("The next window opens <time[^>]*>Mon 23 Nov 2026, 21:00 UTC", vera.get("/").text)
    made = Freeze("x", reason="Quiet.", begins="2026-11-23", ends="2026-11-24")
    done(calendar.add_freeze(desk.outside, "", made))
    assert "The freeze x holds until Wed 25 Nov 2026 00:00 UTC: Quiet." in vera.get("/").text
    begins = "2026-11-25T21:00:00+00:00"
    spec = {"installation": "desk", "kind": "update", "toVersion": "1.1.0", "parameters": {"not_before": begins}}
    meta = {"name": "desk-2", "namespace": "desk", "labels": {INSTALLATION_LABEL: "desk"}}
    raw = {"apiVersion": CHANGEOVER.api_version, "kind": CHANGEOVER.name, "metadata": meta, "spec": spec}
    done(desk.cluster.create(KubeObject(raw)))
    bar = vera.get("/now").text
    assert "desk-2 waits for its time" in bar
    assert begins in bar


def test_a_run_waits_for_the_window_in_which_it_fits(desk: Furnished) -> None:
    """It is three o'clock: the first window is open until ten past, and the change takes 21 minutes at worst."""
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    done(desk.cluster.patch(followed.ref, {"status": {"secondsTaken": [1260]}}, subresource="status"))
    done(calendar.add_window(desk.outside, "", "30 14 * * * for 40 in UTC"))
    olaf = desk.client("olaf")
    page = olaf.get(f"{UPDATE}&when=next").text
    assert 'It waits until <time datetime="2026-11-24T14:30:00+00:00">' in page
    assert "does-not-fit" not in page
    done(desk.cluster.patch(followed.ref, {"status": {"secondsTaken": [7200]}}, subresource="status"))
    page = olaf.get(f"{UPDATE}&when=next").text
    assert "The change may take 2 h and 30 s to go back: it does not fit between" in page
    assert "no window of this installation is long enough" in page


def test_a_freeze_that_begins_before_the_change_would_end_is_told(desk: Furnished) -> None:
    (followed,) = done(desk.cluster.list(INSTALLATION, namespace="desk"))
    done(desk.cluster.patch(followed.ref, {"status": {"secondsTaken": [1260]}}, subresource="status"))
    ahead = "The freeze quarter-close begins at"
    freeze(desk, **{"from-time": "15:21"})
    assert f"{ahead} 2026-11-23T15:21:00+00:00, before this would end." in desk.client("olaf").get(UPDATE).text
    freeze(desk, **{"from-time": "15:22", "instead": "quarter-close"})
    assert ahead not in desk.client("olaf").get(UPDATE).text, "21 minutes and 30 seconds after three it is back"
