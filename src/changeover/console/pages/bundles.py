"""Air-gap bundles that arrived: what is in each, what it asks for, and its images on their way to the registry."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from changeover.actions import shipping, uploads
from changeover.actions.shipping import How, Shipment
from changeover.arrivals import PART_BYTES, Arrival
from changeover.console.pushing import Push
from changeover.console.room import Room
from changeover.errors import Problem
from changeover.evidence import words

HERE = "/versions/bundles"


def routes(room: Room) -> list[Route]:
    """What belongs to this page."""
    page, here = Bundles(room), room.holder.here
    return [
        Route(HERE, here(page.show), methods=["GET"]),
        Route(f"{HERE}/live", here(page.live), methods=["GET"]),
        Route(f"{HERE}/{{id}}/push", here(page.push), methods=["POST"]),
        Route(f"{HERE}/{{id}}/stop", here(page.stop), methods=["POST"]),
        Route(f"{HERE}/{{id}}/forget", here(page.forget), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Item:
    """One file on its way, or one bundle that waits."""

    arrival: Arrival
    shipment: Shipment | None = None
    push: Push | None = None
    problem: Problem | None = None

    @property
    def there(self) -> int:
        """Bytes that arrived."""
        return max(self.arrival.file.size - len(self.arrival.missing) * PART_BYTES, 0)

    @property
    def pushing(self) -> bool:
        """Whether its images are on their way."""
        return self.push is not None and self.push.under_way


class Bundles:
    """The page and its forms."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def show(self, request: Request) -> Response:
        """What arrived here."""
        return await self._page(request)

    async def live(self, request: Request) -> Response:
        """How far the push is; once it has ended the whole page is drawn again."""
        told = next((one for one in self._room.pushing.told.values() if one.under_way), None)
        if told is None:
            return HTMLResponse(headers={"HX-Refresh": "true"})
        return self._room.render(request, "bundles_live.html", {"push": told, **self._words()})

    async def push(self, request: Request) -> Response:
        """Send the images of one to the registry, then offer its version."""
        id_, outside = request.path_params["id"], self._room.outside_of(request)
        async with request.form(max_files=0, max_fields=10) as form:
            said = {name: str(form.get(name) or "") for name in ("push", "plain", "username", "password")}
        how = How(said["push"] != "no", bool(said["plain"]), said["username"].strip(), said["password"])
        try:
            await self._room.pushing.begin(outside, self._room.installation, id_, how)
        except Problem as problem:
            return await self._page(request, problem=problem)
        request.state.detail = id_
        return RedirectResponse(HERE, status_code=303)

    async def stop(self, request: Request) -> Response:
        """Stop sending; what is in the registry stays there."""
        await self._room.pushing.stop(request.path_params["id"])
        return RedirectResponse(HERE, status_code=303)

    async def forget(self, request: Request) -> Response:
        """Let go of one."""
        id_ = request.path_params["id"]
        await self._room.pushing.stop(id_)
        await uploads.forget(self._room.outside_of(request), self._room.installation, id_)
        request.state.detail = id_
        return RedirectResponse(HERE, status_code=303)

    async def _page(self, request: Request, *, problem: Problem | None = None) -> Response:
        outside, name = self._room.outside_of(request), self._room.installation
        items = [await self._item(request, one) for one in await uploads.arriving(outside, name)]
        pushing = self._room.pushing
        values = {
            "items": items,
            "problem": problem,
            "offered": pushing.offered,
            "headline": _headline(items, pushing.offered),
            **self._words(),
        }
        return self._room.render(request, "bundles.html", values, status=409 if problem else 200)

    async def _item(self, request: Request, arrival: Arrival) -> Item:
        push = self._room.pushing.told.get(arrival.file.id)
        if not (arrival.whole and arrival.file.is_bundle):
            return Item(arrival)
        outside, name = self._room.outside_of(request), self._room.installation
        try:
            shipment, _ = await shipping.of_arrived(outside, name, arrival.file.id)
        except Problem as problem:
            return Item(arrival, push=push, problem=problem)
        return Item(arrival, shipment, push)

    def _words(self) -> dict[str, object]:
        now = self._room.outside("").clock.monotonic()
        return {"size": words.size, "duration": words.duration, "clock": now}


def _headline(items: list[Item], offered: str) -> str:
    if any(one.pushing for one in items):
        return "Images are on their way to the registry."
    waiting = [one for one in items if one.shipment]
    if waiting:
        version = waiting[0].shipment.version if waiting[0].shipment else ""
        return f"{version} is here. Its images have to reach your registry."
    if offered:
        return f"{offered} is offered now."
    if items:
        return "A file is not whole yet."
    return "No bundle waits."
