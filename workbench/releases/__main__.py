"""``python -m workbench.releases build --out DIR``: a folder a release, and the channel.yaml that lists them."""

import argparse
from pathlib import Path
from typing import Any

import yaml

from workbench.releases import documents, manifests
from workbench.releases.series import SERIES, Spec

IMAGE = "registry.kubebox:5000/workbench:1"


def build(out: Path, how: manifests.Build, versions: tuple[str, ...] = ()) -> Path:
    """Write the series (or some of it) as a channel; returns its folder."""
    chosen = [spec for spec in SERIES if not versions or spec.version in versions]
    for spec in chosen:
        _write(out / spec.version, spec, how)
    releases = [
        {"version": spec.version, "cursor": number, "package": spec.version, "notes": spec.notes, "required": spec.required}
        for number, spec in enumerate(SERIES, 1)
        if spec in chosen
    ]
    listing = {
        "apiVersion": "changeover.dev/v1alpha1",
        "kind": "Channel",
        "metadata": {"name": "workbench"},
        "scheme": "calver",
        "releases": releases,
    }
    (out / "channel.yaml").write_text(yaml.safe_dump(listing, sort_keys=False))
    return out


def _write(folder: Path, spec: Spec, how: manifests.Build) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[Any]] = {**documents.documents(spec), **manifests.objects(spec, how)}
    for name, found in files.items():
        (folder / name).write_text(yaml.safe_dump_all(found, sort_keys=False, width=1000))
    (folder / f"cache-{documents.CHART_VERSION}.tgz").write_bytes(documents.chart_archive(how))


def main() -> None:
    """Parse and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("do", choices=["build"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--image", default=IMAGE)
    parser.add_argument("--simulated", action="store_true", help="for simulated nodes; no image is needed")
    parser.add_argument("--releases", nargs="*", default=[])
    chosen = parser.parse_args()
    build(chosen.out, manifests.Build(chosen.image, chosen.simulated), tuple(chosen.releases))
    print(chosen.out / "channel.yaml")


if __name__ == "__main__":
    main()
