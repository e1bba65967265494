"""postgresql, mysql, redis: whether a database answers, and which version it is, asked from the machine that collects.

* ``<kind>/<collectorName>.json``: isConnected, error, version, and of mysql the variables that `parameters` names
* addresses and keys may stand in Secrets and ConfigMaps (``valueFrom``); they are never written, also not in errors
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
import tempfile
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changeover.collect.scene import Act, CannotCollect, Scene
from changeover.collect.stored import CONFIG_MAP, SECRET
from changeover.objects import Kind, Ref
from changeover.package.application import mapping, text, texts
from changeover.ports import Json

PATIENCE = 10.0
"""Seconds for the connection and each answer."""

_DSN = re.compile(
    r"^(?:(?P<user>[^:@]*)(?::(?P<password>.*))?@)?(?:tcp\((?P<at>[^)]*)\))?/(?P<database>[^?]*)\??(?P<options>.*)$"
)
"""``user:password@tcp(host:port)/database``, as Go's driver for MySQL has it."""

_AT = re.compile(r"^(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d+))?$")


@dataclass(frozen=True, slots=True)
class Trust:
    """How to encrypt: for drivers that take a context, and for those that take files."""

    context: ssl.SSLContext
    files: Mapping[str, Path]
    """Those of ``cacert``, ``clientCert``, ``clientKey`` that were given."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A database to ask: where, by what certificates, and for which variables."""

    uri: str
    trust: Trust | None = None
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What it answered."""

    version: str
    variables: Mapping[str, str] = field(default_factory=dict)


class _Unanswered(Exception):
    """In the driver's own words, which may hold secrets."""


Ask = Callable[[Asked], Awaitable[Told]]
"""Asks one kind of database; its driver is only loaded when one is asked. Raises _Unanswered, OSError, ValueError."""


def database(folder: str, ask: Ask) -> Act:
    """The collector of a kind of database."""

    async def act(scene: Scene) -> None:
        uri = await value_of(scene, scene.collector.spec.get("uri"))
        if not uri:
            raise CannotCollect("it names no address", hint="give it a uri")
        parameters = texts(scene.collector.spec.get("parameters"))
        said: dict[str, Json] = {"isConnected": False}
        within = min(PATIENCE, scene.seconds)
        try:
            async with _trust(scene) as trust, asyncio.timeout(within):
                told = await ask(Asked(uri, trust, parameters))
            said = {"isConnected": True, "version": told.version}
            if parameters:
                said["variables"] = dict(told.variables)
        except TimeoutError:
            said["error"] = f"no answer within {within:g} s"
        except (_Unanswered, OSError, ValueError) as wrong:
            said["error"] = _without(str(wrong) or type(wrong).__name__, uri)
        scene.sink.write_json(f"{folder}/{scene.said('collectorName', folder)}.json", said)

    return act


