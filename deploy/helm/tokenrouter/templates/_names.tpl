{{- define "tokenrouter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "tokenrouter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "tokenrouter.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "tokenrouter.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "tokenrouter.selector" -}}
app.kubernetes.io/name: {{ include "tokenrouter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tokenrouter.labels" -}}
{{ include "tokenrouter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "tokenrouter.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "tokenrouter.fullname" .) .Values.serviceAccount.name }}
{{- else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "tokenrouter.secret" -}}
{{- default (include "tokenrouter.fullname" .) .Values.secrets.existing }}
{{- end }}

{{- define "tokenrouter.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- /* Whether there may be more than one pod. */}}
{{- define "tokenrouter.isMany" -}}
{{- if or (gt (int .Values.replicaCount) 1) .Values.autoscaling.enabled }}true{{ end }}
{{- end }}

{{- /* What would not work is refused before anything is changed. */}}
{{- define "tokenrouter.check" -}}
{{- if and (include "tokenrouter.isMany" .) (not .Values.secrets.existing) }}
{{- range list "TOKENROUTER_DATABASE_URL" "TOKENROUTER_REDIS_URL" }}
{{- if not (get $.Values.secrets.values .) }}
{{- fail (printf "More than one pod share a PostgreSQL and a Redis or Valkey: set secrets.values.%s, or name a Secret that has it with secrets.existing." .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
