"""From packages to revisions: plain manifests, charts, KOTS; a small vendor's package exercises every rule."""

from collections.abc import Mapping
from typing import Any

import pytest

from changeover.gotemplate import TemplateProblem
from changeover.objects import KubeObject
from changeover.package import archive
from changeover.package.package import read_package
from changeover.ports import ChartRequest, RenderedChart
from changeover.render import pipeline
from changeover.render.admission import BadAnnotation
from changeover.render.context import Context, Registry, ReleaseFacts
from changeover.render.finish import SameObjectTwice
from changeover.render.helm import BadHelmChart, MissingChart
from changeover.render.revision import Revision

APPLICATION = """
apiVersion: kots.io/v1beta1
kind: Application
metadata: {name: bench}
spec:
  title: Bench
  statusInformers: [deployment/web, '{{repl if ConfigOptionEquals "db" "1" }}statefulset/db{{repl end }}']
"""
CONFIG = """
apiVersion: kots.io/v1beta1
kind: Config
metadata: {name: config}
spec:
  groups:
  - name: main
    items:
    - {name: domain, type: text, required: true}
    - {name: db, type: bool, default: "1"}
    - {name: login, type: password, default: 'repl{{ RandomString 8 }}'}
    - {name: url, type: text, readonly: true, value: 'https://repl{{ ConfigOption "domain" }}'}
"""
WEB = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{{repl Cursor }}
data:
  url: repl{{ ConfigOption "url" | quote }}
  key: repl{{ genPrivateKey "rsa" | quote }}
  foreign: "{{ .Values.x }}"
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  annotations:
    kots.io/when: '{{repl ConfigOptionEquals "db" "1" }}'
    kots.io/creation-phase: "-2"
    kots.io/wait-for-ready: "true"
