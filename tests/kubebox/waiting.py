"""What the tests of kubebox say often."""

import time
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]


def eventually(condition: Callable[[], Any], *, seconds: float = 60, what: str = "") -> Any:
    """The first truthy result of a condition; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.1)


def pod(name: str, *, node: str, image: str = "none", **more: Any) -> Document:
    """A pod for real or simulated nodes."""
    container = {"name": "main", "image": image, **more.pop("container", {})}
    metadata = {"name": name, "labels": {"app": name}, **more.pop("metadata", {})}
    spec = {"nodeSelector": {"changeover.dev/node": node}, "containers": [container], **more}
    return {"metadata": metadata, "spec": {"terminationGracePeriodSeconds": 1, **spec}}
