"""Fetch the console's style sheets, fonts, icons and scripts from npm, digest checked, with their licences.

`python -m tools.vendor` renews ``src/changeover/console/static/vendor`` (needs npm). What is there is committed: nobody
needs npm to install or build Changeover.
"""

import base64
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from changeover import __path__ as package

CONSOLE = Path(package[0]) / "console"
VENDOR = CONSOLE / "static" / "vendor"
PACKAGES = {
    "htmx.org@4.0.1": (
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg=="
    ),
    "@tabler/core@1.6.1": (
        "sha512-lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg=="
    ),
    "@tabler/icons@3.51.0": (
        "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g=="
    ),
    "@fontsource-variable/atkinson-hyperlegible-next@5.3.0": (
        "sha512-UnLzNUy1RWoLDfydAatP4NaRm99X/WbQEph7q/PymJnCFIOOwKOx3pBmp5ys8trO0dM+CKGuJgeZP9fAR4mQpA=="
    ),
    "js-sha256@1.0.0": (
        "sha512-Bqxf6ENUzYIMzuELCmRNrJOVbjKH1oMgbfYJBKVr/W1Xf9fazpahqCbb24v1pR7XV1isuqhM+w9KWpK7zCyUQw=="
    ),
    "@fontsource-variable/atkinson-hyperlegible-mono@5.3.0": (
        "sha512-0IbthhO18EEpLe69h+cmrsxCkl4yk80gMk+fAN3+9M5zQvoR1JlkzoJRR6U9/UXLYpVBGEXu+Md2LO8TIp30dw=="
    ),
}
FONTS = {
    "next-latin": "@fontsource-variable/atkinson-hyperlegible-next@5.3.0",
    "next-latin-ext": "@fontsource-variable/atkinson-hyperlegible-next@5.3.0",
    "mono-latin": "@fontsource-variable/atkinson-hyperlegible-mono@5.3.0",
}
QUOTED = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
MIT = "MIT License, Copyright (c) 2018-2026 The Tabler Authors; see https://github.com/tabler/tabler/blob/dev/LICENSE\n"


def fetch(name: str) -> dict[str, bytes]:
    """The files of a package, after its digest was checked."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, timeout=120, capture_output=True)
        content = next(Path(folder).glob("*.tgz")).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != PACKAGES[name]:
        raise SystemExit(f"{name} is not what it was: {found}")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = [(one.name, archive.extractfile(one)) for one in archive if one.isfile()]
        return {path.partition("/")[2]: opened.read() for path, opened in files if opened}


def quoted() -> set[str]:
    """Everything that stands in quotes in a template: the names of icons among it."""
    return {name for path in (CONSOLE / "templates").glob("*.html") for name in QUOTED.findall(path.read_text())}


def digests() -> dict[str, str]:
    """SHA-256 of every vendored file except the icons, which grow with the templates."""
    files = sorted(path for path in VENDOR.rglob("*") if path.is_file())
    own = {VENDOR / "icons.json", VENDOR / "integrity.json"}
    return {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path not in own
    }


def _package(start: str) -> str:
    return next(one for one in PACKAGES if one.startswith(start))


def drawn(svg: str) -> str:
    """The inside of an icon."""
    inner = re.sub(r".*?<svg[^>]*>(.*)</svg>.*", r"\1", svg, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r'\s*<path stroke="none"[^>]*/>', "", inner)).strip()


def _licence(files: dict[str, bytes]) -> str:
    return next((files[name].decode() for name in ("LICENSE", "LICENSE.txt") if name in files), MIT)


def main() -> None:
    """Renew everything."""
    files = {name: fetch(name) for name in PACKAGES}
    (VENDOR / "fonts").mkdir(parents=True, exist_ok=True)
    tabler, htmx, icons, sha256 = (_package(start) for start in ("@tabler/core", "htmx", "@tabler/icons", "js-sha256"))
    sheet = files[tabler]["dist/css/tabler.min.css"].decode()
    sheet = re.sub(r"/\*#.*?\*/", "", re.sub(r"url\((?:\"data:[^\"]*\"|'data:[^']*'|data:[^)]*)\)", "none", sheet))
    (VENDOR / "tabler.min.css").write_text(sheet)
    (VENDOR / "htmx.min.js").write_text(files[htmx]["dist/htmx.min.js"].decode().partition("\n//# sourceMappingURL")[0])
    (VENDOR / "sha256.min.js").write_bytes(files[sha256]["build/sha256.min.js"])
    for font, name in FONTS.items():
        which, _, rest = font.partition("-")
        path = f"files/atkinson-hyperlegible-{which}-{rest}-wght-normal.woff2"
        (VENDOR / "fonts" / f"atkinson-{font}.woff2").write_bytes(files[name][path])
    outlines = {name: files[icons].get(f"icons/outline/{name}.svg") for name in quoted()}
    shapes = {name: drawn(svg.decode()) for name, svg in outlines.items() if svg}
    (VENDOR / "icons.json").write_text(json.dumps(shapes, indent=0, sort_keys=True) + "\n")
    licences = [f"{name}\n\n{_licence(some)}" for name, some in files.items()]
    (VENDOR / "LICENSES.txt").write_text("\n\n".join(licences))
    taken = {"packages": PACKAGES, "files": digests()}
    (VENDOR / "integrity.json").write_text(json.dumps(taken, indent=2) + "\n")


if __name__ == "__main__":
    main()
