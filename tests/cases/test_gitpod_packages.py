"""The real application: packages, chain and pairs are read and rendered, the same way every time."""

from pathlib import Path

import pytest

from changeover.channel import files, generators
from changeover.lint.lint import lint
from changeover.package.package import Form, read_package
from changeover.render import functions, pipeline
from changeover.render.context import Context
from changeover.render.helm import MissingChart
from tests.cases import packages

pytestmark = pytest.mark.skipif(not packages.ROOT.is_dir(), reason=packages.ABSENT)

FILES = sorted([*(packages.GITPOD / "chain").glob("*.yaml"), *(packages.GITPOD / "pairs").glob("*.yaml")])
NAMES = sorted(path.name for path in (packages.GITPOD / "packages").glob("*"))
COUNTS = {"2022.07.main-20220802": 175, "2022.08.0": 172, "2022.09.0": 182, "2022.11.3": 189}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_of_the_chain_is_a_package(path: Path) -> None:
    package = read_package(files.load(path), path.stem)
    revision, kept = pipeline.render(package, {}, Context("default"), charts=None, produce=generators.produce)
    assert package.form is Form.MANIFESTS
    assert len(revision.objects) == len(package.documents) == COUNTS.get(path.stem, len(package.documents))
    assert (revision.version, revision.remarks, kept) == (path.stem, (), {})
    assert not [obj for obj in revision.objects if "status" in obj.raw]
    assert not [obj for obj in revision.objects if obj.metadata.get("creationTimestamp", "") is None]
    assert {obj.kind for obj in revision.objects if not obj.namespace} <= {
        "ClusterRole",
        "ClusterRoleBinding",
        "PodSecurityPolicy",
    }


@pytest.mark.parametrize("name", NAMES)
def test_kept_values_make_rendering_repeatable(name: str) -> None:
    variant = packages.ROOT / "kots-render" / name / "external-everything"
    package, given = packages.package(name), packages.answers_of(variant)
    context = packages.context_of(variant)
    first, kept = pipeline.render(package, given, context, charts=None, produce=generators.produce)
    again = Context(**{field: getattr(context, field) for field in context.__slots__} | {"kept": kept})
    second, kept_again = pipeline.render(package, given, again, charts=None, produce=_refuse)
    assert second.digest == first.digest
    assert kept_again == kept
    assert bool(kept) == (name >= "2022-10")  # genPrivateKey since 2022.09.0


def _refuse(function: str, arguments: tuple[object, ...]) -> str:
    pytest.fail(f"{function}{arguments} is made up again although it was kept")


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_that_is_not_in_the_package_is_named(name: str) -> None:
    variant = packages.ROOT / "kots-render" / name / "default"

    class Never:
        def render(self, *_: object, **__: object) -> str:
            pytest.fail("nothing to render")

    with pytest.raises(MissingChart, match=r"fluent-bit 0\.20\.2"):
        pipeline.render(
            packages.package(name),
            packages.answers_of(variant),
            packages.context_of(variant),
            charts=Never(),
            produce=generators.produce,
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_linter_finds_no_unknown_function_and_the_real_mistake(name: str) -> None:
    found = lint(packages.package(name), functions=functions.names())
    rules = {finding.rule for finding in found if finding.level == "error"}
    assert rules == {"missing-chart"}
    disagreements = [finding.message for finding in found if finding.rule == "image-tag-disagreement"]
    if name.startswith("2023-06"):
        assert "installer:release-2022.11.2.16 here, but :release-2022.11.3" in disagreements[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_answer_is_named(name: str) -> None:
    variant = packages.ROOT / "kots-render" / name / "default"
    templates = pipeline.templates_of(
        packages.package(name), {}, packages.context_of(variant), produce=generators.produce
    )
    assert "domain" in templates.form.missing
