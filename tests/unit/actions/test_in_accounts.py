"""As which account each thing is done, at each reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from changeover.actions.as_person import AsPerson
from changeover.actions.in_accounts import InAccounts, Reach, books, changing, planning, sees_secrets
from changeover.actions.outside import Outside
from changeover.objects import API_VERSION, Kind, KubeObject, Ref
from changeover.ports import Resource
from changeover.settings import ACCOUNTS, DEPLOYER, ENGINE, OBSERVER

MAP, SECRET, RUN = Kind("v1", "ConfigMap"), Kind("v1", "Secret"), Kind(API_VERSION, "Changeover")


@dataclass
class Account:
    """Says its name, whatever it is asked; `may` = all that it is allowed."""

    name: str
    may: bool = True

    def __getattr__(self, _: str) -> Any:
        async def answer(*_: Any, **__: Any) -> Any:
            return self.name

        return answer

    async def allowed(self, *_: Any, **__: Any) -> bool:
        return self.may


def cluster(reach: Reach = Reach.READING, **may: bool) -> InAccounts:
    accounts = {name: Account(name, may.get(name.removeprefix("changeover-"), True)) for name in ACCOUNTS}
    return InAccounts(cast("Any", accounts), reach)


def obj(kind: Kind) -> KubeObject:
    return KubeObject({"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": "a", "namespace": "n"}})


@pytest.mark.parametrize(
    ("kind", "reach", "read", "rehearsed", "written"),
    [
        (MAP, Reach.READING, OBSERVER, OBSERVER, OBSERVER),
        (MAP, Reach.PLANNING, OBSERVER, DEPLOYER, OBSERVER),
        (MAP, Reach.CHANGING, OBSERVER, DEPLOYER, DEPLOYER),
        (SECRET, Reach.READING, OBSERVER, OBSERVER, OBSERVER),
        (SECRET, Reach.PLANNING, DEPLOYER, DEPLOYER, OBSERVER),
        (SECRET, Reach.CHANGING, DEPLOYER, DEPLOYER, DEPLOYER),
        (RUN, Reach.READING, OBSERVER, ENGINE, ENGINE),
        (RUN, Reach.CHANGING, OBSERVER, ENGINE, ENGINE),
    ],
)
async def test_who_does_it(kind: Kind, reach: Reach, read: str, rehearsed: str, written: str) -> None:
    one, ref = cluster(reach), Ref(kind, "n", "a")
    assert {await one.get(ref), await one.list(kind)} == {read}
    assert {await one.apply(obj(kind), dry_run=True), await one.create(obj(kind), dry_run=True)} == {rehearsed}
    assert {await one.apply(obj(kind)), await one.create(obj(kind)), await one.patch(ref, {})} == {written}


async def test_a_right_is_asked_of_who_needs_it() -> None:
    pods = Resource(Kind("v1", "Pod"), "pods", namespaced=True)
    one = cluster(observer=False)
    assert not await one.allowed("get", pods)
    assert await one.allowed("get", pods, account=DEPLOYER)
    assert not await one.allowed("*", pods), "all of them"
    assert await cluster().allowed("*", pods)


async def test_reach_only_grows_and_a_person_keeps_deciding() -> None:
    person = cast("Any", Account("ada"))
    fields: dict[str, Any] = dict.fromkeys(Outside.__dataclass_fields__)
    page = Outside(**{**fields, "cluster": AsPerson(cluster(), person)})
    run = planning(changing(page))
    assert (await run.cluster.apply(obj(MAP)), await run.cluster.apply(obj(RUN))) == (DEPLOYER, "ada")
    assert await page.cluster.apply(obj(MAP)) == OBSERVER
    assert await books(page.cluster).get(Ref(SECRET, "n", "a")) == ENGINE
    assert not sees_secrets(page)
    laptop = Outside(**{**fields, "cluster": person})
    assert (changing(laptop), planning(laptop), books(person), sees_secrets(laptop)) == (laptop, laptop, person, True)
