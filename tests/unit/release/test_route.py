"""Over which releases an update goes."""

import pytest

from changeover.release.catalog import Catalog, Release, UnknownRelease
from changeover.release.route import NoRoute, route
from changeover.release.versions import Scheme


def _catalog(*releases: str) -> Catalog:
    """``2022.08!`` is required, ``2022.09<2022.08`` only reached from 2022.08, ``2022.10x`` withdrawn."""
    made = []
    for cursor, text in enumerate(releases):
        version, _, only = text.partition("<")
        made.append(
            Release(
                version=version.rstrip("!x"),
                cursor=cursor,
                package="p.tgz",
                required="!" in version,
                withdrawn="loses data" if "x" in version else "",
                requires_from=f">={only}" if only else "",
            )
        )
    return Catalog("stable", tuple(made), Scheme.CALVER)


@pytest.mark.parametrize(
    ("releases", "installed", "target", "hops"),
    [
        (("2022.07", "2022.08", "2022.09"), "2022.07", "2022.09", ["2022.09"]),
        (("2022.07", "2022.08!", "2022.09"), "2022.07", "2022.09", ["2022.08", "2022.09"]),
        (("2022.07", "2022.08!", "2022.09!", "2022.10"), "2022.07", "2022.10", ["2022.08", "2022.09", "2022.10"]),
        (("2022.07", "2022.08", "2022.09<2022.08"), "2022.07", "2022.09", ["2022.08", "2022.09"]),
        (("2022.07", "2022.08", "2022.08.1", "2022.09<2022.08"), "2022.07", "2022.09", ["2022.08", "2022.09"]),
        (("2022.07", "2022.08!x", "2022.09"), "2022.07", "2022.09", ["2022.09"]),
        (("2022.07", "2022.08!", "2022.09"), "", "2022.09", ["2022.09"]),
        (("2022.07", "2022.08!", "2022.09"), "2022.09", "2022.09", []),
        (("2022.08!", "2022.09"), "2022.07.5", "2022.09", ["2022.08", "2022.09"]),
    ],
)
def test_the_fewest_hops_that_break_no_rule(
    releases: tuple[str, ...], installed: str, target: str, hops: list[str]
) -> None:
    found = route(_catalog(*releases), installed, target)
    assert [hop.release.version for hop in found.hops] == hops


def test_every_hop_says_why() -> None:
    found = route(_catalog("2022.07", "2022.08!", "2022.09", "2022.10<2022.09"), "2022.07", "2022.10")
    assert [hop.reason for hop in found.hops] == [
        "2022.08 is a required stop",
        "2022.10 may be reached from >=2022.09 only, not from 2022.07",
        "the goal",
    ]


@pytest.mark.parametrize(
    ("releases", "installed", "target", "words"),
    [
        (("2022.07", "2022.08"), "2022.08", "2022.07", "older than what is installed"),
        (("2022.07", "2022.08x"), "2022.07", "2022.08", "was withdrawn"),
        (("2022.07", "2022.09<2022.08"), "2022.07", "2022.09", "cannot be reached from 2022.07"),
        (("2022.07", "2022.09!<2022.08", "2022.10"), "2022.07", "2022.10", "needs a stop at 2022.09"),
    ],
)
def test_an_impossible_way_is_refused_with_words(
    releases: tuple[str, ...], installed: str, target: str, words: str
) -> None:
    with pytest.raises(NoRoute, match=words) as caught:
        route(_catalog(*releases), installed, target)
    assert caught.value.found
    assert caught.value.hint


def test_an_unknown_goal_lists_what_there_is() -> None:
    with pytest.raises(UnknownRelease, match="no release 2023") as caught:
        route(_catalog("2022.07"), "2022.07", "2023")
    assert caught.value.found == "2022.07"
