r"""The values that a chart ships: values.yaml with those of its subcharts below, and the comments that explain them.

* a subchart's values stand under its alias, else its name; what the parent says of them wins, as Helm lays them;
* a path names a value: keys joined by dots, a dot inside a key is written ``\.``;
* the comment lines right above a key explain it (``# --`` of helm-docs and ``@param name`` of others are taken off).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from changeover.package import archive, yaml_text

FILE = "values.yaml"
_DEPTH = 6
_MARK = re.compile(r"^(--\s*|@param\s+\S+\s*(\[[^\]]*\]\s*)?|@section\b.*|@descriptionStart\b|@schema\b.*)")


def defaults(files: Mapping[str, bytes], *, depth: int = 0) -> dict[str, Any]:
    """All values of a chart as Helm would lay them together before an operator says anything. Raises BrokenYaml."""
    own = yaml_text.load(files.get(FILE, b"").decode("utf-8", "replace"), file=FILE)
    own = dict(own) if isinstance(own, Mapping) else {}
    for name, inside in subcharts(files) if depth < _DEPTH else ():
        given = own.get(name)
        if name not in own or isinstance(given, Mapping):
            own[name] = laid_over(defaults(inside, depth=depth + 1), given or {})
    return own


def subcharts(files: Mapping[str, bytes]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """(alias or name, files with Chart.yaml on top) of every chart in charts/, in the order of their names."""
    inside = dict(_vendored(files))
    meta = _meta(files)
    listed = meta.get("dependencies")
    called: dict[str, list[str]] = {}
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping):
            called.setdefault(str(item.get("name", "")), []).append(str(item.get("alias") or item.get("name", "")))
    for name, content in sorted(inside.items()):
        for alias in called.get(name, [name]):
            yield alias, content


def switches(files: Mapping[str, bytes], under: str = "", *, depth: int = 0) -> Iterator[str]:
    """Paths of the conditions and tags that switch subcharts on and off, also those that no values.yaml names."""
    listed = _meta(files).get("dependencies")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping):
            conditions = str(item.get("condition") or "").split(",")
            yield from (f"{under}.{one.strip()}".lstrip(".") for one in conditions if one.strip())
            tags = item.get("tags")
            yield from (f"tags.{one}" for one in (tags if isinstance(tags, list) else ()))
    for name, inside in subcharts(files) if depth < _DEPTH else ():
        yield from switches(inside, join(under, name), depth=depth + 1)


def leaves(values: Mapping[str, Any], under: str = "") -> dict[str, Any]:
    """Every value by its path; a mapping is entered unless it is empty."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = join(under, str(key))
        if isinstance(value, Mapping) and value:
            found.update(leaves(value, path))
        else:
            found[path] = value
    return found


def comments(files: Mapping[str, bytes]) -> dict[str, str]:
    """What values.yaml says in comments, by path; empty when it is not YAML."""
    text = files.get(FILE, b"").decode("utf-8", "replace")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return {}
    lines = text.splitlines()
    return {path: said for path, line in _keys(root, "") if (said := _above(lines, line))}


def at(values: Any, path: str) -> Any:
    """The value under a path; None when there is none."""
    for part in parts(path):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values over values as Helm coalesces them: mappings merge, null takes away, everything else replaces."""
    found = dict(below)
    for key, value in above.items():
        there = found.get(key)
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(there, Mapping):
            found[key] = laid_over(there, value)
        else:
            found[key] = value
    return found


def join(under: str, key: str) -> str:
    """The path of a key under a path."""
    plain = key.replace(".", "\\.")
    return f"{under}.{plain}" if under else plain


def parts(path: str) -> list[str]:
    """The keys of a path."""
    return [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]


def is_under(path: str, above: str) -> bool:
    """Whether a path leads through another."""
    return path.startswith(f"{above}.")


def _vendored(files: Mapping[str, bytes]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        top, _, rest = path.removeprefix("charts/").partition("/")
        if not path.startswith("charts/") or top.startswith(("_", ".")):
            continue
        if rest:
            folders.setdefault(top, {})[rest] = content
        elif content.startswith(archive.GZIP_MAGIC):
            packed = archive.strip_common_folders(archive.read_tar(content, name=path))
            if "Chart.yaml" in packed:
                yield str(_meta(packed).get("name", "")), packed
    for inside in folders.values():
        if "Chart.yaml" in inside:
            yield str(_meta(inside).get("name", "")), inside


def _meta(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    loaded = yaml_text.load(files.get("Chart.yaml", b"").decode("utf-8", "replace"), file="Chart.yaml")
    return loaded if isinstance(loaded, Mapping) else {}


def _keys(node: Any, under: str) -> Iterator[tuple[str, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            path = join(under, key.value)
            yield path, key.start_mark.line
            yield from _keys(value, path)


def _above(lines: list[str], line: int) -> str:
    said: list[str] = []
    for text in reversed(lines[:line]):
        bare = text.strip()
        if not bare.startswith("#"):
            break
        said.append(_MARK.sub("", bare.lstrip("#").strip()))
    return " ".join(part for part in reversed(said) if part)
