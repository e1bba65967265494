"""Carries out a list of moves: each image from its registry to a private one."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from changeover import images
from changeover.channel.registry import logins
from changeover.channel.registry.content import Images
from changeover.channel.registry.copying import Copier
from changeover.channel.registry.repository import Repository
from changeover.channel.registry.session import Session
from changeover.errors import Problem
from changeover.images import Access, Copied, Image, Move, Moving

Open = Callable[[Session, Image], Images]
"""Where an image is read."""


class NoImage(Problem):
    """A text that names no image."""

    reference = "no-image"


Tell = Callable[[Copied | Moving], None]


async def copy_images(moves: Sequence[Move], access: Access, tell: Tell) -> Sequence[Copied]:
    """Copy from registry to registry; implements `actions.outside.ImageCopying`."""
    return await carry_out(_each(moves), access, tell, opened=repository)


async def carry_out(moves: AsyncIterable[Move], access: Access, tell: Tell, *, opened: Open) -> Sequence[Copied]:
    """Copy each image from where `opened` says, telling each; what fails is told and does not stop the others.

    The next move is only asked for when one is done: what it needs may come and go with it.
    """
    copier, done = Copier(), []
    async with Session(logins_of(access)) as session:
        async for move in moves:
            copier.tell = functools.partial(_told, tell, move)
            before = copier.tally.sent_bytes
            try:
                digest = await _copy(copier, session, move, opened)
                copied = Copied(move, digest, copier.tally.sent_bytes - before)
            except Problem as problem:
                words = f"{problem.message} ({problem.found})" if problem.found else problem.message
                copied = Copied(move, "", copier.tally.sent_bytes - before, problem=words)
            tell(copied)
            done.append(copied)
    return done


async def _each(moves: Sequence[Move]) -> AsyncIterator[Move]:
    for move in moves:
        yield move


def _told(tell: Tell, move: Move, far: int, of: int) -> None:
    tell(Moving(far, of, move))


async def _copy(copier: Copier, session: Session, move: Move, opened: Open) -> str:
    source, place = _named(move.source), _named(move.destination)
    return await copier.copy(opened(session, source), source.suffix[1:], repository(session, place), place.suffix[1:])


def repository(session: Session, image: Image) -> Repository:
    """The repository of an image whose host is written out."""
    return Repository(session, image.host, image.path)


def logins_of(access: Access) -> logins.Logins:
    """The logins of a file, with those given by name on top. Raises BadLogins."""
    listed = logins.from_file(Path(access.login_file)) if access.login_file else logins.Logins()
    return replace(listed, by_host={**listed.by_host, **access.logins}, plain=access.plain)


def _named(reference: str) -> Image:
    image = images.full(reference)
    if image is None:
        raise NoImage(f"{reference} names no image.", hint="host/path:tag or host/path@sha256:…")
    return image
