"""Whether a packed chart is what its provenance file (.prov) says, signed by one of the keys of a keyring.

Helm's own code judges, as ``helm verify`` does: the library in a process of its own, else the ``helm`` program. The
file names the archive and its sha256, so an archive under another name is refused; that the chart inside is the version
that was asked for is looked at besides, for who serves charts also says which file is which version.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from changeover.channel.charts import HelmMissing, has_library
from changeover.package import archive, yaml_text
from changeover.release.signed_address import NotSigned

ENDING = ".prov"
LAYER = "application/vnd.cncf.helm.chart.provenance.v1.prov"
SECONDS = 60.0
_HINT = "ask the vendor; `helm package --sign` makes the .prov file beside the chart"


def missing(what: str) -> NotSigned:
    """There is no provenance file."""
    return NotSigned(
        f"{what} must come with a provenance file, for its address names a keyring.", found="no .prov", hint=_HINT
    )


def verified(content: bytes, provenance: bytes, keyring: bytes, *, name: str) -> Mapping[str, bytes]:
    """The files of the archive called `name`. Raises NotSigned, HelmMissing."""
    with tempfile.TemporaryDirectory(prefix="changeover-prov-") as folder:
        chart, ring = Path(folder) / Path(name).name, Path(folder) / "keyring.gpg"
        chart.write_bytes(content)
        ring.write_bytes(keyring)
        Path(f"{chart}{ENDING}").write_bytes(provenance)
        found = _refused(chart, ring)
    if found:
        raise NotSigned(f"{name} is not signed with a key of the keyring.", found=found[:500], hint=_HINT)
    return archive.unpack(content, name)


def same_chart(files: Mapping[str, bytes], *, version: str, chart: str = "") -> Mapping[str, bytes]:
    """The files, when they are that chart in that version. Raises NotSigned."""
    text = archive.strip_common_folders(files).get("Chart.yaml", b"").decode("utf-8", "replace")
    meta = yaml_text.load(text, file="Chart.yaml") if text else {}
    found = (str(meta.get("name", "")), str(meta.get("version", ""))) if isinstance(meta, dict) else ("", "")
    if found != (chart or found[0], version):
        raise NotSigned(
            f"What is signed must be {chart or 'the chart'} {version}.",
            found=" ".join(found).strip() or "no chart",
            hint="the source offers another chart under this version: ask who publishes it",
        )
    return files


def _refused(chart: Path, ring: Path) -> str:
    """Helm's words against it; empty when it is well."""
    if has_library():
        command = [sys.executable, "-m", "changeover.channel.chart_worker"]
        asked = json.dumps({"verify": str(chart), "keyring": str(ring)}).encode() + b"\n"
        done = _run(command, asked)
        answer = json.loads(done.stdout) if done.stdout else {"error": f"Helm ended with {done.returncode}"}
        return str(answer.get("error", ""))
    program = shutil.which("helm")
    if not program:
        raise HelmMissing(
            "The provenance of a chart is judged by Helm, which is not installed.",
            found="no helm on PATH, no helm-python-sdk",
            hint="pip install 'changeover[helm]', or install the helm program",
        )
    done = _run([program, "verify", str(chart), "--keyring", str(ring)], b"")
    return done.stderr.decode("utf-8", "replace").strip() or "helm verify failed" if done.returncode else ""


def _run(command: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - our own arguments, no shell
            command, input=given, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotSigned(f"Helm gave no verdict within {SECONDS:.0f} s.", hint="try again") from None
