"""Ask something of a run that goes on in another process: pause, resume, abort, answer.

A request is an annotation on the Changeover object; the executor sees it within a second or two, writes it into the
journal and acts on it. One request at a time: a second one waits until the first was seen.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from changeover.actions import runs_of
from changeover.actions.outside import Outside
from changeover.objects import KubeObject
from changeover.settings import REQUEST_ANNOTATION


async def request(outside: Outside, run: KubeObject, do: str, **more: Any) -> Mapping[str, Any]:
    """Write the request onto the run; returns it."""
    if runs_of.verdict(run) in runs_of.ENDED:
        raise runs_of.NoRun(
            f"{run.name} has ended and takes no requests.",
            found=runs_of.verdict(run),
            hint="`changeover history` shows what it did; `changeover rollback` changes back to an earlier revision",
        )
    made = {"id": uuid.uuid4().hex, "do": do, "by": outside.person, **more}
    await outside.cluster.patch(run.ref, {"metadata": {"annotations": {REQUEST_ANNOTATION: json.dumps(made)}}})
    return made
