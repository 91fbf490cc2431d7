#!/usr/bin/env bash
# The Kubernetes that `helm template` of helm v3.22.0 renders for, when helm comes by `go install`, as in many a CI
# image, and not as a binary of its release.
#
# Guess: that of its client libraries, v1.37.0 of client-go v0.37.0, as a release's binary does.
# Seen: v1.20.0. A release has its version from the linker, and a module's build the default of the source. So a chart
# with kubeVersion ">=1.25.0-0" is refused, and templates that compare .Capabilities.KubeVersion take the branch of an
# old cluster, while .Capabilities.APIVersions is of today. --kube-version helps.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work go install helm.sh/helm/v3/cmd/helm@v3.22.0
export HOME=$work KUBECONFIG=$work/none
mkdir -p chart/templates
cat > chart/Chart.yaml <<'CHART'
apiVersion: v2
name: chart
version: 1.0.0
CHART
cat > chart/templates/seen.yaml <<'TEMPLATE'
kubernetes: {{ .Capabilities.KubeVersion }}
old: {{ semverCompare "<1.21-0" .Capabilities.KubeVersion.Version }}
autoscaling: {{ .Capabilities.APIVersions.Has "autoscaling/v2" }}
TEMPLATE
{
  go version -m helm | awk '$2 == "k8s.io/client-go" { print $2, $3 }'
  ./helm template chart | sed -n '/^[a-z]/p'
  ./helm template chart --kube-version 1.33.0 | sed -n '/^[a-z]/p'
  echo 'kubeVersion: ">=1.25.0-0"' >> chart/Chart.yaml
  ./helm template chart 2>&1 || true
} > seen
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
k8s.io/client-go v0.37.0
kubernetes: v1.20.0
old: true
autoscaling: true
kubernetes: v1.33.0
old: false
autoscaling: true
Error: chart requires kubeVersion: >=1.25.0-0 which is incompatible with Kubernetes v1.20.0

Use --debug flag to render out invalid YAML
WANTED
