"""Whose trouble it is when the WebSocket client's tasks fail as a group."""

import asyncio

import httpx2

from changeover.kube.execute import first_of
from changeover.ports import Unreachable

CUT = BaseExceptionGroup("unhandled", [httpx2.ReadError("reset by peer")])


async def said() -> BaseException:
    return first_of(CUT, "running true")


async def test_the_groups_first_error_says_why() -> None:
    assert isinstance(await said(), Unreachable)


async def test_who_is_cancelled_while_the_connection_breaks_is_cancelled() -> None:
    heard: list[BaseException] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            heard.append(await said())
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert isinstance(heard[0], asyncio.CancelledError), "a Ctrl-C is no broken connection to be tried again"