async def _postgres(asked: Asked) -> Told:
    import asyncpg  # type: ignore[import-untyped]

    trust = {"ssl": asked.trust.context} if asked.trust else {}
    try:
        connection = await asyncpg.connect(asked.uri, timeout=PATIENCE, **trust)
        try:
            return Told(str(await connection.fetchval("SHOW server_version")).split()[0])
        finally:
            await connection.close(timeout=PATIENCE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as wrong:
        raise _Unanswered(str(wrong)) from None


async def _mysql(asked: Asked) -> Told:
    read = _DSN.match(asked.uri)
    if read is None:
        raise ValueError("its uri is not user:password@tcp(host:port)/database")
    import pymysql

    place = _AT.match(read["at"] or "127.0.0.1")
    if place is None:
        raise ValueError("its host and port cannot be read")
    at = (place["host"].strip("[]"), int(place["port"] or 3306))
    try:
        return await asyncio.to_thread(_mysql_asked, asked, read, at)
    except (pymysql.Error, RuntimeError) as wrong:  # RuntimeError: a way to log in for which it lacks a library
        raise _Unanswered(str(wrong)) from None


def _mysql_asked(asked: Asked, read: re.Match[str], at: tuple[str, int]) -> Told:
    import pymysql

    connection = pymysql.connect(
        host=at[0],
        port=at[1],
        user=read["user"],
        password=read["password"] or "",
        database=read["database"] or None,
        **_encrypted(asked, read["options"]),
        connect_timeout=int(PATIENCE),
        read_timeout=int(PATIENCE),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        version = text((cursor.fetchone() or ("",))[0])
        variables: dict[str, str] = {}
        if asked.variables:
            cursor.execute("SHOW VARIABLES")
            variables = {text(name): text(value) for name, value in cursor.fetchall() if name in asked.variables}
    return Told(version, variables)


def _encrypted(asked: Asked, options: str) -> dict[str, Any]:
    """What the spec's ``tls``, or else the address's ``tls=``, asks of the driver. Raises ValueError."""
    if asked.trust:
        return {"ssl": asked.trust.context}
    wanted = urllib.parse.parse_qs(options).get("tls", ["preferred"])[-1]
    if wanted == "preferred":
        return {}
    if wanted == "false":
        return {"ssl_disabled": True}
    if wanted not in {"true", "skip-verify"}:
        raise ValueError("its tls is none of true, false, preferred, skip-verify")
    context = ssl.create_default_context()
    if wanted == "skip-verify":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return {"ssl": context}


async def _redis(asked: Asked) -> Told:
    import redis.asyncio as redis

    uri, names = asked.uri, {"cacert": "ssl_ca_certs", "clientCert": "ssl_certfile", "clientKey": "ssl_keyfile"}
    more: dict[str, Any] = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    if asked.trust:
        uri = re.sub("^redis:", "rediss:", uri)
        more |= {names[name]: str(file) for name, file in asked.trust.files.items()}
        if not asked.trust.context.check_hostname:
            more |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    client = redis.Redis.from_url(uri, **more)
    try:
        async with client:
            said = await client.info("server")
    except redis.RedisError as wrong:
        raise _Unanswered(str(wrong)) from None
    return Told(text(said.get("redis_version")))


@contextlib.asynccontextmanager
async def _trust(scene: Scene) -> AsyncIterator[Trust | None]:
    """As the spec says: ``tls`` with texts, values from the cluster, or one Secret for all. Raises CannotCollect."""
    wanted = mapping(scene.collector.spec.get("tls"))
    if not wanted:
        yield None
        return
    secret = mapping(wanted.get("secret"))
    stored = await _stored(scene, SECRET, secret) if secret else {}
    names = ("cacert", "clientCert", "clientKey")
    own = {name: stored.get(name, "") or await value_of(scene, wanted.get(name)) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: _written(Path(folder) / name, content) for name, content in own.items() if content}
        try:
            context = ssl.create_default_context(cafile=files.get("cacert"))
            if "clientCert" in files:
                context.load_cert_chain(files["clientCert"], files.get("clientKey"))
        except (ssl.SSLError, ValueError):
            raise CannotCollect("its certificates or keys cannot be read", hint="tls takes PEM") from None
        if wanted.get("skipVerify"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        yield Trust(context, files)


def _written(file: Path, content: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(content)
    return file


async def value_of(scene: Scene, written: Json) -> str:
    """A text, or what ``value`` or ``valueFrom`` names. Raises CannotCollect for what is not there."""
    if not isinstance(written, Mapping):
        return text(written)
    origin = mapping(written.get("valueFrom"))
    for name, kind in (("secretKeyRef", SECRET), ("configMapKeyRef", CONFIG_MAP)):
        ref = mapping(origin.get(name))
        if ref:
            found = (await _stored(scene, kind, ref)).get(text(ref.get("key")))
            if found is None and not ref.get("optional"):
                raise CannotCollect(f"{kind.name} {ref.get('name')} has no {ref.get('key')}")
            return found or ""
    return text(written.get("value"))


async def _stored(scene: Scene, kind: Kind, ref: Mapping[str, Any]) -> dict[str, str]:
    obj = await scene.cluster.get(Ref(kind, text(ref.get("namespace")) or scene.namespace, text(ref.get("name"))))
    data = (obj.get("data", default={}) or {}) if obj else {}
    if kind == CONFIG_MAP:
        return {key: str(value) for key, value in data.items()}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def _without(words: str, uri: str) -> str:
    """The words without the address, and without its password however it is written."""
    read, dsn = urllib.parse.urlsplit(uri) if "://" in uri else None, _DSN.match(uri)
    password = (read.password if read else dsn["password"] if dsn else "") or ""
    for secret in sorted({uri, password, urllib.parse.unquote(password)} - {""}, key=len, reverse=True):
        words = words.replace(secret, "***HIDDEN***")
    return words


postgres: Act = database("postgres", _postgres)
mysql: Act = database("mysql", _mysql)
redis_server: Act = database("redis", _redis)
