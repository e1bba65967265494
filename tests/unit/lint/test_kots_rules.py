"""KOTS's rules about vendor kinds, questions, templates and secrets: each finds its mistake, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from changeover.channel.generators import produce
from changeover.lint import succession
from changeover.lint.finding import Finding, Level
from changeover.lint.lint import lint
from changeover.package.package import Package, read_package
from changeover.render import functions, pipeline
from changeover.render.context import Context
from changeover.render.revision import Revision

APP = "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: a}\nspec: {icon: x, statusInformers: [pvc/x]"
CHECKED = "apiVersion: troubleshoot.sh/v1beta2\nkind: "
CHECKS = f"{CHECKED}Preflight\n---\n{CHECKED}SupportBundle\n"
CONFIG = "apiVersion: kots.io/v1beta1\nkind: Config\nspec:\n  groups:\n  - name: g\n    items:\n"
CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"
INSTALLER = "apiVersion: cluster.kurl.sh/v1beta1\nkind: Installer\nmetadata: {name: i}\nspec: {kubernetes: {version: "
CHART = "apiVersion: kots.io/v1beta2\nkind: HelmChart\nmetadata: {name: h}\n"
CHART += "spec: {chart: {name: '{{repl 1}}'}, releaseName: "
EMBEDDED = "apiVersion: embeddedcluster.replicated.com/v1beta1\nkind: Config\n"


def package(**more: str) -> Package:
    files = {"app.yaml": APP + "}\n", "checks.yaml": CHECKS, "claim.yaml": CLAIM, "config.yaml": CONFIG + ITEM}
    files |= {f"{name}.yaml": text for name, text in more.items()}
    return read_package({path: text.encode() for path, text in files.items()}, "a")


ITEM = "    - {name: domain, type: text}\n"


def found(**more: str) -> dict[str, Finding]:
    names = functions.names()
    return {one.rule: one for one in lint(package(**more), functions=names, produce=produce)}


def test_a_clean_package_is_left_in_peace() -> None:
    assert found() == {}


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "
RANDOM = "dGhpc0lzQVZlcnlMb25nUmFuZG9tVGV4dFdpdGhOdW1iZXJzMTIzNDU2Nzg5"


@pytest.mark.parametrize(
    ("file", "text", "rule", "level", "line"),
    [
        ("app", APP + ", targetKotsVersion: newest}\n", "invalid-target-kots-version", "error", 1),
        ("app", APP + ", minKotsVersion: '1.2'}\n", "invalid-min-kots-version", "error", 1),
        ("more", CHECKS, "duplicate-kots-kind", "error", 1),
        ("more", INSTALLER + "1.29.x}}\n", "invalid-kubernetes-installer", "error", 1),
        ("more", INSTALLER + "latest}}\n", "invalid-kubernetes-installer", "error", 1),
        ("more", INSTALLER.replace("cluster.", "") + "1.2.3}}\n", "deprecated-kubernetes-installer-version", "warn", 1),
        ("more", CHART + "Upper}\n", "invalid-helm-release-name", "error", 1),
        ("more", CHART + f"{'a' * 54}}}\n", "invalid-helm-release-name", "error", 1),
        (
            "more",
            f"{CHART}a}}\n---\n{CHART.replace('{name: h}', '{name: i}')}a}}\n",
            "duplicate-helm-release-name",
            "error",
            5,
        ),
        (
            "more",
            EMBEDDED + "spec: {extensions: {helm: {charts: [{name: x}]}}}\n",
            "ec-helm-extension-version-required",
            "error",
            1,
        ),
        (
            "more",
            "apiVersion: velero.io/v1\nkind: Restore\nmetadata: {name: r}\n",
            "backup-resource-required-when-restore-exists",
            "error",
            1,
        ),
        ("more", POD + "'repl{{ LocalImageName \"a/b:1\" }}'}]}\n", "container-image-local-image-name", "error", 1),
        ("config", CONFIG + ITEM.replace("}", ", when: maybe}"), "config-option-when-is-invalid", "error", 7),
        ("config", CONFIG + ITEM.replace("}", ", repeatable: true}"), "repeat-option-missing-template", "error", 7),
        (
            "config",
            CONFIG + ITEM.replace("}", ", repeatable: true}"),
            "repeat-option-missing-valuesByGroup",
            "error",
            7,
        ),
        (
            "config",
            CONFIG
            + ITEM.replace("}", ", repeatable: true, valuesByGroup: {g: {}}, templates: [{yamlPath: spec.ports}]}"),
            "repeat-option-malformed-yamlpath",
            "error",
            7,
        ),
        (
            "config",
            CONFIG + "    - {name: x, type: bool, validation: {regex: {pattern: 'a+'}}}\n",
            "config-option-regex-validator-invalid-type",
            "error",
            7,
        ),
        ("more", MAP + "data: {a: 'ConfigOption repl{{ domain }}'}\n", "config-option-not-repeatable", "error", 4),
        ("more", MAP + "data: {a: 'repl{{ fail \"no\" }}'}\n", "unable-to-render", "error", 4),
        ("more", MAP + 'data: {a: repl{{ print "[" }}}\n', "invalid-rendered-yaml", "error", 0),
        ("more", MAP + f"data: {{a: {RANDOM}}}\n", "may-contain-secrets", "info", 4),
        ("more", MAP + "data: {a: 'postgres://me:hunter22@db/x'}\n", "may-contain-secrets", "info", 4),
    ],
)
def test_a_mistake_is_found_where_it_is(file: str, text: str, rule: str, level: str, line: int) -> None:
    one = found(**{file: text})[rule]
    assert (str(one.level), one.file, one.line) == (level, f"{file}.yaml", line)


@pytest.mark.parametrize(
    "text",
    [
        MAP + "data: {a: 'repl{{ ConfigOption \"domain\" }}', b: sha256:" + "a1B2" * 16 + "}\n",
        MAP + "data: {a: 'https://example.com/a/b', b: " + "a" * 64 + "}\n",
        INSTALLER + "1.29.3}}\n",
        CHART + "a.b-c}\n",
    ],
)
def test_what_is_right_is_left_in_peace(text: str) -> None:
    assert {one.rule for one in found(more=text).values()} <= {"missing-chart"}


def rendered(**more: str) -> tuple[Package, Revision]:
    one = package(**more)
    context = Context("default", slug="a", now=datetime(2026, 1, 1, tzinfo=UTC))
    return one, pipeline.render(one, {}, context, charts=None, produce=produce)[0]


def sets(service: str) -> str:
    head = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"
    return head + f"spec: {{serviceName: {service}, selector: {{}}, template: {{spec: {{containers: []}}}}}}\n"


def follows(old: dict[str, str], new: dict[str, str]) -> Iterator[tuple[str, Level, str]]:
    for one in succession.check(rendered(**new), rendered(**old)):
        yield one.rule, one.level, f"{one.message} {one.hint}"


def test_what_stops_customers_who_update_is_named() -> None:
    assert list(follows({"db": sets("a")}, {"db": sets("a")})) == []
    rule, level, words = next(follows({"db": sets("a")}, {"db": sets("b")}))
    assert (rule, level) == ("immutable-field", Level.WARN)
    assert "StatefulSet/db: Kubernetes does not change spec.serviceName" in words
    assert "Changeover: it is made again around its running pods" in words


def test_a_claim_and_a_question_that_are_gone_are_named() -> None:
    old = {"data": CLAIM.replace("x}", "data}"), "config": CONFIG + ITEM + "    - {name: old, type: text}\n"}
    assert sorted(rule for rule, _, _ in follows(old, {})) == ["claim-removed", "config-option-removed"]
    release = "apiVersion: changeover.dev/v1alpha1\nkind: Release\nversion: '2'\nconfig: {renames: {old: domain}}\n"
    assert [rule for rule, _, _ in follows(old, {"release": release})] == ["claim-removed"]
