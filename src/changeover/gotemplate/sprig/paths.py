"""Go's path functions, for slash paths and (the same on Linux) for file paths; an environment that is empty."""

from __future__ import annotations

import re
from typing import NoReturn

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table

_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|([*#$@!?0-9-]|\w+))")


def clean(path: str) -> str:
    """The shortest path that means the same."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part == ".." and rooted:
            continue
        elif part not in {"", "."}:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _directory(path: str) -> str:
    return clean(path[: path.rfind("/") + 1])


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def _is_absolute(path: str) -> bool:
    return path.startswith("/")


def _env(_name: str) -> str:
    return ""


def _expand_env(text: str) -> str:
    return _VARIABLE.sub("", text)


def _host(_name: str) -> NoReturn:
    raise CallFailed("hosts are not looked up while rendering")


FUNCTIONS: dict[str, Function] = table(
    {
        **{name: (call, "string") for name, call in (("base", _base), ("osBase", _base))},
        **{name: (call, "string") for name, call in (("dir", _directory), ("osDir", _directory))},
        **{name: (call, "string") for name, call in (("clean", clean), ("osClean", clean))},
        **{name: (call, "string") for name, call in (("ext", _extension), ("osExt", _extension))},
        **{name: (call, "string") for name, call in (("isAbs", _is_absolute), ("osIsAbs", _is_absolute))},
        "env": (_env, "string"),
        "expandenv": (_expand_env, "string"),
        "getHostByName": (_host, "string"),
    }
)
