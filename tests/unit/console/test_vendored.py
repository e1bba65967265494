"""What others wrote and we serve: exactly the files that were taken, each with its licence, each icon there is."""

from __future__ import annotations

import json
import re

from changeover.console.rendering import HERE, STATIC
from tools import vendor

VENDOR = STATIC / "vendor"
INTEGRITY = VENDOR / "integrity.json"
ICON = re.compile(r"""icon\(["']([a-z0-9-]+)["']\)""")


def test_every_file_is_the_one_that_was_taken() -> None:
    listed = json.loads(INTEGRITY.read_text())
    assert listed["files"] == vendor.digests()
    assert listed["packages"] == vendor.PACKAGES


def test_every_package_has_its_licence() -> None:
    text = (VENDOR / "LICENSES.txt").read_text()
    for name in vendor.PACKAGES:
        after = text.partition(f"{name}\n\n")[2]
        assert re.match(r"\s*(MIT License|Copyright|Zero-Clause BSD)", after), name


def test_every_icon_of_a_template_is_drawn() -> None:
    shapes = json.loads((VENDOR / "icons.json").read_text())
    for path in (HERE / "templates").glob("*.html"):
        missing = set(ICON.findall(path.read_text())) - shapes.keys()
        assert not missing, path.name
    assert not [name for name, inside in shapes.items() if re.search(r"<(?!path |circle |rect )|\son|href", inside)]
