"""Run all tests: kubebox is built first; two workers, each with whole files; ends with pytest's summary.

Options after `--` go to pytest. CHANGEOVER_TEST_KUBECONFIG names another cluster to use instead.
"""

import os
import shutil
import subprocess
import sys
import time

from tools.kubebox import machine, toolchain

WORKERS = "2"
PROGRAMS = {
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "postgresql": "pg_lsclusters",
    "mariadb-server": "mariadbd",
    "redis-server": "redis-server",
    "gnupg": "gpg",
}
"""Debian's packages, each with a program of it; tests of browsers, registries or databases are skipped without."""


def main() -> None:
    """Exit with pytest's code."""
    began = time.monotonic()
    extra = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    workers = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]  # by folder: long tests first
    command = [sys.executable, "-m", "pytest", "-q", *workers, "-m", "not slow", *extra]
    if os.environ.get("CHANGEOVER_TEST_KUBECONFIG"):
        sys.exit(subprocess.run(command, check=False).returncode)
    _programs()
    toolchain.programs()
    print(f"tests: kubebox is built ({time.monotonic() - began:.0f} s)", flush=True)
    sys.exit(subprocess.run(command, check=False).returncode)


def _programs() -> None:
    missing = [name for name, program in PROGRAMS.items() if not shutil.which(program)]
    if missing and os.geteuid() == 0:
        machine.install(missing, lambda text: print(text, flush=True))
    for name in missing:
        if not shutil.which(PROGRAMS[name]):
            print(f"tests: without Debian's {name} some tests are skipped: apt-get install {name}", flush=True)


if __name__ == "__main__":
    main()
