#!/usr/bin/env bash
# Texts of durations, as manifests have them, read by parse-duration 2.1.9 and ms 2.1.3 (npm) and by durationpy 0.11
# (PyPI, which the Kubernetes client for Python brings along).
#
# Guess: parse-duration reads 1M as a month, 1h-30m as half an hour, 1,5h as an hour and a half; durationpy refuses what
# Go refuses: 1d and 1h-30m.
# Seen: 1M is a minute in both npm packages; the minus within 1h-30m is passed over in both languages (an hour and a
# half); 1,5h is FIFTEEN hours; durationpy takes 1d, 1w and 1y, which Go's time.ParseDuration refuses, and with it every
# field of an object that is read by it. A wait read by such a library may be ten times as long as the page says.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check durationpy==0.11
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund parse-duration@2.1.9 ms@2.1.3 > /dev/null
cat > read.mjs <<'JS'
import ms from 'ms';
import parse from 'parse-duration';
for (const text of ['1M', '1h-30m', '1,5h', 'PT5M']) {
  console.log(`parse-duration ${text} ${parse(text) / 60000} min`);
}
console.log(`ms 1M ${ms('1M') / 60000} min`);
JS
{
  node read.mjs
  venv/bin/python - <<'PY'
import durationpy

for text in ('1h-30m', '1d', '1w', '1y'):
    print(f'durationpy {text} {durationpy.from_str(text).total_seconds() / 60:g} min')
PY
} | tee seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
parse-duration 1M 1 min
parse-duration 1h-30m 90 min
parse-duration 1,5h 900 min
parse-duration PT5M 5 min
ms 1M 1 min
durationpy 1h-30m 90 min
durationpy 1d 1440 min
durationpy 1w 10080 min
durationpy 1y 525600 min
WANTED
