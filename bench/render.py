"""Rendering: each of Gitpod's packages, and a package of 500 files; as a process, warm, and the memory held.

A process is what a person waits for: it starts, reads the package and renders it once, with keys that are made only
then. Warm is the median of the renderings after it in the same process, as the console and the planner do them. Charts
are left out: Helm renders them.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import figures, gitpod
from changeover.channel import files, generators
from changeover.package.package import read_package
from changeover.render import pipeline
from changeover.render.context import Context, Registry

PACKAGES = gitpod.CHAIN.parent / "packages"
COUNT = 500
"""Files of the made package; 100 questions, of which each file reads three."""
QUESTIONS = 100
WARM = 5
_MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: part-{at}
  annotations:
    kots.io/when: 'repl{{{{ ConfigOptionEquals "question_{first}" "1" }}}}'
spec:
  replicas: 1
  selector: {{matchLabels: {{app: part-{at}}}}}
  template:
    metadata: {{labels: {{app: part-{at}}}}}
    spec:
      containers:
      - name: main
        image: 'repl{{{{ LocalImageName "registry.example.com/part:{at}" }}}}'
        env:
        - {{name: A, value: 'repl{{{{ ConfigOption "question_{second}" | quote }}}}'}}
        - {{name: B, value: '{{{{repl ConfigOption "question_{third}" | b64enc | trunc 20 }}}}'}}
"""


def measure() -> Iterator[figures.Work]:
    """Every package, each in a process of its own."""
    if PACKAGES.is_dir():
        for path in sorted(PACKAGES.iterdir()):
            yield _measured(f"render of Gitpod's package {path.name}", path)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        yield _measured(f"render of a package of {COUNT} files", Path(folder))


def _measured(what: str, package: Path) -> figures.Work:
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.render", str(package)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    whole, later = time.perf_counter() - began, float(said[0])
    return figures.Work(what, whole - later * WARM, later, float(said[1]))


def write(folder: Path) -> None:
    """The made package: a Config and its manifests."""
    asked = [f'    - {{name: question_{at}, type: text, default: "1"}}' for at in range(QUESTIONS)]
    head = "apiVersion: kots.io/v1beta1\nkind: Config\nmetadata: {name: bench}\nspec:\n  groups:\n  - name: all\n"
    (folder / "config.yaml").write_text(head + "    items:\n" + "\n".join(asked) + "\n")
    for at in range(COUNT - 1):
        first, second, third = (at * step % QUESTIONS for step in (1, 3, 7))
        text = _MANIFEST.format(at=at, first=first, second=second, third=third)
        (folder / f"part-{at}.yaml").write_text(text)


def render(package: Path, kept: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
    """Read and render it; returns how many objects there are, and the values to keep."""
    context = Context("default", slug="bench", registry=Registry("registry.example.com", "bench"), kept=kept)
    read = read_package(files.load(package), package.name)
    answers = {"domain": "gitpod.example.com"}
    revision, made = pipeline.render(read, answers, context, charts=None, produce=generators.produce)
    return len(revision.objects), made


def main(package: Path) -> None:
    """Print the seconds of a warm rendering, and the most megabytes held."""
    (objects, kept), taken = render(package, {}), []
    for _ in range(WARM):
        began = time.perf_counter()
        again, _ = render(package, kept)
        taken.append(time.perf_counter() - began)
        if again != objects or not objects:
            sys.exit(f"{package} rendered {objects} objects, then {again}")
    print(statistics.median(taken), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 10**6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
