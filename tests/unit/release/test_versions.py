"""Which version is newer, and what lies in a range."""

import pytest

from changeover.release import versions
from changeover.release.versions import Scheme

ORDERED = {
    Scheme.CALVER: [
        "2022.03",
        "2022.07.main-20220802",
        "2022.07.0",
        "2022.09.0-rc1",
        "2022.09.0-rc2",
        "2022.09.0-rc10",
        "2022.09.0",
        "2022.09.2",
        "2022.10.1",
        "2022-11-1-rc1",
        "2022.11.1",
        "2023.01",
    ],
    Scheme.SEMVER: ["0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "v1.0.0", "1.2", "1.10.0"],
    Scheme.SEQUENCE: ["1", "2", "10", "0011"],
}


@pytest.mark.parametrize("scheme", Scheme)
def test_versions_are_in_order(scheme: Scheme) -> None:
    read = [versions.parse(text, scheme) for text in ORDERED[scheme]]
    assert [version.text for version in sorted(set(read))] == ORDERED[scheme]
    assert len(set(read)) == len(read)


@pytest.mark.parametrize(
    ("one", "other", "scheme"),
    [
        ("2022.09", "2022.09.0", Scheme.CALVER),
        ("2022-09-0", "v2022.9", Scheme.CALVER),
        ("1.2", "v1.2.0+build", Scheme.SEMVER),
        ("01", "1", Scheme.SEQUENCE),
    ],
)
def test_different_spellings_are_one_version(one: str, other: str, scheme: Scheme) -> None:
    assert versions.parse(one, scheme) == versions.parse(other, scheme)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("2022.09.0", "calver"), ("2022-11-1-rc1", "calver"), ("v1.2.3", "semver"), ("20220902", "sequence")],
)
def test_the_scheme_is_guessed(text: str, scheme: str) -> None:
    assert versions.scheme_of(text) == scheme


RANGES = [
    (">=2022.08", "2022.08.0", True),
    (">=2022.08 <2022.12", "2022.11.3", True),
    (">=2022.08, <2022.12", "2022.12.0", False),
    (">2022.08", "2022.08.1", False),
    (">2022.08", "2022.09.0", True),
    ("2022.08", "2022.08.7", True),
    ("!=2022.08", "2022.08.7", False),
    ("<=2022.08", "2022.08.7", True),
    ("2022.07 - 2022.09", "2022.09.2", True),
    ("2022.07 - 2022.09", "2022.10.0", False),
    ("2022.x", "2022.01.0", True),
    ("2022.07 || 2022.09", "2022.08.0", False),
    ("*", "2022.08.0", True),
    ("", "2022.08.0", True),
    ("~1.2.3", "1.2.9", True),
    ("~1.2.3", "1.3.0", False),
    ("~1", "1.9.0", True),
    ("^1.2.3", "1.9.0", True),
    ("^1.2.3", "2.0.0", False),
    ("^0.2.3", "0.3.0", False),
    ("^0.0.3", "0.0.4", False),
    (">= 1.2", "1.2.0", True),
    ("=1.2.3", "1.2.3", True),
    (">=1.0.0", "1.1.0-rc1", False),
    (">=1.1.0-rc0", "1.1.0-rc1", True),
    (">=3 <7", "6", True),
    ("<=6", "7", False),
]


@pytest.mark.parametrize(("wanted", "text", "holds"), RANGES)
def test_ranges(wanted: str, text: str, *, holds: bool) -> None:
    scheme = versions.scheme_of(text)
    assert versions.in_range(versions.parse(text, scheme), wanted, scheme) is holds


@pytest.mark.parametrize(
    ("text", "scheme"), [("main", Scheme.CALVER), ("1.2.3.4", Scheme.SEMVER), ("a", Scheme.SEQUENCE)]
)
def test_what_is_no_version_is_refused_with_an_example(text: str, scheme: Scheme) -> None:
    with pytest.raises(versions.UnreadableVersion) as caught:
        versions.parse(text, scheme)
    assert caught.value.hint


@pytest.mark.parametrize("wanted", ["banana", ">=", ">= 1 & 2", "1.2 -"])
def test_what_is_no_range_is_refused(wanted: str) -> None:
    with pytest.raises(versions.UnreadableVersion):
        versions.in_range(versions.parse("1.2.3"), wanted, Scheme.SEMVER)
