"""Freezes and windows on a real API server: refused before anything happens, overridden by name, never going back."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows import letters
from tests.flows.commands import Commands

pytest_plugins = ["tests.flows.simulated_fixtures"]
pytestmark = [pytest.mark.cluster]

SAME = ("--strategy", "plain", "--hold", "0")
QUICK = (*SAME, "--yes")
UPDATE = ("update", "2.0.0", *QUICK)
NAME, REASON = "quarter-close", "The books close."


@pytest.fixture
def installed(commands: Commands, tmp_path: Path) -> Commands:
    """The first release runs."""
    channel = letters.publish(tmp_path / "channel")
    given = ("--set", "host=a.example", "--set", f"admin_password={letters.PASSWORD}")
    commands.run("install", str(channel), "--version", "1.0.0", *given, *QUICK)
    return commands


def later(**more: float) -> datetime:
    return datetime.now(UTC) + timedelta(**more)


def freeze(commands: Commands, name: str = NAME, *, begins: float = -1, ends: float = 2) -> None:
    """From and to whole days, so many from now."""
    dates = ("--from", later(days=begins).date().isoformat(), "--to", later(days=ends).date().isoformat())
    commands.run("freezes", "add", name, *dates, "--reason", REASON)


def refused(commands: Commands, *words: str, expect: int = 3) -> dict[str, str]:
    """The problem that a command ends with; no run was made."""
    before = commands.objects("changeovers")
    problem: dict[str, str] = commands.ask(*words, expect=expect)["problem"]
    assert commands.objects("changeovers") == before
    return problem


def override(name: str = NAME, reason: str = "A hole is open.") -> tuple[str, ...]:
    return ("--override-freeze", name, "--override-reason", reason)


def test_a_freeze_refuses_and_is_overridden_by_its_typed_name(installed: Commands) -> None:
    freeze(installed)
    for words in (UPDATE, ("config", "set", "colour=red", *QUICK)):
        problem = refused(installed, *words)
        assert "cannot run: The freeze quarter-close holds until" in problem["message"]
        assert "UTC: The books close." in problem["message"]
        assert problem["found"].startswith("set by ")
        assert "--override-freeze quarter-close" in problem["hint"]
    assert refused(installed, *UPDATE, *override(reason=""), expect=2)["code"] == "bad-override"
    assert refused(installed, *UPDATE, *override(name="quarter"), expect=2)["code"] == "bad-override"
    installed.run(*UPDATE, *override())
    (run,) = [one for one in installed.objects("changeovers") if one["spec"].get("overrides")]
    (said,) = run["spec"]["overrides"]
    assert (said["freeze"], said["reason"]) == (NAME, "A hole is open.")
    assert installed.ask("evidence", run["metadata"]["name"])["evidence"]["overrides"] == [said]
    installed.run("rollback", *QUICK)  # the way back is never frozen
    assert installed.ask("status")["runs"] == "1.0.0"
    installed.run("freezes", "remove", NAME)
    installed.run(*UPDATE)


def test_windows_skip_freezes_and_what_does_not_fit_says_when_it_does(installed: Commands) -> None:
    opens = later(minutes=-2)
    window = f"{opens.minute} {opens.hour} * * * for 30 in UTC"
    installed.run("windows", "add", window)
    now = later()
    assert datetime.fromisoformat(installed.ask("windows")["upcoming"][0]["begins"]) < now, "it is open"
    too_short = ("--until", later(seconds=20).isoformat(), "--hold", "40")
    problem = refused(installed, *UPDATE, *too_short)
    assert "does not fit between" in problem["message"]
    assert f"it fits from {opens.replace(second=0, microsecond=0).isoformat()}" in problem["hint"]
    freeze(installed, ends=0)
    begins = datetime.fromisoformat(installed.ask("windows")["upcoming"][0]["begins"])
    assert begins > now, "it is frozen now"
    (wait,) = [
        one
        for one in installed.ask("plan", "--to", "2.0.0", *SAME, "--at", "next")["steps"]["forward"]
        if one["verb"] == "wait-window"
    ]
    assert datetime.fromisoformat(wait["arguments"]["notBefore"]) == begins
    installed.run("freezes", "remove", NAME)
    fits = installed.ask("windows", "fit")
    assert (fits["version"], fits["windows"][0]["fits"]) == ("2.0.0", True)
    installed.run(*UPDATE, "--at", "next")
    assert installed.ask("status")["runs"] == "2.0.0"
    installed.run("windows", "remove", window)
    assert installed.ask(*UPDATE, "--at", "next", expect=1)["problem"]["code"] == "no-window"


def test_a_freeze_that_is_set_while_a_run_waits_keeps_it_from_beginning(installed: Commands) -> None:
    waiting = installed.start(*UPDATE, "--at", later(seconds=60).isoformat())
    while len(installed.objects("changeovers")) < 2:
        assert waiting.poll() is None
        time.sleep(0.2)
    freeze(installed)
    done = installed.wait(waiting).ended(4)
    assert "The freeze quarter-close holds until" in done.out + done.err
    assert installed.ask("status")["runs"] == "1.0.0"


def test_a_rule_that_cannot_be_read_is_refused_by_us_and_by_the_api_server(installed: Commands) -> None:
    def wrong(*words: str) -> str:
        code: str = refused(installed, *words, expect=2)["code"]
        return code

    dated = ("--from", "2099-12-24", "--to", "2099-12-31", "--reason", "x")
    assert wrong("windows", "add", "daily") == "bad-window"
    assert wrong("windows", "remove", "0 22 * * 6 for 120 in UTC") == "bad-window"
    assert wrong("freezes", "add", "Not a name", *dated) == "bad-freeze"
    assert (
        wrong("freezes", "add", "over", "--from", "2020-01-01", "--to", "2020-01-02", "--reason", "x") == "bad-freeze"
    )
    assert wrong("freezes", "add", "zone", *dated, "--zone", "Mars/Olympus") == "bad-freeze"
    installed.run("freezes", "add", "end", *dated)
    assert wrong("freezes", "add", "end", *dated) == "bad-freeze", "there is one of this name"
    installed.run("freezes", "add", "end", *dated[:-1], "y", "--instead-of", "end")
    (live,) = installed.objects("installations")
    for broken in (
        '{"name":"x","from":"2026-12-24"}',
        '{"name":"x","from":"2026-12-24","to":"2026-12-23"}',
        '{"name":"x","from":"tomorrow","to":"later"}',
        '{"name":"x","cron":"0 0 * * *"}',
        '{"name":"x","cron":"0 0 * * *","durationMinutes":60,"from":"2026-12-24","to":"2026-12-25"}',
        '{"from":"2026-12-24","to":"2026-12-25"}',
    ):
        patch = f'{{"spec":{{"policy":{{"freezes":[{broken}]}}}}}}'
        with pytest.raises(subprocess.CalledProcessError):
            installed.kubectl("patch", "installation", live["metadata"]["name"], "--type=merge", "-p", patch)
    recurring = '{"spec":{"policy":{"freezes":[{"name":"x","cron":"0 18 L 3 *","durationMinutes":60}]}}}'
    installed.kubectl("patch", "installation", live["metadata"]["name"], "--type=merge", "-p", recurring)
    assert [one["name"] for one in installed.ask("freezes")["freezes"]] == ["x"]
