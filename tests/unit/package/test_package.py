"""What a bunch of files is, and what is in it."""

import pytest

from changeover.package import archive, charts, documents
from changeover.package.package import BrokenPackage, Form, read_package
from changeover.package.yaml_text import BrokenYaml

APPLICATION = b"""
apiVersion: kots.io/v1beta1
kind: Application
metadata: {name: bench}
spec:
  title: Bench
  allowRollback: true
  statusInformers: [deployment/a, '{{repl if true}}service/b{{repl end}}']
  ports: [{serviceName: web, servicePort: 80, localPort: 8888}]
  graphs: [{title: G, query: up, legend: "{{ type }}"}]
"""
CONFIG_MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def test_a_folder_with_any_kots_document_is_a_kots_package() -> None:
    package = read_package({"manifests/app.yaml": APPLICATION, "manifests/x.yaml": CONFIG_MAP}, "bench")
    assert package.form is Form.KOTS
    assert list(package.files) == ["app.yaml", "x.yaml"]
    assert package.title == "Bench"
    assert package.application.allow_rollback
    assert package.application.ports[0].local_port == 8888
    assert package.application.graphs[0].queries == (("up", "{{ type }}"),)


def test_plain_manifests_keep_their_foreign_templates() -> None:
    package = read_package({"x.yaml": CONFIG_MAP + b"data: {a: '{{repl ConfigOption }}'}\n"}, "x")
    assert package.form is Form.MANIFESTS
    assert package.documents[0].data == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"a": "{{repl ConfigOption }}"},
    }


def test_a_chart_is_known_by_its_chart_yaml() -> None:
    files = {"web/Chart.yaml": b"name: web\nversion: 1.2.3\n", "web/templates/a.yaml": b"{{ not yaml"}
    package = read_package(files, "web-1.2.3")
    assert package.form is Form.CHART
    assert (package.name, package.own_version) == ("web", "1.2.3")


def test_userdata_is_the_operators() -> None:
    package = read_package({"manifests/x.yaml": CONFIG_MAP, "userdata/config.yaml": b"a: 1"}, "x")
    assert list(package.files) == ["x.yaml"]
    assert package.userdata == {"userdata/config.yaml": b"a: 1"}
    assert package.digest == read_package({"x.yaml": CONFIG_MAP}, "other").digest


def test_v1beta3_documents_are_dropped() -> None:
    v1beta3 = b"apiVersion: troubleshoot.sh/v1beta3\nkind: Preflight\n"
    files = {"a.yaml": CONFIG_MAP + b"---\n" + v1beta3, "b.yaml": v1beta3, "c.yaml": CONFIG_MAP}
    package = read_package(files, "x")
    assert list(package.files) == ["a.yaml", "c.yaml"]
    assert [item.kind for item in package.documents] == ["ConfigMap", "ConfigMap"]


def test_a_chart_folder_belongs_to_helm() -> None:
    files = {
        "app.yaml": APPLICATION,
        "charts/web/Chart.yaml": b"name: web\nversion: 1.0.0\ndependencies: [{name: db, repository: x}]\n",
        "charts/web/templates/a.yaml": b"apiVersion: v1\nkind: Secret\nmetadata: {name: {{ x }}}\n",
    }
    package = read_package(files, "x")
    assert [item.kind for item in package.documents] == ["Application"]
    assert package.charts[0].missing == ("db",)


def test_a_chart_archive_is_found_by_what_it_says_not_by_its_name() -> None:
    packed = archive.pack({"Chart.yaml": b"name: web\nversion: 1.0.0\n"}, top="web")
    package = read_package({"app.yaml": APPLICATION, "some.bin": packed}, "x")
    assert [(one.name, one.version, one.path) for one in package.charts] == [("web", "1.0.0", "some.bin")]
    assert charts.find_charts({"not-a-chart.gz": b"\x1f\x8bbroken"}) == ()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "is empty"),
        ({"README.md": b"hello"}, "no Kubernetes object"),
        ({"a.yaml": APPLICATION, "b.yaml": APPLICATION}, "2 documents of kind Application"),
        ({"Chart.yaml": b"version: 1"}, "has no name"),
    ],
)
def test_what_is_no_package_is_refused_with_words(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(BrokenPackage, match=words):
        read_package(files, "x")


def test_broken_yaml_names_its_file_and_line() -> None:
    with pytest.raises(BrokenYaml, match=r"b.yaml line 6"):
        read_package({"a.yaml": CONFIG_MAP, "b.yaml": CONFIG_MAP + b"---\na: 1\n b: 2\n"}, "x")


def test_a_templated_file_need_not_be_yaml_yet() -> None:
    text = "{{repl if true }}\napiVersion: v1\nkind: Secret\nmetadata:\n  labels: {}\n  name: s\n{{repl end }}\n"
    package = read_package({"app.yaml": APPLICATION, "s.yaml": text.encode()}, "x")
    found = package.first("Secret")
    assert found is not None
    assert (found.api_version, found.name, found.data) == ("v1", "s", None)


@pytest.mark.parametrize(
    ("api_version", "kind", "vendor"),
    [
        ("kots.io/v1beta1", "Config", True),
        ("velero.io/v1", "Backup", True),
        ("velero.io/v1", "Schedule", False),
        ("changeover.dev/v1alpha1", "Release", True),
        ("changeover.dev/v1alpha1", "Installation", False),
        ("apps/v1", "Deployment", False),
    ],
)
def test_vendor_kinds(api_version: str, kind: str, *, vendor: bool) -> None:
    assert documents.is_vendor_kind(api_version, kind) is vendor
