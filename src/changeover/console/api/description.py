"""The OpenAPI 3.1 document, made from the table of operations and their models. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from changeover import __version__
from changeover.console.api.operation import BASE, Operation
from changeover.console.api.shapes import ProblemTold

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_ABOUT = (
    "What the console's pages show and post. Programs send a token of `changeover token create` as "
    "`Authorization: Bearer`; a signed-in browser's session counts as well, then what changes something also carries "
    "its form token as `X-CSRF-Token`. Each operation names the role that it needs."
)


def described(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document."""
    models = {one.answer for one in operations} | {one.asks for one in operations if one.asks and one.method != "GET"}
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(f"{BASE}{one.path}", {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Changeover", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": _schemas({*models, ProblemTold}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "changeover"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    ordered = sorted(models, key=lambda one: one.__name__)
    _, document = models_json_schema([(one, "validation") for one in ordered], ref_template=_REF)
    return dict(document.get("$defs", {}))


def _operation(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the role {one.role.word}.",
        "parameters": [*map(_in_path, _PARAMETER.findall(one.path)), *_in_query(one)],
        "responses": {
            str(one.status): {"description": "Done.", "content": _json(one.answer)},
            "default": {"description": "Why not, and what to do.", "content": _json(ProblemTold)},
        },
    }
    if one.asks and one.method != "GET":
        found["requestBody"] = {"required": True, "content": _json(one.asks)}
    if one.takes_bytes:
        schema = {"type": "string", "format": "binary"}
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    return found


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(one: Operation) -> list[dict[str, Any]]:
    if one.asks is None or one.method != "GET":
        return []
    schema = one.asks.model_json_schema(by_alias=True)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
