"""The image of the reference application: built offline, pushed into a cluster's registry."""

from pathlib import Path

from tools import kubebox
from tools.kubebox import images

ROOT = Path(__file__).parents[1]
REPOSITORY, TAG = "workbench", "1"
ENTRYPOINT = ("/usr/bin/python3", "-m", "workbench.app")


def build() -> Path:
    """The image's archive."""
    sources = [ROOT / "workbench" / "__init__.py", *sorted((ROOT / "workbench" / "app").glob("*.py"))]
    files = {f"app/{path.relative_to(ROOT)}": path.read_bytes() for path in sources}
    return images.python_image(f"{REPOSITORY}:{TAG}", files, ENTRYPOINT)


def build_and_push(cluster: kubebox.Cluster) -> str:
    """Build and push; returns the name under which every node pulls it."""
    cluster.push(build(), REPOSITORY, TAG)
    return f"registry.kubebox:5000/{REPOSITORY}:{TAG}"
