"""What this machine allows: real nodes need root on Linux, namespaces, bridges and a few Debian packages.

Where that is not to be had, all nodes are simulated, and the person is told why.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .problem import KubeboxProblem
from .processes import search_path
from .toolchain import Say

PACKAGES = {  # a file each package brings: the package
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
}
AS_IF_NOT_ROOT = "KUBEBOX_ROOTLESS"  # environment variable: root, too, gets simulated nodes only
PLUGINS = Path("/usr/lib/cni")


def run(*argv: str, given: str | None = None, check: bool = True) -> str:
    """Run a command; returns what it printed.

    Raises:
        KubeboxProblem: when it fails and `check` is set.
    """
    program = shutil.which(argv[0], path=search_path()) or argv[0]
    environment = {**os.environ, "PATH": search_path()}
    words = [program, *argv[1:]]
    done = subprocess.run(words, input=given, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise KubeboxProblem(f"`{' '.join(argv)}` must succeed.", found=(done.stderr or done.stdout).strip()[-2000:])
    return done.stdout


def missing_packages() -> list[str]:
    """Debian packages that real nodes need and this machine lacks."""
    lacking = {package for program, package in PACKAGES.items() if not shutil.which(program, path=search_path())}
    if not (PLUGINS / "ptp").exists():
        lacking.add("containernetworking-plugins")
    return sorted(lacking)


def why_no_bridge() -> str | None:
    """Why this machine's network may not be changed; None when it may."""
    if not sys.platform.startswith("linux"):
        return f"this is {sys.platform}, not Linux"
    if os.geteuid() != 0:
        return "you are not root"
    if os.environ.get(AS_IF_NOT_ROOT):
        return f"{AS_IF_NOT_ROOT} is set"
    if not shutil.which("ip", path=search_path()):
        return "there is no `ip` command (Debian package iproute2)"
    name = f"kbprobe{os.getpid() % 100000}"
    try:
        run("ip", "link", "add", name, "type", "bridge")
    except KubeboxProblem as problem:
        return f"no bridge can be made: {problem.found}"
    run("ip", "link", "delete", name, check=False)
    return None


def can_route() -> bool:
    """Whether kube-proxy can forward to Services here."""
    return all(shutil.which(program, path=search_path()) for program in ("nft", "nsenter", "unshare", "mount"))


def why_no_real_nodes(tell: Say) -> str | None:
    """Why pods cannot really run here; None when they can. Installs the packages where apt is at hand."""
    rootless = os.environ.get(AS_IF_NOT_ROOT)
    if sys.platform.startswith("linux") and os.geteuid() == 0 and not rootless and missing_packages():
        install(missing_packages(), tell)
    reason = why_no_bridge()
    if reason:
        return reason
    lacking = missing_packages()
    if lacking:
        return f"these Debian packages are missing: {' '.join(lacking)}"
    try:
        run("unshare", "--net", "--mount", "--propagation", "private", "true")
    except KubeboxProblem as problem:
        return f"no namespaces can be made: {problem.found}"
    return None


def install(packages: list[str], tell: Say) -> None:
    """Debian packages, where apt is; whoever needs them looks afterwards whether they are there."""
    if not shutil.which("apt-get"):
        return
    tell(f"kubebox: installing Debian's {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for argv in (install, ["apt-get", "update", "-q"], install):  # the lists may be missing or old
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if argv is install and done.returncode == 0:
            return


def hierarchies() -> list[Path]:
    """Where cgroups can be made: one folder with cgroup v2; one per controller with v1, and perhaps v2 beside them."""
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split(" ")
        if kind in ("cgroup", "cgroup2") and "ro" not in options.split(","):
            found.append(Path(where))
    return found
