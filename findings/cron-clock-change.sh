#!/usr/bin/env bash
# A job at 02:30 every day in Europe/Berlin, on the two nights of 2026 in which the clocks change, by four cron
# libraries: croniter 7.0.0 and cronsim 2.8 (PyPI), cron-parser 5.10.6 (npm), github.com/robfig/cron/v3 v3.0.1 (Go; a
# dependency of Kubernetes' CronJob controller).
#
# Guess: in March all move to 03:30 or leave the night out; in October all run once, in the first of the two hours.
# Seen: in March three different answers (03:00, 03:30, no run at all that day); in October croniter and robfig/cron run
# the daily job twice, an hour apart.
# For calendars of rollouts: name what happens in the hour that is missing and in the one that comes twice, and test
# both.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 tzdata
cat > runs.py <<'PY'
from datetime import datetime
from zoneinfo import ZoneInfo
from croniter import croniter
from cronsim import CronSim

berlin = ZoneInfo('Europe/Berlin')
for start in (datetime(2026, 3, 28, 12, tzinfo=berlin), datetime(2026, 10, 24, 12, tzinfo=berlin)):
    iterator = croniter('30 2 * * *', start)
    print('croniter', *(iterator.get_next(datetime).isoformat() for _ in range(2)))
    iterator = CronSim('30 2 * * *', start)
    print('cronsim', *(next(iterator).isoformat() for _ in range(2)))
PY
mkdir node go
(cd node && npm init --yes > /dev/null && npm install --silent --no-audit --no-fund cron-parser@5.10.6 > /dev/null)
cat > node/runs.mjs <<'JS'
import { CronExpressionParser } from 'cron-parser';
for (const currentDate of ['2026-03-28T12:00:00+01:00', '2026-10-24T12:00:00+02:00']) {
  const runs = CronExpressionParser.parse('30 2 * * *', { currentDate, tz: 'Europe/Berlin' });
  console.log('cron-parser', runs.next().toDate().toISOString(), runs.next().toDate().toISOString());
}
JS
cat > go/main.go <<'GO'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	schedule, err := cron.ParseStandard("30 2 * * *")
	if err != nil {
		panic(err)
	}
	for _, start := range []time.Time{time.Date(2026, 3, 28, 12, 0, 0, 0, berlin),
		time.Date(2026, 10, 24, 12, 0, 0, 0, berlin)} {
		first := schedule.Next(start)
		fmt.Println("robfig/cron", first.Format(time.RFC3339), schedule.Next(first).Format(time.RFC3339))
	}
}
GO
(cd go && go mod init clock > /dev/null 2>&1 &&
  GOFLAGS=-mod=mod go get github.com/robfig/cron/v3@v3.0.1 > /dev/null 2>&1)
{ venv/bin/python runs.py; node node/runs.mjs; (cd go && GOFLAGS=-mod=mod go run .); } | tee seen
diff - seen <<'WANTED' || { echo 'it behaves otherwise now' >&2; exit 1; }
croniter 2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00
cronsim 2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00
croniter 2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00
cronsim 2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00
cron-parser 2026-03-29T01:30:00.000Z 2026-03-30T00:30:00.000Z
cron-parser 2026-10-25T00:30:00.000Z 2026-10-26T01:30:00.000Z
robfig/cron 2026-03-30T02:30:00+02:00 2026-03-31T02:30:00+02:00
robfig/cron 2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00
WANTED
