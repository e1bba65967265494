"""`python -m workbench.releases build`: writes one folder per version, and channel.yaml."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.releases import components, vendor
from workbench.releases.history import VERSIONS
from workbench.releases.objects import Options


def build(out: Path, options: Options) -> None:
    """Write the channel; the same options give the same bytes."""
    for version in VERSIONS:
        folder = out / version.number
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, objects in components.files(version, options).items():
            (folder / f"wb-{name}.yaml").write_bytes(vendor.dump(objects))
        for name, content in vendor.files(version, options).items():
            (folder / name).write_bytes(content)
    (out / "channel.yaml").write_bytes(vendor.dump([vendor.channel()]))


def main() -> None:
    """Read the options and build."""
    parser = argparse.ArgumentParser(prog="workbench.releases")
    parser.add_argument("command", choices=["build"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--image", default="")
    parser.add_argument("--storage-class", default="")
    parser.add_argument("--node-selector", default="", help="k=v: where all pods run")
    parser.add_argument("--simulated", action="store_true", help="for simulated nodes; a host process acts for pods")
    wanted = parser.parse_args()
    nodes = wanted.node_selector or ("changeover.dev/node=simulated" if wanted.simulated else "")
    image = wanted.image or Options().image
    build(wanted.out, Options(image, wanted.storage_class, wanted.simulated, nodes))
    print(f"{len(VERSIONS)} versions in {wanted.out}")


if __name__ == "__main__":
    main()
