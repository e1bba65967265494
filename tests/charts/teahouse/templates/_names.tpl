{{- define "teahouse.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
{{- define "teahouse.password" -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (printf "%s-till" .Release.Name) -}}
{{- if .Values.password -}}
{{ .Values.password | b64enc }}
{{- else if $found -}}
{{ index $found.data "password" }}
{{- else -}}
{{ randAlphaNum 24 | b64enc }}
{{- end -}}
{{- end }}
