{{/* What these give is JSON: a text that ends in a line feed would lose it in YAML, as the last of a template's lines.
*/}}

{{/* The objects of a file with several, as a list. */}}
{{- define "sluice.documents" -}}
{{- $documents := list -}}
{{- range regexSplit "(?m)^---$" . -1 -}}
{{- $documents = append $documents (fromYaml .) -}}
{{- end -}}
{{- toJson $documents -}}
{{- end -}}

{{/* {secretName, key} of the mesh's kubeconfig, by its new or its old name. */}}
{{- define "sluice.mesh" -}}
{{- $new := .Values.controlplane.kubeconfig -}}
{{- $old := .Values.istio.kubeconfig -}}
{{- if and $new.secretName $old.secretName (ne $new.secretName $old.secretName) -}}
{{- fail (printf "controlplane.kubeconfig.secretName (%s) and its older name istio.kubeconfig.secretName (%s) differ: give one" $new.secretName $old.secretName) -}}
{{- end -}}
{{- $key := $new.secretName | empty | ternary ($old.key | default $new.key) $new.key -}}
{{- dict "secretName" ($new.secretName | default $old.secretName) "key" $key | toJson -}}
{{- end -}}

{{- define "sluice.hasScripts" -}}
{{- $scripts := .Values.scripts -}}
{{- if or $scripts.volume $scripts.strategies $scripts.checks $scripts.adapters.metrics $scripts.adapters.alerts -}}
true
{{- end -}}
{{- end -}}

{{/* {path in -scripts: text}. Keys of a ConfigMap have no slash. */}}
{{- define "sluice.scripts" -}}
{{- $files := dict -}}
{{- $adapters := .Values.scripts.adapters -}}
{{- range $folder, $scripts := dict "strategies" .Values.scripts.strategies "checks" .Values.scripts.checks "adapters/metrics" $adapters.metrics "adapters/alerts" $adapters.alerts -}}
{{- range $name, $text := $scripts -}}
{{- $_ := set $files (printf "%s/%s.lua" $folder $name) $text -}}
{{- end -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{/* The rules of the engine's role: those of deploy/rbac.yaml without what these values have no use for. */}}
{{- define "sluice.rules" -}}
{{- $values := .Values -}}
{{- $isMeshHere := (include "sluice.mesh" . | fromJson).secretName | empty -}}
{{- $rules := list -}}
{{- range include "sluice.documents" (.Files.Get "files/rbac.yaml") | fromJsonArray -}}
{{- range .rules -}}
{{- $isWanted := true -}}
{{- if has "networking.istio.io" .apiGroups -}}
{{- $isWanted = $isMeshHere -}}
{{- else if has "external.metrics.k8s.io" .apiGroups -}}
{{- $isWanted = $values.rbac.externalMetrics -}}
{{- else if has "metrics.keptn.sh" .apiGroups -}}
{{- $isWanted = $values.rbac.keptn -}}
{{- else if or (has "secrets" .resources) (has "configmaps" .resources) -}}
{{- $isWanted = $values.configTracking.enabled -}}
{{- end -}}
{{- if $isWanted -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $values.dashboard.enabled -}}
{{- $rules = append $rules (dict "apiGroups" (list "") "resources" (list "events") "verbs" (list "list" "watch")) -}}
{{- end -}}
{{- if and $values.rbac.secrets.read (not $values.configTracking.enabled) -}}
{{- $read := dict "apiGroups" (list "") "resources" (list "secrets") "verbs" (list "get") -}}
{{- with $values.rbac.secrets.names -}}
{{- $_ := set $read "resourceNames" . -}}
{{- end -}}
{{- $rules = append $rules $read -}}
{{- end -}}
{{- toJson $rules -}}
{{- end -}}

{{/* The policies that are wanted, as a list: those of deploy/admission.yaml, and those of deploy/verbs.yaml. Who asks for
the latter relies on them: they are never left out. */}}
{{- define "sluice.policies" -}}
{{- $policies := list -}}
{{- if include "sluice.hasAdmissionPolicies" . -}}
{{- $policies = include "sluice.documents" (.Files.Get "files/admission.yaml") | fromJsonArray -}}
{{- end -}}
{{- if .Values.admissionPolicies.verbs -}}
{{- $policies = include "sluice.documents" (.Files.Get "files/verbs.yaml") | fromJsonArray | concat $policies -}}
{{- end -}}
{{- toJson $policies -}}
{{- end -}}

{{/* Without a cluster helm knows groups but no kinds, and its version is one that helm made up: what it renders is for a
cluster that it cannot ask, and has the policies. A cluster that is too old refuses them, which is seen. */}}
{{- define "sluice.hasAdmissionPolicies" -}}
{{- $isAsked := .Capabilities.APIVersions.Has "apps/v1/Deployment" -}}
{{- $isServed := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" -}}
{{- $create := toString .Values.admissionPolicies.create -}}
{{- if or (eq $create "true") (and (eq $create "auto") (or $isServed (not $isAsked))) -}}
true
{{- end -}}
{{- end -}}
