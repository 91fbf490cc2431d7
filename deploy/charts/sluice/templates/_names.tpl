{{/* What both charts share: names, labels, the image, the notes. Names end at 63 characters, as labels do. They are
quoted wherever they are used: 123, on and null are names, too, and YAML reads another type. */}}

{{- define "sluice.short" -}}
{{- . | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.name" -}}
{{- include "sluice.short" (.Values.nameOverride | default .Chart.Name) -}}
{{- end -}}

{{- define "sluice.fullname" -}}
{{- $name := include "sluice.name" . -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- include "sluice.short" (.Values.fullnameOverride | default $both) -}}
{{- end -}}

{{/* Texts of affinities that were copied from the values of Flagger's chart say these two. */}}
{{- define "flagger.name" -}}{{ include "sluice.name" . }}{{- end -}}
{{- define "flagger.fullname" -}}{{ include "sluice.fullname" . }}{{- end -}}

{{- define "sluice.account" -}}
{{- $usual := .Values.serviceAccount.create | ternary (include "sluice.fullname" .) "default" -}}
{{- .Values.serviceAccount.name | default $usual -}}
{{- end -}}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: {{ include "sluice.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "sluice.image" -}}
{{- $image := .Values.image -}}
{{- if has (base $image.repository) (list "flagger" "flagger-loadtester") -}}
{{- fail (printf "image.repository: %s is Flagger's image: leave image out of your values, or name one that is built from deploy/" $image.repository) -}}
{{- end -}}
{{- $image.digest | empty | ternary (printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion)) (printf "%s@%s" $image.repository $image.digest) -}}
{{- end -}}

{{/* Flagger's tag, or that of an older version, in values that were kept. */}}
{{- define "sluice.tagNote" -}}
{{- $image := .Values.image -}}
{{- if and $image.tag (empty $image.digest) (ne (toString $image.tag) .Chart.AppVersion) }}

image.tag is {{ $image.tag }}, and this chart is that of Sluice {{ .Chart.AppVersion }}: leave it out, unless your image of this version is called so.
{{- end }}
{{- end -}}

{{/* Labels as they are given by --set, where 2 is a number; those of a file are floats, which print as 1e+06. */}}
{{- define "sluice.texts" -}}
{{- $texts := dict -}}
{{- range $key, $value := . -}}
{{- $_ := set $texts $key (kindIs "float64" $value | ternary (toJson $value) (toString $value)) -}}
{{- end -}}
{{- toYaml $texts -}}
{{- end -}}

{{/* (list LABELS SELECTOR): podLabels, which may not say what the Deployment finds its Pods by. */}}
{{- define "sluice.podLabels" -}}
{{- $labels := first . -}}
{{- range $key, $_ := last . -}}
{{- if hasKey $labels $key -}}
{{- fail (printf "podLabels: %s is of the chart, which finds its Pods by it: leave it out" $key) -}}
{{- end -}}
{{- end -}}
{{- include "sluice.texts" $labels -}}
{{- end -}}

{{/* What was given and has no meaning, by files/idle.yaml. */}}
{{- define "sluice.idleNotes" -}}
{{- $values := .Values -}}
{{- range .Files.Get "files/idle.yaml" | fromYamlArray }}
{{- $given := $values }}
{{- range splitList "." .value }}
{{- $given = index ($given | default dict) . }}
{{- end }}
{{- if not (eq (.usual | default false) ($given | empty | not)) }}

{{ .value }} has no meaning here: {{ .why }}.
{{- end }}
{{- end }}
{{- end -}}
