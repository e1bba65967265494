"""An application on a real socket of this machine, in a thread, for a real browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(make: Callable[[int], ASGIApp], *, http: Any = "auto") -> Iterator[str]:
    """Serve what `make` makes for a free port; gives the address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(make(port), log_level="error", lifespan="off", ws="none", http=http)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://localhost:{port}"
        finally:
            server.should_exit = True
            thread.join(10)
