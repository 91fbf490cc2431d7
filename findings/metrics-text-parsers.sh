#!/usr/bin/env bash
# The text format of Prometheus, by four readers: prometheus/common 0.67.1 (Go), prometheus_client 0.23.1 (Python),
# parse-prometheus-text-format 1.1.1 (npm) and prometheus-parse 0.2.5 (a crate).
#
# Guess: all four read the same samples out of whatever the format allows: blanks before the braces, empty braces, a
# brace or a comma in a label's value, a name with colons, a comment by tabs.
# Seen: the crate drops, and does not say so, a sample with a blank before its braces, with empty braces, with a brace
# in a value and with a colon in its name, as recording rules have it; a comma in a value begins another label for it.
# Python gives a counter another name (visits_total for visits), and npm takes a comment by tabs for a sample. A test of
# an exporter that asserts by one of these asserts something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > cases.json <<'JSON'
[
  ["plain", "m{a=\"b\"} 1\n"],
  ["blank", "m {a=\"b\"} 1\n"],
  ["empty braces", "m{} 1\n"],
  ["brace", "m{a=\"x}y\"} 1\n"],
  ["comma", "m{a=\"x,y=z\"} 1\n"],
  ["colons", "job:m:sum 1\n"],
  ["counter", "# TYPE visits counter\nvisits 1\n"],
  ["tabs", "#\tTYPE\tm\tgauge\nm 1\n"]
]
JSON
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	bytes, err := os.ReadFile("cases.json")
	var cases [][2]string
	if err == nil {
		err = json.Unmarshal(bytes, &cases)
	}
	if err != nil {
		panic(err)
	}
	for _, each := range cases {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(each[1]))
		told := []string{}
		for name, family := range families {
			for _, metric := range family.Metric {
				for _, label := range metric.Label {
					name += " " + label.GetName() + "=" + label.GetValue()
				}
			}
			told = append(told, name)
		}
		if err != nil {
			told = []string{"error"}
		}
		fmt.Printf("%s | %s.\n", each[0], strings.Join(told, "; "))
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require github.com/prometheus/common v0.67.1
MOD
cat > probe.py <<'PY'
import json

from prometheus_client.parser import text_string_to_metric_families

for name, text in json.load(open('cases.json')):
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    told = [' '.join([sample.name, *(f'{key}={value}' for key, value in sample.labels.items())]) for sample in samples]
    print(name, '|', '; '.join(told) + '.')
PY
cat > probe.js <<'JS'
const parse = require('parse-prometheus-text-format');
for (const [name, text] of require('./cases.json')) {
  const told = parse(text).flatMap((family) => family.metrics.map((metric) =>
    [family.name, ...Object.entries(metric.labels ?? {}).map((label) => label.join('='))].join(' ')));
  console.log(name, '|', told.join('; ') + '.');
}
JS
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"

[dependencies]
prometheus-parse = "=0.2.5"
serde_json = "=1.0.140"
TOML
cat > src/main.rs <<'RS'
fn main() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(&std::fs::read_to_string("cases.json").unwrap()).unwrap();
    for (name, text) in cases {
        let scrape = prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
        let told: Vec<String> = scrape.samples.iter().map(|sample| {
            let mut labels: Vec<String> = sample.labels.iter().map(|(key, value)| format!(" {key}={value}")).collect();
            labels.sort();
            format!("{}{}", sample.metric, labels.concat())
        }).collect();
        println!("{name} | {}.", told.join("; "));
    }
}
RS
go mod tidy 2> /dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prometheus_client==0.23.1
npm install --silent --no-audit --no-fund parse-prometheus-text-format@1.1.1 > npm.log 2>&1
go run . > go.seen
venv/bin/python probe.py > python.seen
node probe.js > npm.seen
cargo run --quiet > crate.seen
{
  cat go.seen
  for reader in python npm crate; do # what each of them has otherwise
    echo "$reader:"
    { diff go.seen "$reader.seen" || true; } | sed -n 's/^> //p'
  done
} > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
plain | m a=b.
blank | m a=b.
empty braces | m.
brace | m a=x}y.
comma | m a=x,y=z.
colons | job:m:sum.
counter | visits.
tabs | m.
python:
counter | visits_total.
npm:
tabs | #; m.
crate:
blank | .
empty braces | .
brace | .
comma | m a=x y=z.
colons | .
SEEN
echo 'as it was'
