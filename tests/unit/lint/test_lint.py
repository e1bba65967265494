"""What the linter says, and what it keeps silent about."""

import pytest

from changeover.lint.lint import lint
from changeover.lint.sarif import as_sarif
from changeover.package.package import read_package
from changeover.render import functions

CLEAN = {
    "app.yaml": "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: a}\n"
    "spec: {title: A, icon: x, statusInformers: [deployment/web]}\n",
    "config.yaml": "apiVersion: kots.io/v1beta1\nkind: Config\nspec:\n  groups:\n  - name: g\n    items:\n"
    "    - {name: domain, type: text}\n    - {name: db_password, type: password}\n",
    "checks.yaml": "apiVersion: troubleshoot.sh/v1beta2\nkind: Preflight\n---\n"
    "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
    "web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
    '  annotations: {kots.io/when: \'repl{{ ConfigOptionEquals "domain" "x" | not }}\'}\n'
    "spec:\n  template:\n    spec:\n      containers:\n      - name: c\n        image: org/app:1\n"
    "        readinessProbe: {httpGet: {port: 80}}\n"
    "        resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 1, memory: 1Mi}}\n",
}
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
SUPPORT = "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nspec:\n"
LINT_CONFIG = "apiVersion: kots.io/v1beta1\nkind: LintConfig\nspec:\n  rules:\n"


def _rules(**more: str) -> dict[str, str]:
    files = {**CLEAN, **{name.replace("_", "."): text for name, text in more.items()}}
    package = read_package({path: text.encode() for path, text in files.items()}, "a")
    return {finding.rule: str(finding.level) for finding in lint(package, functions=functions.names())}


def test_a_clean_package_is_left_in_peace() -> None:
    assert _rules() == {}


@pytest.mark.parametrize(
    ("text", "rule", "level"),
    [
        ("a: [1\n", "invalid-yaml", "error"),
        ("a: {{repl ConfigOption }}\n", "invalid-yaml", "info"),
        ("kind: Pod\n", "missing-api-version-field", "error"),
        ("apiVersion: v1\n", "missing-kind-field", "error"),
        (MANIFEST.replace("x}", "x, annotations: {kots.io/when: 'maybe'}}"), "bad-annotation", "error"),
        (MANIFEST.replace("x}", "x, annotations: {kots.io/creation-phase: first}}"), "bad-annotation", "warn"),
        (MANIFEST + "data: {a: 'repl{{ Nope 1 }}'}\n", "unknown-function", "error"),
        (MANIFEST + "data: {a: 'repl{{ if true }}'}\n", "broken-template", "error"),
        (MANIFEST + "data: {a: 'repl{{ print (Nope 1).x }}'}\n", "unknown-function", "error"),
        (MANIFEST + "data: {a: 'repl{{ ConfigOption \"no\" }}'}\n", "config-option-not-found", "warn"),
        (MANIFEST + "spec:\n  image: org/app:2\n", "image-tag-disagreement", "warn"),
        (MANIFEST + "spec:\n  image: other\n", "container-image-latest-tag", "info"),
        (MANIFEST + "spec:\n  image: quay.io/else/app:1\n", "image-collision", "warn"),
        (SUPPORT + "  collectors: {logs: {}}\n", "broken-spec", "error"),
        (SUPPORT + "  analyzers: [{clusterVersion: {}}]\n", "analyzer-without-outcomes", "warn"),
        (SUPPORT + "  analyzers: [{clusterVersoin: {outcomes: [{pass: {}}]}}]\n", "unknown-analyzer", "warn"),
        (SUPPORT + "  hostAnalyzers: [{clusterVersion: {outcomes: [{pass: {}}]}}]\n", "unknown-analyzer", "warn"),
        (SUPPORT + "  redactors: [{name: a, removals: {regex: [{redactor: '('}]}}]\n", "bad-redactor", "error"),
        ("apiVersion: changeover.dev/v1alpha1\nkind: Release\nversion: 2022.1\n", "invalid-release", "error"),
        (
            "apiVersion: kots.io/v1beta2\nkind: HelmChart\nspec: {chart: {name: db, chartVersion: 1.0.0}}\n",
            "missing-chart",
            "error",
        ),
    ],
)
def test_a_mistake_is_found(text: str, rule: str, level: str) -> None:
    assert _rules(x_yaml=text).get(rule) == level


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("app.yaml", "deployment/web", "deployment/gone", "nonexistent-status-informer-object"),
        ("app.yaml", ", statusInformers: [deployment/web]", "", "application-statusInformers"),
        ("app.yaml", "icon: x, ", "", "application-icon"),
        ("config.yaml", "type: password", "type: text", "config-option-password-type"),
        ("config.yaml", "type: text", "type: nonsense", "config-option-invalid-type"),
        (
            "config.yaml",
            "type: text",
            "type: text, validation: {regex: {pattern: '['}}",
            "config-option-invalid-regex-validator",
        ),
        ("checks.yaml", "kind: Preflight", "kind: Redactor", "preflight-spec"),
    ],
)
def test_what_is_missing_is_found(file: str, old: str, new: str, rule: str) -> None:
    assert rule in _rules(**{file.replace(".", "_"): CLEAN[file].replace(old, new)})


