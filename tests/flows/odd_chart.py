"""A chart with what charts in the wild do: libraries, nested subcharts, aliases, conditions, tags, imports, files."""

import json

import yaml


def _meta(name: str, **more: object) -> bytes:
    return yaml.safe_dump({"apiVersion": "v2", "name": name, "version": "0.1.0", **more}).encode()


def _settings(name: str, **data: str) -> bytes:
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{lines}".encode()


LIBRARY = {
    "Chart.yaml": _meta("lib", type="library"),
    "values.yaml": b"shade: dark\n",
    "templates/_lib.tpl": b'{{ define "lib.labels" }}app: {{ .Chart.Name }}\nof: {{ .Release.Name }}{{ end }}',
    "templates/never.yaml": _settings("library-never", a="1"),
}
GRAND = {
    "Chart.yaml": _meta("grand"),
    "values.yaml": b"size: 1\nenabled: true\nglobal: {colour: grey}\n",
    "templates/g.yaml": _settings(
        "{{ .Release.Name }}-{{ .Values.as | default .Chart.Name }}-grand",
        size="{{ .Values.size | quote }}",
        colour="{{ .Values.global.colour }}",
    ),
}
CHILD = {
    "Chart.yaml": _meta(
        "child", dependencies=[{"name": "grand", "version": "0.1.0", "condition": "grand.enabled", "tags": ["deep"]}]
    ),
    "values.yaml": b"size: 1\ndrop: me\nkeep: {a: 1, b: 2}\nexports: {shared: {fromChild: exported}}\n"
    b"inner: {deep: [1, 2]}\ngrand: {as: default}\n",
    "templates/c.yaml": _settings(
        "{{ .Release.Name }}-{{ .Chart.Name }}",
        size="{{ .Values.size | quote }}",
        drop='{{ .Values.drop | default "dropped" | quote }}',
        keep="{{ .Values.keep | toJson | quote }}",
        colour="{{ .Values.global.colour }}",
        path="{{ .Template.Name }}",
    ),
    "templates/NOTES.txt": b"nobody reads the notes of a child",
    "crds/child.yaml": b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
    b"metadata: {name: odds.GROUP.example}\nspec:\n  group: GROUP.example\n  scope: Namespaced\n"
    b"  names: {kind: Odd, plural: odds, singular: odd, listKind: OddList}\n"
    b"  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n",
    **{f"charts/grand/{path}": content for path, content in GRAND.items()},
}
TEMPLATES = {
    "all.yaml": b"""
# A comment before anything
{{- $files := .Files }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-files
  labels: {{- include "lib.labels" . | nindent 4 }}
data:
  {{- (.Files.Glob "conf/*.ini").AsConfig | nindent 2 }}
  lines: {{ range .Files.Lines "conf/lines.txt" }}{{ . }},{{ end }}
  absent: {{ .Files.Get "no/such" | quote }}
  ignored: {{ .Files.Get "secret.bak" | quote }}
  sub: {{ with .Subcharts.one }}{{ .Values.size | quote }}{{ end }}
  chart: {{ .Chart.Annotations.note | quote }} {{/* gone */}}
  helm: {{ .Release.Service }}
  text: |
    ---
    not: a document
  tpl: {{ tpl .Values.text . | quote }}
  imported: {{ .Values.fromChild | quote }}
  deep: {{ .Values.mine.deep | toJson | quote }}
---
---
# only a comment
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}-secret}
data: {{- (.Files.Glob "conf/*.ini").AsSecrets | nindent 2 }}
{{ if (lookup "v1" "ConfigMap" .Release.Namespace "no-such") }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: never}
{{ end }}
""",
    "list.yaml": b"""
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Release.Name }}-listed-a}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Release.Name }}-listed-b, labels: &same {x: y}, annotations: *same}
""",
    "one.json": json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "{{ .Release.Name }}-json"},
            "data": {"v": "{{ .Chart.AppVersion }}", "n": "{{ int64 12345678901 }}", "f": "{{ 1e3 }}"},
        }
    ).encode(),
    "crlf.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-crlf\n".replace(
        b"\n", b"\r\n"
    ),
    "hooks/many.yaml": b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-hook-a, annotations: {helm.sh/hook: "pre-install, PRE-UPGRADE"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-hook-b, annotations: {helm.sh/hook: post-install, helm.sh/hook-weight: "x"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-plain, annotations: {helm.sh/resource-policy: keep}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-no-event, annotations: {helm.sh/hook: ""}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-no-such-event, annotations: {helm.sh/hook: lunch}}
""",
    "extra.txt": b"# nothing\n",
    "NOTES.txt": b"Odd {{ .Release.Revision }} {{ .Values.global.colour }}\n",
    "_off.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: partials-are-not-rendered}\n",
}
DEPENDENCIES = [
    {"name": "lib", "version": "0.1.0"},
    {"name": "child", "alias": "one", "version": "0.1.0", "condition": "one.enabled", "import-values": ["shared"]},
    {
        "name": "child",
        "alias": "two",
        "version": "0.1.0",
        "condition": "nowhere.enabled,two.enabled",
        "import-values": [{"child": "inner", "parent": "mine"}],
    },
    {"name": "tagged", "version": "0.1.0", "tags": ["extra"]},
]
VALUES: list[dict[str, object]] = [
    {},
    {"one": {"drop": None, "keep": {"a": None}, "size": 3}, "two": {"enabled": False}, "tags": {"extra": True}},
    {"global": {"colour": "red"}, "one": {"grand": {"enabled": False}}, "two": {"grand": {"size": "9", "as": "x"}}},
    {"tags": {"deep": False, "extra": True}, "one": {"enabled": False}, "text": "{{ .Values.global.colour }}!"},
    {"one": {"grand": None}, "text": '{{ include "lib.labels" . | replace "\\n" " " }}', "mine": {"deep": ["x"]}},
]


def files(group: str) -> dict[str, bytes]:
    """The chart; its definition is of this group."""
    return {
        "Chart.yaml": _meta("odd", appVersion="2.0", annotations={"note": "a: b"}, dependencies=DEPENDENCIES),
        "values.yaml": b"global: {colour: blue}\ntext: '{{ .Release.Name }} of {{ .Chart.Name }}'\n"
        b"one: {enabled: true, size: 2}\ntwo: {enabled: true}\ntags: {extra: false}\nmine: {deep: []}\n",
        ".helmignore": b"*.bak\n",
        "secret.bak": b"hidden",
        "conf/a.ini": b"[a]\nx = 1\n",
        "conf/b.ini": b"[b]\n",
        "conf/lines.txt": b"one\ntwo",
        **{f"templates/{path}": content for path, content in TEMPLATES.items()},
        **{f"charts/lib/{path}": content for path, content in LIBRARY.items()},
        **{f"charts/child/{path}": content.replace(b"GROUP", group.encode()) for path, content in CHILD.items()},
        "charts/tagged/Chart.yaml": _meta("tagged"),
        "charts/tagged/templates/t.yaml": _settings("{{ .Release.Name }}-tagged", a="b"),
    }
