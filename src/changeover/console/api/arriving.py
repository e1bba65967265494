"""Operations about files that are sent in parts: packages, and air-gap bundles with their images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request

from changeover.actions import shipping, uploads
from changeover.actions.accounts import Role
from changeover.actions.shipping import How, Row
from changeover.arrivals import PART_BYTES, Arrival, File
from changeover.console.access.refusal import Refusal
from changeover.console.api import asks, shapes
from changeover.console.api.operation import Call, Operation
from changeover.console.pushing import Push


def _id(request: Request) -> str:
    return str(request.path_params["id"])


async def _told(call: Call, arrival: Arrival) -> dict[str, Any]:
    """A file as programs see it, with what is in it once it is a whole bundle."""
    file, push = arrival.file, call.room.pushing.told.get(arrival.file.id)
    found: dict[str, Any] = {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "parts": file.parts,
        "part_bytes": PART_BYTES,
        "missing": arrival.missing,
        "whole": arrival.whole,
        "push": _push(push) if push else None,
    }
    if arrival.whole and file.is_bundle:
        shipment, _ = await shipping.of_arrived(call.outside, call.installation, file.id)
        found["holds"] = shipment.as_json()
    return found


def _push(push: Push) -> dict[str, Any]:
    return {
        "under_way": push.under_way,
        "problem": push.problem.as_json() if push.problem else None,
        "images": [_row(one) for one in push.progress.rows],
    }


def _row(one: Row) -> dict[str, Any]:
    move = one.move
    return {"image": move.source, "place": move.destination, "state": one.state, "bytes": one.bytes, "of": one.of}


async def _every(call: Call) -> object:
    return [await _told(call, one) for one in await uploads.arriving(call.outside, call.installation)]


async def _one(call: Call) -> object:
    return await _told(call, await uploads.arrived(call.outside, call.installation, _id(call.request)))


async def _begin(call: Call) -> object:
    asked: asks.UploadAsked = call.asked
    file = File(asked.name, asked.size, asked.sha256)
    call.note(f"{asked.name}, sha256 {asked.sha256[:12]}…")
    return await _told(call, await uploads.begin(call.outside, call.installation, file))


async def _part(call: Call) -> object:
    number = call.request.path_params["number"]
    if not (number.isascii() and number.isdecimal() and len(number) < 8):
        raise Refusal(404, "no-such-part", "A part has a number, from 0 on.")
    content = await call.request.body()
    id_ = _id(call.request)
    return {"left": await uploads.take_part(call.outside, call.installation, id_, number=int(number), content=content)}


async def _finish(call: Call) -> object:
    id_ = _id(call.request)
    kept = await uploads.finish(call.outside, call.installation, id_, version=call.asked.version)
    return {"version": kept.version if kept else "", "waits": kept is None}


async def _begin_push(call: Call) -> object:
    asked: asks.PushAsked = call.asked
    id_ = _id(call.request)
    how = How(asked.push, asked.plain_http, asked.username, asked.password)
    await call.room.pushing.begin(call.outside, call.installation, id_, how)
    call.note(id_)
    return await _told(call, await uploads.arrived(call.outside, call.installation, id_))


async def _forget(call: Call) -> object:
    id_ = _id(call.request)
    await call.room.pushing.stop(id_)
    await uploads.forget(call.outside, call.installation, id_)
    return {"done": "forgotten"}


_ROW = replace(
    Operation("GET", "/uploads", "uploads", "Files on their way, and bundles that wait", shapes.Uploads, _every),
    role=Role.OPERATOR,
    held=True,
)
OPERATIONS = (
    _ROW,
    replace(
        _ROW,
        method="POST",
        name="beginUpload",
        summary="Say which file will be sent, or go on with it",
        answer=shapes.Upload,
        act=_begin,
        asks=asks.UploadAsked,
        status=201,
    ),
    replace(
        _ROW,
        path="/uploads/{id}",
        name="upload",
        summary="One of them, and what is in it",
        answer=shapes.Upload,
        act=_one,
    ),
    replace(
        _ROW,
        method="DELETE",
        path="/uploads/{id}",
        name="forgetUpload",
        summary="Let go of one",
        answer=shapes.Noted,
        act=_forget,
    ),
    replace(
        _ROW,
        method="PUT",
        path="/uploads/{id}/parts/{number}",
        name="sendPart",
        summary="Send a part, counted from 0: all but the last have partBytes",
        answer=shapes.PartTaken,
        act=_part,
        takes_bytes=True,
    ),
    replace(
        _ROW,
        method="POST",
        path="/uploads/{id}/finish",
        name="finishUpload",
        summary="All was sent: check it; a package becomes a version, a bundle waits for its push",
        answer=shapes.Finished,
        act=_finish,
        asks=asks.FinishAsked,
    ),
    replace(
        _ROW,
        method="POST",
        path="/uploads/{id}/push",
        name="push",
        summary="Send a bundle's images to the registry, then offer its version; its upload says how far it is",
        answer=shapes.Upload,
        act=_begin_push,
        asks=asks.PushAsked,
        status=202,
    ),
)