stringData: {login: 'repl{{ ConfigOption "login" }}'}
"""


def _files(**more: str | bytes) -> dict[str, bytes]:
    files: dict[str, str | bytes] = {"app.yaml": APPLICATION, "config.yaml": CONFIG, "web.yaml": WEB}
    files.update({name.replace("_", "."): content for name, content in more.items()})
    return {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}


class Recorded:
    """A chart renderer that answers with a fixed stream and remembers what it was asked."""

    def __init__(self, stream: str = "") -> None:
        self.stream = stream
        self.asked: list[tuple[str, str, Mapping[str, Any], str]] = []

    def render(self, request: ChartRequest) -> RenderedChart:
        self.asked.append((request.release, request.namespace, request.values, request.kubernetes))
        return RenderedChart(self.stream)


def _render(
    files: dict[str, bytes], charts: Recorded | None = None, **given: Any
) -> tuple[Revision, Mapping[str, str]]:
    context = given.pop("context", Context("apps", version_label="1.0", release=ReleaseFacts(cursor="7")))
    counter = iter(range(1000))
    return pipeline.render(
        read_package(files, "bench"),
        given.get("answers", {"domain": "example.com"}),
        context,
        charts=charts,
        produce=lambda function, _: f"{function}-{next(counter)}",
    )


def _named(revision: Revision) -> dict[str, KubeObject]:
    return {obj.name: obj for obj in revision.objects}


def test_a_kots_package_becomes_a_revision() -> None:
    revision, kept = _render(_files())
    found = _named(revision)
    assert list(found) == ["web-7", "db"]
    assert found["web-7"].namespace == "apps"
    assert found["web-7"].get("data", "url") == "https://example.com"
    assert found["web-7"].get("data", "foreign") == "{{ .Values.x }}"
    assert "stringData" not in found["db"].raw
    assert revision.version == "1.0"
    assert revision.source["cursor"] == "7"
    assert revision.informers == ("deployment/web", "statefulset/db")
    assert revision.phases == {"Secret/apps/db": -2}
    assert revision.waits == {"Secret/apps/db": (("ready", "true"),)}
    assert sorted(kept.values()) == ["RandomString-0", "genPrivateKey-1"]


def test_answers_choose_objects_and_informers() -> None:
    revision, _ = _render(_files(), answers={"domain": "x", "db": "0"})
    assert list(_named(revision)) == ["web-7"]
    assert revision.informers == ("deployment/web",)


def test_a_missing_answer_is_told() -> None:
    revision, _ = _render(_files(), answers={})
    assert [(remark.reference, remark.message) for remark in revision.remarks] == [
        ("missing-answer", "domain must be answered")
    ]


def test_passwords_are_named_for_masking() -> None:
    revision, _ = _render(_files(), answers={"domain": "x", "login": "s3cret"})
    assert set(revision.secrets) == {"s3cret", "RandomString-0", "genPrivateKey-1"}


def test_the_same_inputs_give_the_same_digest_and_others_another() -> None:
    first, kept = _render(_files())
    context = Context("apps", version_label="1.0", release=ReleaseFacts(cursor="7"), kept=kept)
    assert _render(_files(), context=context)[0].digest == first.digest
    assert _render(_files(), context=context, answers={"domain": "other"})[0].digest != first.digest
    assert Revision.from_json(first.as_json()) == first


def test_kept_values_survive_a_new_object_before_them() -> None:
    _, kept = _render(_files())
    before = "apiVersion: v1\nkind: Secret\nmetadata: {name: new}\ndata: {k: 'repl{{ genPrivateKey \"rsa\" }}'}\n---"
    context = Context("apps", release=ReleaseFacts(cursor="7"), kept=kept)
    revision, _ = _render(_files(web_yaml=before + WEB), context=context)
    assert _named(revision)["web-7"].get("data", "key") == "genPrivateKey-1"


def test_what_is_broken_is_left_out_with_a_remark() -> None:
    revision, _ = _render(_files(broken_yaml="a: [1\n", notes_txt="a: [1\n", other_yaml="just: this\n"))
    assert [(remark.file, remark.reference) for remark in revision.remarks] == [
        ("broken.yaml", "broken-yaml"),
        ("other.yaml", "broken-yaml"),
    ]


def test_a_key_given_twice_is_tolerated_and_told() -> None:
    twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata:\n  a: '1'\n  a: '2'\n"
    revision, _ = _render(_files(t_yaml="# {{repl Cursor }}\n" + twice))
    assert _named(revision)["t"].get("data", "a") == "2"
    assert revision.remarks[0].reference == "duplicate-key"


@pytest.mark.parametrize(
    ("text", "problem", "words"),
    [
        ("a: repl{{ Nope }}\n", TemplateProblem, r'x\.yaml line 1, column 11: function "Nope" not defined'),
        ("\n\na: repl{{ Split 1 }}\n", TemplateProblem, r"x\.yaml line 3"),
        ("a: repl{{ if true }}\n", TemplateProblem, "unexpected EOF"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {kots.io/when: 'maybe'}}\n",
            BadAnnotation,
            "kots.io/when must be true or false",
        ),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\n", SameObjectTwice, "is given twice, differently"),
    ],
)
def test_what_cannot_be_guessed_is_an_error(text: str, problem: type[Exception], words: str) -> None:
    with pytest.raises(problem, match=words):
        _render(_files(x_yaml=text))


def test_images_and_pull_secret_of_a_private_registry() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'org/app:1'}]}\n"
    registry = Registry("reg.local:5000", "mirror", "user", "password")
    revision, _ = _render(_files(pod_yaml=pod), context=Context("apps", slug="bench", registry=registry))
    assert _named(revision)["p"].get("spec", "containers", 0, "image") == "reg.local:5000/mirror/app:1"
    assert _named(revision)["p"].get("spec", "imagePullSecrets") == [{"name": "bench-registry"}]
    assert revision.phases["Secret/apps/bench-registry"] == -9999
    assert revision.images == ("reg.local:5000/mirror/app:1",)


CHART = archive.pack({"Chart.yaml": b"name: db\nversion: 1.2.3\n"}, top="db")
HELM_CHART = """
apiVersion: kots.io/v1beta2
kind: HelmChart
metadata: {name: db}
spec:
  chart: {name: db, chartVersion: 1.2.3}
  releaseName: data
  namespace: stores
  weight: 3
  values: {size: 'repl{{ ConfigOption "domain" }}', deep: {a: 1, b: 2}, list: [1]}
  optionalValues:
  - {when: 'true', recursiveMerge: true, values: {deep: {b: 3}, list: [2]}}
  - {when: 'false', values: {size: no}}
