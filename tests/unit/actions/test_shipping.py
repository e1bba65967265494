"""How far a push is, told from its events; and a bundle's description, written down and read again."""

from __future__ import annotations

import json

import pytest

from changeover.actions import shipping
from changeover.images import Copied, Move, Moving
from changeover.package.airgap import Airgap, Stop, as_document, read_airgap

SERVER, WORKER = Move("a/server:1", "r.example/server:1"), Move("a/worker:1", "r.example/worker:1")


def test_a_push_is_told_image_by_image_with_the_time_that_is_left() -> None:
    progress = shipping.begun((SERVER, WORKER))
    assert progress.seconds_left(0.0) is None
    progress = progress.heard(Moving(600, 0), 1.0)
    assert (progress.unpacked, progress.total) == (600, 0), "nobody knows yet how much it becomes"
    progress = progress.heard(Moving(1000, 1000), 2.0)
    assert progress.seconds_left(3.0) is None, "nothing was sent yet"
    progress = progress.heard(Moving(100, 400, SERVER), 10.0)
    assert [row.state for row in progress.rows] == ["sending", "waiting"]
    assert progress.seconds_left(20.0) == pytest.approx(90.0), "100 bytes in 10 s, 900 are left"
    progress = progress.heard(Moving(400, 400, SERVER), 20.0).heard(Copied(SERVER, "sha256:1", 400), 20.0)
    progress = progress.heard(Copied(WORKER, "", problem="HTTP 403"), 30.0)
    assert [(row.state, row.why) for row in progress.rows] == [("sent", ""), ("failed", "HTTP 403")]
    assert progress.finished == 1
    again = shipping.begun((SERVER,)).heard(Copied(SERVER, "sha256:1"), 1.0)
    assert again.rows[0].state == "there", "nothing had to be sent"


def test_what_a_bundle_says_of_itself_is_kept_as_it_was() -> None:
    about = Airgap(
        version="1.1.0",
        cursor=9,
        notes="Better.",
        channel_id="c1",
        channel_name="Stable",
        application="letters",
        required=True,
        required_releases=(Stop("1.0.0", "7"),),
        images=("a/server:1",),
        format="docker-registry",
    )
    assert read_airgap(json.dumps(as_document(about))) == about
