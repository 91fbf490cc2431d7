#!/usr/bin/env bash
# Texts that other languages' libraries write into manifests, as sigs.k8s.io/yaml 1.6.0 (every Kubernetes client in Go)
# reads them: PyYAML 6.0.4 and ruamel.yaml 0.19.1 (PyPI), js-yaml 5.5.0 and yaml 2.9.1 (npm), serde_yaml 0.9.34 (a
# crate), lyaml 6.2.8 (Debian's lua-yaml 6.2.8-2, with lua5.1 5.1.5-9).
#
# Guess: PyYAML forgets the quotes of 0o10 and of numbers without a point, js-yaml and serde_yaml write what YAML 1.1
# and 1.2 both take for a text; yaml, which is of YAML 1.2, forgets those of on and 1_0.
# Seen: none of them is safe. PyYAML writes y, 08 and .5e3 bare, too, serde_yaml and ruamel.yaml y and on; js-yaml, the
# best of them, 0_8. A value of a label or an annotation, a commit 685e230 or a variable "on", comes to the API server
# as a number or a boolean: it is refused, or, where any value is taken, it is another one.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
printf '%s\n' y on 685e230 0.1e1 .5e3 08 0o10 0b11 1_0 0_8 1e3_0 1:30 > texts
apt-get download -q lua5.1=5.1.5-9 liblua5.1-0=5.1.5-9 lua-yaml=6.2.8-2 libyaml-0-2=0.2.5-1 > apt.log 2>&1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4 ruamel.yaml==0.19.1
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund js-yaml@5.5.0 yaml@2.9.1 > npm.log
cat > write.py <<'PY'
import yaml
import ruamel.yaml

texts = open('texts').read().split()
yaml.safe_dump(texts, open('PyYAML.out', 'w'))
ruamel.yaml.YAML().dump(texts, open('ruamel.yaml.out', 'w'))
PY
cat > write.mjs <<'JS'
import { readFileSync, writeFileSync } from 'fs';
import { dump } from 'js-yaml';
import { stringify } from 'yaml';

const texts = readFileSync('texts', 'utf8').trim().split('\n');
writeFileSync('js-yaml.out', dump(texts));
writeFileSync('yaml.out', stringify(texts));
JS
cat > write.lua <<'LUA'
local texts = {}
for text in io.lines 'texts' do
  texts[#texts + 1] = text
end
io.open('lyaml.out', 'w'):write(require('lyaml').dump { texts })
LUA
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"

[dependencies]
serde_yaml = "=0.9.34"
TOML
cat > src/main.rs <<'RS'
fn main() {
    let all = std::fs::read_to_string("texts").unwrap();
    let texts: Vec<&str> = all.lines().collect();
    std::fs::write("serde_yaml.out", serde_yaml::to_string(&texts).unwrap()).unwrap();
}
RS
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	all, err := os.ReadFile("texts")
	if err != nil {
		panic(err)
	}
	texts := strings.Fields(string(all))
	for _, writer := range os.Args[1:] {
		written, err := os.ReadFile(writer + ".out")
		var read []any
		if err == nil {
			err = yaml.Unmarshal(written, &read)
		}
		if err != nil || len(read) != len(texts) {
			panic(fmt.Sprint(writer, err))
		}
		fmt.Print(writer)
		for i, text := range texts {
			if read[i] != text {
				fmt.Printf(" | %s: %v", text, read[i])
			}
		}
		fmt.Println()
	}
}
GO
cat > go.mod <<'MOD'
module probe

go 1.24

require sigs.k8s.io/yaml v1.6.0
MOD
venv/bin/python write.py
node write.mjs
LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu LUA_CPATH=root/usr/lib/x86_64-linux-gnu/lua/5.1/?.so \
  LUA_PATH='root/usr/share/lua/5.1/?.lua;root/usr/share/lua/5.1/?/init.lua' root/usr/bin/lua5.1 write.lua
cargo run --quiet
go mod tidy 2> /dev/null
go run . PyYAML ruamel.yaml js-yaml yaml serde_yaml lyaml > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
PyYAML | y: true | 685e230: 6.85e+232 | 0.1e1: 1 | .5e3: 500 | 08: 8 | 0o10: 8 | 0_8: 8 | 1e3_0: 1e+30
ruamel.yaml | y: true | on: true | .5e3: 500 | 1e3_0: 1e+30
js-yaml | 0_8: 8 | 1e3_0: 1e+30
yaml | y: true | on: true | 0b11: 3 | 1_0: 10 | 0_8: 8 | 1e3_0: 1e+30
serde_yaml | y: true | on: true | 1_0: 10 | 0_8: 8 | 1e3_0: 1e+30
lyaml | y: true | 0o10: 8
SEEN
echo 'as it was'
