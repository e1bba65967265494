"""The process in which Helm's library runs: one JSON request per line in, one JSON answer per line out.

A request renders a chart, or verifies one against its provenance file and a keyring.

It ends when its input ends, so it never outlives the process that started it.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

_NOTES = "NOTES.txt"


def answer(request: Mapping[str, Any]) -> dict[str, str]:
    """Render one chart: ``{"manifests": …, "notes": …}``, or ``{"error": …}`` with Helm's words."""
    import helm_python as helm

    try:
        with helm.Chart.load_archive(base64.b64decode(request["chart"])) as chart:
            rendered = _render(chart, request)
            definitions = [(str(crd["filename"]), str(crd["data"])) for crd in chart.crds]
            name = chart.name
    except helm.HelmError as error:
        return {"error": str(error)}
    manifests = definitions + sorted(rendered.items())
    parts = [f"# Source: {path}\n{text}\n" for path, text in manifests if text.strip() and not path.endswith(_NOTES)]
    return {"manifests": "---\n".join(parts), "notes": rendered.get(f"{name}/templates/{_NOTES}", "")}


def verdict(request: Mapping[str, Any]) -> dict[str, str]:
    """Verify one packed chart: ``{"signed": who}``, or ``{"error": …}`` with Helm's words."""
    import helm_python as helm

    try:
        found = helm.verify(request["verify"], request["keyring"])
    except helm.HelmError as error:
        return {"error": str(error)}
    return {"signed": ", ".join(found["signed_by"])}


def _render(chart: Any, request: Mapping[str, Any]) -> dict[str, str]:
    """``cluster`` = how to reach it, for charts that look things up; None = lookups find nothing."""
    import helm_python as helm

    upgrade = int(request["revision"]) > 1
    options = {
        "name": request["release"],
        "namespace": request["namespace"],
        "revision": int(request["revision"]),
        "is_install": not upgrade,
        "is_upgrade": upgrade,
    }
    if request["cluster"] is None:
        return dict(chart.render(request["values"], **options))
    with helm.Config(**request["cluster"], namespace=request["namespace"]) as config:
        return config.render(chart, request["values"], **options)


def main() -> None:
    """Answer until the input ends; what the library prints goes to stderr, not between the answers."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        channel.write(json.dumps(verdict(request) if "verify" in request else answer(request)) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
