"""JSONPaths as Kubernetes reads them: its documentation's examples, and what must be refused."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.checks.finding import CannotJudge
from changeover.checks.jsonpath import select

NODES: dict[str, Any] = {
    "kind": "List",
    "items": [
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
            "status": {"capacity": {"cpu": "4"}, "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}]},
        },
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.2"},
            "status": {
                "capacity": {"cpu": "8"},
                "addresses": [
                    {"type": "LegacyHostIP", "address": "127.0.0.2"},
                    {"type": "another", "address": "127.0.0.3"},
                ],
            },
        },
    ],
    "users": [
        {"name": "myself", "user": {}, "age": 30, "admin": True},
        {"name": "e2e", "user": {"username": "admin"}, "age": 7.5},
    ],
    "odd.name": [0, 1, 2, 3, 4],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("{.kind}", "List"),
        ("{$.kind}", "List"),
        (".kind", "List"),
        ("kind", "List"),
        ("{['kind']}", "List"),
        (r"{['odd\.name'][1]}", 1),
        (r"{.odd\.name[1]}", 1),
        (r"{.items[0].metadata.labels.kubernetes\.io/hostname}", "127.0.0.1"),
        ("{..name}", ["127.0.0.1", "127.0.0.2", "myself", "e2e"]),
        ("{.items[*].metadata.name}", ["127.0.0.1", "127.0.0.2"]),
        ("{.users[0].name}", "myself"),
        ("{.users[-1:].name}", "e2e"),
        ("{.users[-1].name}", "e2e"),
        (r"{.odd\.name[1:4]}", [1, 2, 3]),
        (r"{.odd\.name[:2]}", [0, 1]),
        (r"{.odd\.name[3:]}", [3, 4]),
        (r"{.odd\.name[::2]}", [0, 2, 4]),
        (r"{.odd\.name[0:5:3]}", [0, 3]),
        (r"{.odd\.name[2:2]}", []),
        (r"{.odd\.name[0,3]}", [0, 3]),
        ("{.items[*]['metadata.name', 'status.capacity']}", ["127.0.0.1", "127.0.0.2", {"cpu": "4"}, {"cpu": "8"}]),
        ('{.users[?(@.name=="e2e")].user.username}', "admin"),
        ("{.users[?(@.name == 'e2e')].age}", 7.5),
        ("{.users[?(@.age > 8)].name}", "myself"),
        ("{.users[?(@.age<=7.5)].name}", "e2e"),
        ("{.users[?(@.admin == true)].name}", "myself"),
        ("{.users[?(@.admin)].name}", "myself"),
        ("{.users[?(@.user.username)].name}", "e2e"),
        ("{.users[?(@.name != 'e2e')].name}", "myself"),
        ("{.users[?(@.name =~ '^my')].name}", "myself"),
        ("{.users[?(@.name == @.name)].name}", ["myself", "e2e"]),
        ('{.items[*].status.addresses[?(@.type=="another")].address}', "127.0.0.3"),
        ('{.users[?(@.name=="a]b")].name}', []),
        ("{.missing}", []),
        ("{.nothing[0]}", []),
    ],
)
def test_what_a_path_finds(path: str, expected: Any) -> None:
    assert select(NODES, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "{.users[5]}",
        "{.users[0:9]}",
        "{.users[1:0]}",
        "{.users[::0]}",
        "{.kind[0]}",
        "{.users[}",
        "{..[0].name}",
        "{.users['}",
        "{.users[a]}",
        "{.users[]}",
        "{.users[?(@.age < 'x')]}",
        "{.users[?(@.age < big)]}",
        "{.users[?(@.age ~ 3)]}",
        "{.users[?(@.admin < true)]}",
        "{.users[?(@..name == 'e2e' && @.age > 3)]}",
        "{.kind[?(@.a)]}",
        "{range .items[*]}{.kind}{end}",
        "{.kind}{.kind}",
        "{.a..}",
        "{.users.length()}",
    ],
)
def test_what_cannot_be_judged(path: str) -> None:
    with pytest.raises(CannotJudge):
        select(NODES, path)


@given(st.text(alphabet=".[]{}$@?()*:,'\"\\=<>!~ab01-", max_size=30))
def test_any_path_ends_in_a_value_or_a_reason(path: str) -> None:
    with contextlib.suppress(CannotJudge):
        select(NODES, path)


def test_what_reaches_too_far_is_refused() -> None:
    wide = {"a": [[0] * 1000] * 1000}
    with pytest.raises(CannotJudge, match="too much"):
        select(wide, "{..*}")
    with pytest.raises(CannotJudge, match="too much"):
        select(wide, "{.a[*][*]}")
