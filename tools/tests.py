"""Run all tests: kubebox is built first; two workers, each with whole files; ends with pytest's summary.

Options after `--` go to pytest. CHANGEOVER_TEST_KUBECONFIG names another cluster to use instead.
"""

import os
import subprocess
import sys
import time

from tools.kubebox import toolchain

WORKERS = "2"


def main() -> None:
    """Exit with pytest's code."""
    began = time.monotonic()
    extra = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    command = [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "loadfile", "-m", "not slow", *extra]
    if os.environ.get("CHANGEOVER_TEST_KUBECONFIG"):
        sys.exit(subprocess.run(command, check=False).returncode)
    toolchain.programs()
    print(f"tests: kubebox is built ({time.monotonic() - began:.0f} s)", flush=True)
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
