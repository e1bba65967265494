"""The demo: the main job, on a real Kubernetes that it starts, with the reference application.

It runs the product's own commands, shows each of them, and ends with what happened, in numbers. Without a terminal, or
with --hands-free, it asks nothing. Exit code 0 only if every step ended as announced and both oracles are green.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tools import kubebox, workbench_images

ROOT = Path(__file__).parents[1]
CLUSTER = "demo"
NAMESPACE = "workbench"
FIRST, SECOND, BROKEN = "2022.09.2", "2022.10.2", "2022.10.3"
SESSIONS = 8
CONSOLE = 8800
SECONDS = 30
"""Within which the console must answer."""
BOLD, DIM, RED, PLAIN = ("\033[1m", "\033[2m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


class DemoFailed(Exception):
    """A step of the demo did not end as announced."""


@dataclass
class Demo:
    """One demo: where it works, and its figures."""

    out: Path
    hands_free: bool
    kubeconfig: Path
    context: str = ""
    namespace: str = NAMESPACE
    url: str = ""
    silent: bool = False
    figures: dict[str, Any] = field(default_factory=dict)

    def changeover(self, *words: str, expect: int = 0, quiet: bool = False) -> str:
        """Run one of the product's commands, shown as a person would type it."""
        quiet = quiet or self.silent
        if not quiet:
            print(f"\n{DIM}$ changeover -n {self.namespace} {shlex.join(words)}{PLAIN}", flush=True)
        command = [sys.executable, "-m", "changeover", "--kubeconfig", str(self.kubeconfig), "-n", self.namespace]
        command += ["--context", self.context] if self.context else []
        done = subprocess.run([*command, *words], stdout=subprocess.PIPE if quiet else None, text=True, check=False)
        if done.returncode != expect:
            raise DemoFailed(f"changeover {words[0]} should end with {expect}, not {done.returncode}")
        return done.stdout or ""

    def kubectl(self, *words: str) -> Any:
        """Ask the cluster, as JSON."""
        command = [kubectl(), "--kubeconfig", str(self.kubeconfig), "-n", self.namespace]
        command += ["--context", self.context] if self.context else []
        return json.loads(subprocess.run([*command, *words], stdout=subprocess.PIPE, text=True, check=True).stdout)

    def asked(self, *words: str) -> tuple[str, ...]:
        """The words with --yes where nobody is there to be asked."""
        return (*words, "--yes") if self.hands_free else words

    def data(self, do: str) -> None:
        """The oracle of data: record or compare."""
        words = ["--url", self.url, "--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace]
        python("-m", "workbench.oracles", "data", do, *words, "--file", str(self.out / "data.json"))

    def oracles(self) -> None:
        """Both must say that nothing was lost."""
        ledger = str(self.out / "ledger.json")
        python("-m", "workbench.oracles", "sessions", "--url", self.url, "--ledger", ledger)
        self.data("compare")


def kubectl() -> str:
    """The kubectl of this machine, else the one that came with our packages."""
    return shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")


class Prober:
    """Somebody outside who asks for the front page all the time, and counts who is not answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.good = self.refused = 0
        self.first_bad = self.good_again = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.2):
            try:
                with urllib.request.urlopen(self._url + "/", timeout=5) as answer:
                    answer.read()
                self.good += 1
                self.good_again = self.good_again or (time.monotonic() if self.refused else 0.0)
            except OSError:
                self.refused += 1
                self.first_bad = self.first_bad or time.monotonic()
                self.good_again = 0.0

    @property
    def away(self) -> float:
        """Seconds from the first refused request to the first good one after the last refused."""
        return self.good_again - self.first_bad if self.refused else 0.0

    def told(self) -> str:
        """In words."""
        return f"{self.good} answered, {self.refused} refused; {self.away:.1f} s without service"


def chapter(number: int, title: str) -> None:
    """A heading."""
    print(f"\n{BOLD}{number}. {title}{PLAIN}", flush=True)


def cluster(context: str, *, simulated: bool) -> tuple[Path, kubebox.Cluster | None]:
    """The kubeconfig to work with, and the cluster when it is ours."""
    if context:
        return Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser(), None
    real = 0 if simulated or os.geteuid() != 0 else 1
    started = kubebox.start(CLUSTER, nodes=kubebox.Nodes(real=real, simulated=0 if real else 2))
    return started.kubeconfig, started


def python(*words: str, expect: int = 0, quiet: bool = False) -> str:
    """Run one of our own programs."""
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if not quiet:
        print(done.stdout.rstrip(), flush=True)
    if done.returncode != expect:
        raise DemoFailed(f"{' '.join(words[:4])} should end with {expect}, not {done.returncode}")
    return done.stdout


def address(demo: Demo) -> str:
    """Where users reach the application."""
    service = demo.kubectl("get", "service", "proxy", "-o", "json")
    stated = service["metadata"].get("annotations", {}).get("changeover.dev/address")
    if stated:
        return str(stated)
    return f"http://{service['status']['loadBalancer']['ingress'][0]['ip']}"


def install(demo: Demo, channel: Path) -> None:
    """Chapter 2."""
    if not demo.silent:
        chapter(2, f"Install Workbench {FIRST} from the channel")
    demo.changeover("setup", "--yes")
    words = ("--version", FIRST, "--name", "workbench", "--profile", "workbench")
    demo.changeover("install", str(channel), *words, "--backup-to", str(demo.out / "backups"), "--hold", "5", "--yes")


def people(demo: Demo) -> None:
    """Chapter 3."""
    chapter(3, f"{SESSIONS} people start to work, and both oracles write down what there is")
    ledger = str(demo.out / "ledger.json")
    python("-m", "workbench.app", "starter", "--url", demo.url, "--count", str(SESSIONS), "--ledger", ledger)
    time.sleep(8)
    demo.changeover("sessions", "list")
    demo.data("record")


def look(demo: Demo) -> None:
    """Chapter 4."""
    chapter(4, "Check for an update, and read the plan")
    demo.changeover("check")
    demo.changeover("plan", "--to", SECOND, "--strategy", "window")


def change_over(demo: Demo) -> None:
    """Chapter 5."""
    chapter(5, f"Change over to {SECOND} in a maintenance window, while somebody asks every 0.2 s from outside")
    words = ("update", SECOND, "--strategy", "window", "--announce", "5", "--soak", "10", "--hold", "5")
    with Prober(demo.url) as prober:
        demo.changeover(*demo.asked(*words), "--out", str(demo.out))
    demo.figures["outside prober"] = prober.told()
    demo.figures["evidence"] = str(demo.out / "evidence.html")
    demo.oracles()


def fail(demo: Demo) -> None:
    """Chapter 6."""
    chapter(6, f"A release that cannot run ({BROKEN}): the change goes back by itself")
    ledger = str(demo.out / "ledger.json")
    python("-m", "workbench.app", "starter", "--url", demo.url, "--count", "3", "--ledger", ledger)
    time.sleep(4)
    demo.data("record")
    words = ("update", BROKEN, "--strategy", "window", "--announce", "0", "--soak", "5", "--hold", "5")
    demo.changeover(*demo.asked(*words), "--out", str(demo.out / "failed-update"), expect=4)
    demo.figures["evidence of the failure"] = str(demo.out / "failed-update" / "evidence.html")
    demo.oracles()
    demo.changeover("status")


def immutables(demo: Demo, channel: Path) -> None:
    """Chapter 7."""
    chapter(
        7, "What Kubernetes refuses to change: 2022.07.1 to 2022.08.0 has other selectors, and claims of other labels"
    )
    old = Demo(demo.out, demo.hands_free, demo.kubeconfig, demo.context, namespace="workbench-old")
    words = ("install", str(channel), "--version", "2022.07.1", "--name", "old", "--hold", "0", "--yes")
    old.changeover(*words)
    old.changeover("plan", "--to", "2022.08.0", "--strategy", "plain")
    old.changeover("update", "2022.08.0", "--strategy", "plain", "--hold", "3", "--yes")


def console(demo: Demo) -> None:
    """Chapter 8: the same installation in a browser; hands-free, its first page is asked for and it is closed again."""
    chapter(8, "The admin console: a finished update to look at, and another waiting")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1] if demo.hands_free else CONSOLE
    command = [sys.executable, "-m", "changeover", "--kubeconfig", str(demo.kubeconfig), "-n", demo.namespace]
    command += ["--context", demo.context] if demo.context else []
    demo.changeover("check", quiet=True)
    print(f"\n{DIM}$ changeover -n {demo.namespace} admin-console --port {port}{PLAIN}", flush=True)
    with subprocess.Popen([*command, "admin-console", "--port", str(port), "--no-open"]) as served:
        try:
            demo.figures["console"] = f"answers in {answering(f'http://localhost:{port}/login', served):.1f} s"
            if not demo.hands_free:
                input(f"\n{BOLD}Open http://localhost:{port}; press Enter here when you have seen enough. {PLAIN}")
        finally:
            served.terminate()


def answering(url: str, served: subprocess.Popen[bytes]) -> float:
    """Seconds until it answers."""
    began = time.monotonic()
    while time.monotonic() - began < SECONDS and served.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return time.monotonic() - began
        time.sleep(0.1)
    raise DemoFailed(f"the console does not answer at {url}")


def tell(demo: Demo, began: float) -> None:
    """The end."""
    demo.figures["whole demo"] = f"{time.monotonic() - began:.0f} s"
    history = json.loads(demo.changeover("-o", "json", "history", quiet=True))
    print(f"\n{BOLD}What happened{PLAIN}")
    for run in history["runs"]:
        print(f"  {run['run']:14} {run['kind']:8} {run['from'] or '-':>10} -> {run['to']:10} {run['verdict']}")
    for name, value in demo.figures.items():
        print(f"  {DIM}{name}{PLAIN}: {value}")


def main() -> None:
    """Run all chapters; the cluster is stopped at the end unless --keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--context", default="", help="use this context of your kubeconfig instead of kubebox")
    parser.add_argument("--hands-free", action="store_true")
    parser.add_argument("--simulated", action="store_true", help="simulated nodes even as root")
    parser.add_argument("--keep", action="store_true", help="leave the cluster running")
    chosen = parser.parse_args()
    began = time.monotonic()
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    (out / "ledger.json").unlink(missing_ok=True)
    chapter(1, "A real Kubernetes, and a series of releases published to a channel")
    kubeconfig, ours = cluster(chosen.context, simulated=chosen.simulated)
    hands_free = chosen.hands_free or not sys.stdin.isatty()
    demo = Demo(out, hands_free, kubeconfig, chosen.context)
    try:
        _chapters(demo, ours)
        tell(demo, began)
    except DemoFailed as failed:
        print(f"\n{RED}The demo failed: {failed}{PLAIN}", file=sys.stderr)
        sys.exit(1)
    finally:
        if ours and not chosen.keep:
            ours.stop()


def _chapters(demo: Demo, ours: kubebox.Cluster | None) -> None:
    with installed(demo, ours) as channel:
        people(demo)
        look(demo)
        change_over(demo)
        fail(demo)
        immutables(demo, channel)
        console(demo)


@contextlib.contextmanager
def installed(demo: Demo, ours: kubebox.Cluster | None) -> Iterator[Path]:
    """Workbench, installed from its channel (the value), with a host process that acts for pods that are simulated."""
    channel = demo.out / "channel"
    words = ["-m", "workbench.releases", "build", "--out", str(channel)]
    runner = None
    if ours is not None and ours.nodes.real:
        words += ["--image", workbench_images.build_and_push(ours)]
    elif ours is not None:
        words += ["--simulated"]
        runner = act_for_simulated_pods(demo, ours)
    python(*words, quiet=demo.silent)
    try:
        install(demo, channel)
        demo.url = address(demo)
        yield channel
    finally:
        if runner is not None:
            runner.terminate()
            runner.wait()


def act_for_simulated_pods(demo: Demo, ours: kubebox.Cluster) -> subprocess.Popen[bytes]:
    """The host process that is manager, sessions, store and proxy where no real node runs them."""
    words = ["-m", "workbench.app", "hostrunner", "--kubeconfig", str(demo.kubeconfig), "--namespace", NAMESPACE]
    words += ["--root", str(demo.out / "host"), "--volumes", str(ours.volumes)]
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
