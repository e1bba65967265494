"""The process in which Helm's library runs: one JSON request per line in, one JSON answer per line out.

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
    """Render one chart: ``{"manifests": …}``, or ``{"error": …}`` with Helm's words."""
    import helm_python as helm

    try:
        with helm.Chart.load_archive(base64.b64decode(request["chart"])) as chart:
            if request["schema"]:
                chart.validate_schema(request["values"])
            rendered = chart.render(request["values"], name=request["release"], namespace=request["namespace"])
            definitions = [(str(crd["filename"]), str(crd["data"])) for crd in chart.crds]
    except helm.HelmError as error:
        return {"error": str(error)}
    manifests = definitions + sorted(rendered.items())
    parts = [f"# Source: {path}\n{text}\n" for path, text in manifests if text.strip() and not path.endswith(_NOTES)]
    return {"manifests": "---\n".join(parts)}


def main() -> None:
    """Answer until the input ends; what the library prints goes to stderr, not between the answers."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        channel.write(json.dumps(answer(json.loads(line))) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
