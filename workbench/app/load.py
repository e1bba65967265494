"""People: starts sessions and writes down which (the ledger); a racer starts one every so often, whatever it is told."""

import argparse
import json
import time
import urllib.error
import urllib.request
from pathlib import Path


def start(url: str, owner: str) -> tuple[int, str]:
    """Ask for a session; status and the new session's id."""
    body = json.dumps({"owner": owner}).encode()
    asked = urllib.request.Request(f"{url}/workspaces", data=body, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, json.load(answer)["id"]
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def main() -> None:
    """Start so many, or keep starting for a while."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--every", type=float, default=0.0, help="seconds between starts (the racer)")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long the racer goes on")
    parser.add_argument("--ledger", type=Path, required=True)
    chosen = parser.parse_args()
    until = time.monotonic() + chosen.seconds
    started, refused = [], {}
    number = 0
    while number < chosen.count or time.monotonic() < until:
        number += 1
        owner = ("ada", "grace", "alan", "edsger", "barbara")[number % 5]
        status, name = start(chosen.url, owner)
        if name:
            started.append(name)
        else:
            refused[str(status)] = refused.get(str(status), 0) + 1
        time.sleep(chosen.every)
    before = json.loads(chosen.ledger.read_text()) if chosen.ledger.exists() else []
    chosen.ledger.write_text(json.dumps(before + started))
    print(json.dumps({"started": len(started), "refused": refused}), flush=True)


if __name__ == "__main__":
    main()
