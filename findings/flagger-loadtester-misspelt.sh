#!/usr/bin/env bash
# What Flagger's load tester 1.44.0 answers to a hook of type bash whose command is misspelt.
#
# Guess: 400, "cmd not found in metadata", as it says to type cmd.
# Seen: 200, as to a command that ran well. An acceptance test (pre-rollout) that has "command" or "Cmd" in its metadata
# passes for ever, and nobody is told. Without a type, "cmd" runs in the background: 202, whatever comes of it. Sluice's
# load tester answers 400 there (docs/load.md).
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work"
GOBIN=$work go install github.com/fluxcd/flagger/cmd/loadtester@v1.44.0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
./loadtester -port "$port" 2> log & server=$!
curl --silent --output healthy --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/healthz"
ask() {
  printf '%s | ' "$1"
  curl --silent --output body --write-out '%{http_code}\n' "http://127.0.0.1:$port/" \
    --data "{\"name\": \"podinfo\", \"namespace\": \"test\", \"phase\": \"Progressing\", \"metadata\": $1}"
}
{
  ask '{"type": "bash", "cmd": "true"}'
  ask '{"type": "bash", "cmd": "false"}'
  ask '{"type": "bash", "command": "false"}'
  ask '{"type": "bash", "Cmd": "false"}'
  ask '{"type": "bash"}'
  ask '{"cmd": "false"}'
  ask '{"command": "false"}'
} > seen
cat seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
{"type": "bash", "cmd": "true"} | 200
{"type": "bash", "cmd": "false"} | 500
{"type": "bash", "command": "false"} | 200
{"type": "bash", "Cmd": "false"} | 200
{"type": "bash"} | 200
{"cmd": "false"} | 202
{"command": "false"} | 400
WANTED
