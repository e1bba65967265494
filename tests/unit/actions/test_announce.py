"""What is told of a run: Events on its objects, and messages to the operator's webhook."""

from collections.abc import Mapping
from typing import Any

import pytest

from changeover.actions.announce import Announcer
from changeover.objects import API_VERSION, KubeObject
from changeover.release.profile import Profile
from changeover.runs.happenings import Happening
from changeover.runs.scene import Subject
from tests.unit.plan.test_planner import NEW, OLD, UPDATE

RUN = KubeObject({"apiVersion": API_VERSION, "kind": "Changeover", "metadata": {"name": "shop-2", "namespace": "a"}})
CHANGE = f"update of shop from {UPDATE.from_version} to {UPDATE.to_version}"


class Heard:
    """Both listeners at once."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, bool]] = []
        self.messages: list[tuple[str, str]] = []
        self.closed = False

    async def emit(self, about: KubeObject, reason: str, note: str, *, warning: bool = False) -> bool:
        assert about is RUN
        self.events.append((reason, note, warning))
        return True

    def tell(self, what: str, about: Mapping[str, Any]) -> None:
        assert about["run"] == "shop-2"
        self.messages.append((what, str(about["text"])))

    async def close(self, *, within: float = 10.0) -> None:
        self.closed = True


HELD = {"question": {"text": "no receipt", "gates": ["close-gate"]}}
OPEN = {"question": {"text": "well?", "gates": []}}


@pytest.mark.parametrize(
    ("happening", "events", "messages"),
    [
        (Happening("opened"), [("Started", f"{CHANGE} by strategy {UPDATE.strategy}", False)], ["started"]),
        (Happening("progress", text="3 of 4"), [], []),
        (Happening("done", step="close-gate"), [], []),
        (Happening("turned", text="no room"), [("GoingBack", f"{CHANGE} goes back: no room", True)], ["failed"]),
        (
            Happening("asked", data=HELD),
            [
                ("Held", f"{CHANGE} waits for a person: no receipt", True),
                ("GateStillClosed", "the gate stays closed meanwhile", True),
            ],
            ["held", "gate-still-closed"],
        ),
        (
            Happening("asked", data={"question": {"text": "well?"}}),
            [("Held", f"{CHANGE} waits for a person: well?", True)],
            ["held"],
        ),
        (Happening("ended", text="committed"), [("Finished", f"{CHANGE}: committed", False)], ["finished"]),
        (Happening("ended", text="rolled back"), [("Finished", f"{CHANGE}: rolled back", True)], ["finished"]),
    ],
)
async def test_who_is_told_what(happening: Happening, events: list[Any], messages: list[str]) -> None:
    heard, passed = Heard(), []
    subject = Subject("shop", "a", "uid", "shop-2", UPDATE, OLD, NEW, Profile())
    announcer = Announcer(subject, (RUN,), events=heard, webhook=heard)
    announcer.listening(passed.append)(happening)
    await announcer.close()
    assert passed == [happening]
    assert heard.events == events
    assert [what for what, _ in heard.messages] == messages
    assert heard.closed
