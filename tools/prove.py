"""The long proofs, one after the other; each writes `docs/proofs/<name>.json`: commit, date, machine, figures.

`python -m tools.prove [NAME …]` runs those named, or all. Exit code 1 when one fails; its file then says so.
"""

import argparse
import datetime as dt
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROOFS = ROOT / "docs" / "proofs"
HOURS = 3 * 3600
Figures = dict[str, Any]


def suite(*paths: str) -> Callable[[], Figures]:
    """The long tests of these files; the figures are what pytest counted, and every line that they print."""

    def run() -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "slow", f"--junit-xml={report}", *paths]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=HOURS)
        print(done.stdout[-3000:])
        summary = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "nothing ran"
        counted = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|skipped|error)", summary)}
        said = re.findall(r"^[.sFx]*proof: (.+)$", done.stdout, re.MULTILINE)
        return {"ok": done.returncode == 0, **counted, "said": said}

    return run


def bench() -> Figures:
    """All ratios of `make bench`."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "bench.json"
        done = subprocess.run([sys.executable, "-m", "bench", "--json", str(written)], cwd=ROOT, check=False)
        figures = json.loads(written.read_text()) if written.exists() else []
    return {"ok": done.returncode == 0, "ratios": figures}


PROOFS_BY_NAME: dict[str, Callable[[], Figures]] = {
    "journal": suite("tests/flows/test_kube_state.py"),
    "crashes": suite("tests/flows/test_relay.py", "tests/flows/test_bad_luck.py"),
    "drain": suite("tests/flows/test_drain.py"),
    "real-pods": suite("tests/flows/test_real_pods.py"),
    "viewers": suite("tests/flows/test_viewers.py"),
    "gitpod": suite("tests/flows/test_gitpod_packages.py"),
    "immutables": suite(
        "tests/flows/test_immutables_oracle.py",
        "tests/flows/test_immutables_real.py",
        "tests/flows/test_immutables_killed.py",
        "tests/flows/test_policies_hold.py",
        "tests/crash/test_immutables.py",
        "tests/crash/test_claims.py",
    ),
    "bench": bench,
}


def prove(name: str) -> bool:
    """Run one proof and write what it showed."""
    print(f"\n{name} …", flush=True)
    began = time.monotonic()
    figures = PROOFS_BY_NAME[name]()
    document = {
        "proof": name,
        "commit": _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain", "-uno") else ""),
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "seconds": round(time.monotonic() - began),
        **figures,
    }
    PROOFS.mkdir(parents=True, exist_ok=True)
    (PROOFS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    print(f"{name}: {'proven' if figures['ok'] else 'FAILED'} in {document['seconds']} s")
    return bool(figures["ok"])


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def main() -> None:
    """Run the proofs that are named, or all."""
    parser = argparse.ArgumentParser(prog="prove", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROOFS_BY_NAME))
    names = parser.parse_args().names or list(PROOFS_BY_NAME)
    unknown = sorted(set(names) - set(PROOFS_BY_NAME))
    if unknown:
        parser.error(f"there is no proof {', '.join(unknown)}; there are {', '.join(PROOFS_BY_NAME)}")
    failed = [name for name in names if not prove(name)]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