def test_levels_can_be_changed_and_rules_turned_off() -> None:
    bare = MANIFEST + "spec:\n  image: other\n"
    rule = "  - {{name: container-image-latest-tag, level: {}}}\n"
    assert _rules(x_yaml=bare, l_yaml=LINT_CONFIG + rule.format("error"))["container-image-latest-tag"] == "error"
    assert "container-image-latest-tag" not in _rules(x_yaml=bare, l_yaml=LINT_CONFIG + rule.format("'off'"))


def test_findings_come_worst_first_with_their_places() -> None:
    files = {**CLEAN, "x.yaml": MANIFEST + "spec:\n  image: other\n---\nkind: Pod\n"}
    found = lint(read_package({path: text.encode() for path, text in files.items()}, "a"))
    assert [(finding.level, finding.where) for finding in found] == [("error", "x.yaml:6"), ("info", "x.yaml:5")]


WEB = CLEAN["web.yaml"]
MOUNT = "      volumes: [{{hostPath: {{path: {}}}}}]\n"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("        readinessProbe: {httpGet: {port: 80}}\n", "", "container-readiness-probe"),
        ("{requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 1, memory: 1Mi}}", "{}", "container-resources"),
        (", limits: {cpu: 1, memory: 1Mi}", "", "container-resource-limits"),
        ("        resources", "        securityContext: {privileged: true}\n        resources", "privileged"),
        ("spec:\n  template", "spec:\n  replicas: 1\n  template", "replicas-1"),
        (
            "      containers",
            "      volumes: [{hostPath: {path: /var/run/docker.sock}}]\n      containers",
            "volume-docker-sock",
        ),
        ("      containers", "      volumes: [{hostPath: {path: /etc}}]\n      containers", "volumes-host-paths"),
        ("org/app:1", "org/APP:1", "container-image-invalid"),
        ("  name: web\n", "  name: web\n  namespace: prod\n", "hardcoded-namespace"),
        ("image: org", "env: [{value: 'repl{{ now | quote }}'}]\n        image: org", "random-in-pod-template"),
    ],
)
def test_what_runs_is_looked_at(old: str, new: str, rule: str) -> None:
    assert old in WEB
    assert rule in _rules(web_yaml=WEB.replace(old, new))


def test_a_secret_in_the_open_and_a_circle_and_a_second_licence_are_found() -> None:
    assert _rules(x_yaml=MANIFEST + "data: {db_password: geheim-lang}\n")["secret-in-configmap"] == "warn"
    circle = CLEAN["config.yaml"].replace("type: text}", "type: text, default: 'repl{{ ConfigOption \"domain\" }}'}")
    assert _rules(config_yaml=circle)["config-option-is-circular"] == "error"
    licence = "apiVersion: kots.io/v1beta1\nkind: License\nmetadata: {name: x}\n"
    assert _rules(l_yaml=f"{licence}---\n{licence}")["duplicate-kots-kind"] == "error"


def test_findings_as_sarif_name_rule_level_and_line() -> None:
    files = {**CLEAN, "x.yaml": MANIFEST + "spec:\n  image: other\n---\nkind: Pod\n"}
    found = lint(read_package({path: text.encode() for path, text in files.items()}, "a"))
    run = as_sarif(found)["runs"][0]
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("missing-api-version-field", "error")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "x.yaml"},
        "region": {"startLine": 6},
    }
    assert [run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]
