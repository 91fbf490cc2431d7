{{/* The engine's command line and what it finds in its folders. Values that are not given leave the flag to its default.
*/}}

{{- define "sluice.meshFolder" -}}/etc/sluice/mesh{{- end -}}
{{- define "sluice.scriptsFolder" -}}/etc/sluice/scripts{{- end -}}

{{- define "sluice.arguments" -}}
{{- $values := .Values -}}
{{- $mesh := include "sluice.mesh" . | fromJson -}}
{{- $arguments := list (printf "-log-level=%s" $values.logLevel) -}}
{{- $flags := list
  (list "mesh-provider" $values.meshProvider)
  (list "metrics-server" $values.metricsServer)
  (list "selector-labels" $values.selectorLabels)
  (list "include-label-prefix" $values.includeLabelPrefix)
  (list "namespace" $values.namespace)
  (list "leader-election-namespace" ($values.namespace | empty | ternary .Release.Namespace ""))
  (list "enable-config-tracking" ($values.configTracking.enabled | ternary "" "false"))
  (list "no-cross-namespace-refs" ($values.noCrossNamespaceRefs | ternary "true" ""))
  (list "kubeconfig-service-mesh" ($mesh.secretName | empty | ternary "" (printf "%s/%s" (include "sluice.meshFolder" .) $mesh.key)))
  (list "scripts" (include "sluice.hasScripts" . | empty | ternary "" (include "sluice.scriptsFolder" .)))
  (list "cluster-name" $values.clusterName)
  (list "event-webhook" $values.eventWebhook)
  (list "slack-url" $values.slack.url)
  (list "slack-proxy-url" $values.slack.proxyUrl)
  (list "slack-user" $values.slack.user)
  (list "slack-channel" $values.slack.channel)
  (list "msteams-url" $values.msteams.url)
  (list "msteams-proxy-url" $values.msteams.proxyUrl) -}}
{{- with $values.dashboard -}}
{{- if .enabled -}}
{{- if eq (int .port) 8080 -}}
{{- fail "dashboard.port: 8080 is the port of metrics and probes: give another, such as 8090" -}}
{{- end -}}
{{- $flags = concat $flags (list (list "dashboard" .port) (list "dashboard-hosts" (.hosts | join ",")) (list "dashboard-prefix" .prefix)) -}}
{{- end -}}
{{- end -}}
{{- range $flags -}}
{{- if last . -}}
{{- $arguments = append $arguments (printf "-%s=%v" (first .) (last .)) -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $arguments ($values.extraArgs | default list)) -}}
{{- end -}}

{{- define "sluice.volumes" -}}
{{- $volumes := list -}}
{{- with (include "sluice.mesh" . | fromJson).secretName -}}
{{- $volumes = append $volumes (dict "name" "mesh" "secret" (dict "secretName" .)) -}}
{{- end -}}
{{- if .Values.scripts.volume -}}
{{- $volumes = append $volumes (merge (dict "name" "scripts") .Values.scripts.volume) -}}
{{- else if include "sluice.hasScripts" . -}}
{{- $items := list -}}
{{- range $path, $_ := include "sluice.scripts" . | fromJson -}}
{{- $items = append $items (dict "key" (replace "/" "." $path) "path" $path) -}}
{{- end -}}
{{- $configMap := dict "name" (printf "%s-scripts" (include "sluice.fullname" .)) "items" $items -}}
{{- $volumes = append $volumes (dict "name" "scripts" "configMap" $configMap) -}}
{{- end -}}
{{- toJson (concat $volumes (.Values.additionalVolumes | default list)) -}}
{{- end -}}

{{- define "sluice.mounts" -}}
{{- $mounts := list -}}
{{- if (include "sluice.mesh" . | fromJson).secretName -}}
{{- $mounts = append $mounts (dict "name" "mesh" "mountPath" (include "sluice.meshFolder" .) "readOnly" true) -}}
{{- end -}}
{{- if include "sluice.hasScripts" . -}}
{{- $mounts = append $mounts (dict "name" "scripts" "mountPath" (include "sluice.scriptsFolder" .) "readOnly" true) -}}
{{- end -}}
{{- toJson (concat $mounts (.Values.additionalVolumeMounts | default list)) -}}
{{- end -}}