"""
STREAM = """
# Source: db/templates/a.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: data}
---
# Source: db/templates/hook.yaml
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: '-1'
    helm.sh/hook-delete-policy: hook-succeeded
---
# Source: db/templates/after.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: after, annotations: {helm.sh/hook: post-upgrade}}
---
# Source: db/templates/tests/t.yaml
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
"""


def test_a_chart_is_rendered_with_merged_values_and_placed_after_the_manifests() -> None:
    charts = Recorded(STREAM)
    context = Context("apps", kubernetes_version="1.30.1", release=ReleaseFacts(cursor="7"))
    revision, _ = _render(_files(chart_yaml=HELM_CHART, db_tgz=CHART), charts, context=context)
    values = {"size": "example.com", "deep": {"a": 1, "b": 3}, "list": [2]}
    assert charts.asked == [("data", "stores", values, "1.30.1")] * 2
    found = _named(revision)
    assert not {"test", "migrate", "after"} & set(found)
    (release,) = revision.charts
    assert (revision.phases[found["data"].ref.key], release.phase, release.upgrade) == (1, 1, False)
    assert [hook.form["metadata"]["namespace"] for hook in release.hooks] == ["stores"] * 3
    assert [obj.name for obj in revision.hooks] == ["migrate", "after"]
    assert found["data"].namespace == "stores"


def test_an_old_chart_goes_among_the_manifests_with_its_images_redirected() -> None:
    old = HELM_CHART.replace("v1beta2", "v1beta1").replace("releaseName: data", "useHelmInstall: false")
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app}]}\n"
    context = Context("apps", registry=Registry("reg.local"))
    revision, _ = _render(_files(chart_yaml=old, db_tgz=CHART), Recorded(pod), context=context)
    assert revision.phases.get("Pod/stores/p", 0) == 0
    assert revision.images == ("reg.local/app:latest",)


@pytest.mark.parametrize(
    ("chart", "content", "problem", "words"),
    [
        (HELM_CHART, b"", MissingChart, "db 1.2.3 .* is not in the package"),
        (HELM_CHART.replace("when: 'true'", "when: 'yes'"), CHART, BadHelmChart, "must be true or false"),
        (HELM_CHART + "  exclude: maybe\n", CHART, BadHelmChart, "spec.exclude must be true or false"),
        (HELM_CHART + "---" + HELM_CHART, CHART, BadHelmChart, "Two HelmCharts want the release data"),
    ],
)
def test_a_chart_that_cannot_be_carried_out(chart: str, content: bytes, problem: type[Exception], words: str) -> None:
    with pytest.raises(problem, match=words):
        _render(_files(chart_yaml=chart, db_tgz=content), Recorded())


def test_an_excluded_chart_is_not_asked_for() -> None:
    charts = Recorded()
    _render(_files(chart_yaml=HELM_CHART + '  exclude: \'repl{{ ConfigOptionEquals "db" "1" }}\'\n'), charts)
    assert charts.asked == []


def test_a_plain_chart_takes_answers_as_values() -> None:
    charts = Recorded(STREAM)
    files = {"web/Chart.yaml": b"name: web\nversion: 2.0.0\n", "web/templates/a.yaml": b"{{ x }}"}
    revision, _ = _render(files, charts, answers={"db": {"password": "s3cret", "n": 1}}, context=Context("apps"))
    assert charts.asked[0] == ("web", "apps", {"db": {"password": "s3cret", "n": 1}}, "")
    assert (revision.version, revision.secrets) == ("2.0.0", ("s3cret",))
    assert [obj.name for obj in revision.hooks] == ["migrate", "after"]


def test_plain_manifests_are_taken_as_they_are() -> None:
    text = WEB.replace("{{repl Cursor }}", "x").replace('\'{{repl ConfigOptionEquals "db" "1" }}\'', "'true'")
    revision, kept = _render({"web.yaml": text.encode()}, context=Context("apps"))
    assert _named(revision)["web-x"].get("data", "url") == 'repl{{ ConfigOption "url" | quote }}'
    assert kept == {}
