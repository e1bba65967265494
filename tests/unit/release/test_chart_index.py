"""An index of a chart repository as a catalog."""

from datetime import UTC, datetime

import pytest

from changeover.release import chart_index, route
from changeover.release.catalog import Catalog


def catalog(*versions: str) -> Catalog:
    entries = [{"version": version, "urls": [f"web-{version}.tgz"]} for version in versions]
    return chart_index.catalog_of_index({"entries": {"web": entries}}, "", location="here")


def test_versions_go_by_semver_and_what_is_none_stays_out() -> None:
    found = catalog("1.10.0", "v1.9.0", "latest", "2.0.0-rc.1", "1.9.1", "1.10.0")
    assert [one.version for one in found.releases] == ["v1.9.0", "1.9.1", "1.10.0", "2.0.0-rc.1"]
    assert [one.cursor for one in found.releases] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("versions", "running", "newest", "newer"),
    [
        (("1.0.0", "1.1.0", "2.0.0-rc.1"), "1.0.0", "1.1.0", ["1.1.0"]),
        (("1.0.0-a", "1.0.0-b"), "1.0.0-a", "1.0.0-b", ["1.0.0-b"]),
        (("1.0.0", "1.1.0-rc.1", "1.1.0"), "1.1.0-rc.1", "1.1.0", ["1.1.0"]),
        (("1.0.0", "1.2.0"), "1.1.0", "1.2.0", ["1.2.0"]),
    ],
)
def test_nobody_is_led_to_a_preview_unasked(
    versions: tuple[str, ...], running: str, newest: str, newer: list[str]
) -> None:
    found = catalog(*versions)
    assert found.newest
    assert found.newest.version == newest
    assert [one.version for one in found.newer_than(running)] == newer


def test_a_preview_that_is_named_is_reached() -> None:
    way = route.route(catalog("1.0.0", "1.1.0", "2.0.0-rc.1"), "1.0.0", "2.0.0-rc.1")
    assert [hop.release.version for hop in way.hops] == ["2.0.0-rc.1"]


@pytest.mark.parametrize(
    ("meta", "notes"),
    [
        ({}, ""),
        ({"deprecated": True}, "deprecated"),
        ({"annotations": {"artifacthub.io/changes": "- a\n- {kind: fixed, description: b}\n"}}, "a; fixed: b"),
        ({"annotations": {"artifacthub.io/changes": "just words"}}, "just words"),
        ({"annotations": {"artifacthub.io/changes": "a: [b"}}, "a: [b"),
        ({"annotations": {"artifacthub.io/containsSecurityUpdates": True}}, "security updates"),
    ],
)
def test_what_a_chart_says_of_its_changes(meta: dict, notes: str) -> None:
    assert chart_index.notes_of(meta) == notes


def test_digest_time_and_place_are_read() -> None:
    entry = {"version": "1.0.0", "urls": ["x/web.tgz"], "digest": "sha256:ab", "created": "2026-11-01T10:00:00.123Z"}
    found = chart_index.catalog_of_index({"entries": {"web": [entry]}}, "web", location="here").releases[0]
    assert (found.package, found.sha256) == ("x/web.tgz", "ab")
    assert found.created_at == datetime(2026, 11, 1, 10, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize("index", [None, [], {"entries": []}, {"entries": {"web": "x"}}, {"entries": {"web": [7]}}])
def test_an_index_of_another_shape_is_no_crash(index: object) -> None:
    with pytest.raises(chart_index.NoSuchChart):
        chart_index.catalog_of_index(index, "other", location="here")
