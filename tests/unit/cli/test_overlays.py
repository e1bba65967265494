"""Customisations as people have them on disk, read by the command line and put on a package without a cluster."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from changeover.cli import overlays
from changeover.cli.main import cli
from changeover.errors import Problem

MANIFEST = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"
PATCH = MANIFEST.replace("1}", "4}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package and an overlay with a file that nobody names and one outside of it."""
    for path, text in {
        "package/web.yaml": MANIFEST,
        "overlay/kustomization.yaml": "bases: [../base]\npatches: [{path: deep/p.yaml}, {path: ./deep/../q.yaml}]\n",
        "overlay/deep/p.yaml": PATCH,
        "overlay/q.yaml": PATCH.replace("web", "other"),
        "overlay/unused.yaml": "secret: yes\n",
        "labels.yaml": "- {kind: Deployment, metadata: {name: web, labels: {team: red}}}\n",
        "outside.yaml": PATCH,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_only_files_that_are_named_and_inside_are_read(folder: Path) -> None:
    for path in (folder / "overlay", folder / "overlay" / "kustomization.yaml"):
        (entry,) = overlays.entries([path])
        assert sorted(entry["overlay"]) == ["deep/p.yaml", "kustomization.yaml", "q.yaml"]
    assert len(overlays.entries([folder / "labels.yaml", folder / "overlay"])) == 2


@pytest.mark.parametrize("name", ["../outside.yaml", "linked.yaml"])
def test_what_leads_out_of_the_folder_is_not_read(folder: Path, name: str) -> None:
    (folder / "overlay" / "linked.yaml").symlink_to(folder / "outside.yaml")
    (folder / "overlay" / "kustomization.yaml").write_text(f"patches: [{{path: {name}}}]\n")
    (entry,) = overlays.entries([folder / "overlay"])
    assert list(entry["overlay"]) == ["kustomization.yaml"]
    done = CliRunner().invoke(cli, ["render", str(folder / "package"), "--customisations", str(folder / "overlay")])
    assert isinstance(done.exception, Problem)
    assert done.exception.reference == "bad-overlay"


def test_what_is_none_is_said(folder: Path) -> None:
    with pytest.raises(click.UsageError, match=r"has none of kustomization\.yaml"):
        overlays.entries([folder / "package"])
    (folder / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(click.UsageError, match="is no text"):
        overlays.entries([folder / "binary"])
    (folder / "empty").write_text("\n")
    assert overlays.entries([folder / "empty"]) == ()


def test_a_package_is_rendered_with_everything_on_top(folder: Path) -> None:
    words = ["render", str(folder / "package")]
    given = ["--customisations", str(folder / "labels.yaml"), "--customisations", str(folder / "overlay")]
    done = CliRunner().invoke(cli, ["-o", "json", *words, *given], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["objects"][0]["spec"]["replicas"] == 4
    assert told["objects"][0]["metadata"]["labels"] == {"team": "red"}
    assert [one["reference"] for one in told["remarks"]] == ["overlay-target-absent"]
    shown = CliRunner().invoke(cli, [*words, *given], catch_exceptions=False)
    assert "# not done: q.yaml line 1 of your overlay is for Deployment/other" in shown.stderr
