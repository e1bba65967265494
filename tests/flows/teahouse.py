"""A chart of our own in several versions: schema, subchart, condition, definitions, hooks, lookup, notes, a test."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from changeover.channel import files

CHART = Path(__file__).parents[1] / "charts" / "teahouse"


def release(version: str, *, group: str, **changes: object) -> dict[str, bytes]:
    """The chart as this version, with a definition of its own `group`; `changes` replace values, None removes one."""
    loaded = files.load(CHART).items()
    found = {path: content.replace(b"house.example", f"{group}.example".encode()) for path, content in loaded}
    meta = yaml.safe_load(found["Chart.yaml"]) | {"version": version, "appVersion": version}
    meta["annotations"] = {"artifacthub.io/changes": f"- kind: changed\n  description: as in {version}\n"}
    found["Chart.yaml"] = yaml.safe_dump(meta).encode()
    found["values.yaml"] = _changed(found["values.yaml"], changes)
    return found


def with_file(chart: Mapping[str, bytes], path: str, content: str) -> dict[str, bytes]:
    """The chart with one more file, or another content of one."""
    return {**chart, path: content.encode()}


def _changed(values: bytes, changes: Mapping[str, object]) -> bytes:
    loaded = yaml.safe_load(values)
    for name, value in changes.items():
        if value is None:
            loaded.pop(name, None)
        else:
            loaded[name] = value
    return yaml.safe_dump(loaded).encode() if changes else values
