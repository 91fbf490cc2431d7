{{/* Flagger's chart selects by this label, so an installation of it can be upgraded to this one. */}}
{{- define "loadtester.selector" -}}
app: {{ include "sluice.name" . | quote }}
{{- end -}}

{{/* The ServiceAccount; empty: none, and no token. */}}
{{- define "loadtester.account" -}}
{{- .Values.serviceAccountName | default (.Values.rbac.create | ternary (include "sluice.fullname" .) "") -}}
{{- end -}}

{{/* Values that are not given leave the flag to its default. A number of a file is a float, which prints as 1e+06. */}}
{{- define "loadtester.arguments" -}}
{{- $cmd := .Values.cmd -}}
{{- $limits := .Values.limits -}}
{{- if has "hey" ($cmd.allow | default list) -}}
{{- fail "cmd.allow: hey: its command lines are played without the program; leave it out" -}}
{{- end -}}
{{- $arguments := list "-port=8080" (printf "-log-level=%s" .Values.logLevel) -}}
{{- $flags := list
  (list "timeout" $cmd.timeout)
  (list "namespace-regexp" $cmd.namespaceRegexp)
  (list "allow-commands" ($cmd.allow | join ","))
  (list "command-env" ($cmd.environment | join ","))
  (list "max-rate" (int64 $limits.rate))
  (list "max-load-rate" (int64 $limits.loadRate))
  (list "max-workers" (int64 $limits.workers))
  (list "max-tasks" (int64 $limits.tasks))
  (list "command-processes" (int64 $limits.processes)) -}}
{{- range $flags -}}
{{- if last . -}}
{{- $arguments = append $arguments (printf "-%s=%v" (first .) (last .)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $arguments -}}
{{- end -}}
