#!/usr/bin/env bash
# References of images: which image is meant, by github.com/distribution/reference v0.6.0 (Go), which kubelets have, by
# github.com/google/go-containerregistry v0.22.1 (Go), and by docker-parse-image 3.0.1 and parse-docker-image-name 3.0.0
# (npm)?
#
# Guess: the whole name is the same by all, but that the npm packages make nothing of a tag beside a digest.
# Seen: docker-parse-image puts library/ behind EVERY host, which names another image, and knows no path of three parts
# behind one; the tag beside a digest it keeps. go-containerregistry loses that tag, and calls the default host
# index.docker.io where the others call it docker.io. parse-docker-image-name gives nothing for an address in brackets.
# Who compares what runs with what was released needs one library for both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
digest=sha256:$(printf '%064d' 0)
cat > cases.json <<JSON
["foo", "registry.test/foo:1", "localhost/foo:1", "[::1]:5000/foo:1", "registry.test/a/b/foo:1",
  "registry.test/foo:1@$digest"]
JSON
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund docker-parse-image@3.0.1 parse-docker-image-name@3.0.0 > npm.log
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	bytes, err := os.ReadFile("cases.json")
	check(err)
	var cases []string
	check(json.Unmarshal(bytes, &cases))
	for _, text := range cases {
		whole, err := reference.ParseNormalizedNamed(text)
		check(err)
		registry, err := name.ParseReference(text)
		check(err)
		fmt.Printf("%s|distribution|%s\n", text, reference.TagNameOnly(whole))
		fmt.Printf("%s|go-containerregistry|%s\n", text, registry.Name())
	}
}
GO
cat > probe.mjs <<'JS'
import { createRequire } from 'module';
import parseName from 'parse-docker-image-name';
import * as imported from 'docker-parse-image';

const parseImage = imported.parse ?? imported.default;
for (const text of createRequire(import.meta.url)('./cases.json')) {
  const { domain, path, tag, digest } = parseName(text);
  const parts = [domain && `${domain}/`, path, tag && `:${tag}`, digest && `@${digest}`];
  console.log(`${text}|docker-parse-image|${parseImage(text)?.fullname ?? 'nothing'}`);
  console.log(`${text}|parse-docker-image-name|${parts.join('') || 'nothing'}`);
}
JS
cat > go.mod <<'MOD'
module probe

go 1.25

require (
	github.com/distribution/reference v0.6.0
	github.com/google/go-containerregistry v0.22.1
)
MOD
go mod tidy 2> /dev/null
go run . > all
node probe.mjs >> all
sed "s/$digest/DIGEST/g" all | sort --stable --field-separator='|' --key=1,1 | awk -F'|' '
  $1 != text { text = $1; print text }
  { print "  " $2 " " $3 }' > seen
cat seen
diff - seen <<'SEEN' || { echo 'it behaves otherwise now' >&2; exit 1; }
[::1]:5000/foo:1
  distribution [::1]:5000/foo:1
  go-containerregistry [::1]:5000/foo:1
  docker-parse-image [::1]:5000/library/foo:1
  parse-docker-image-name nothing
foo
  distribution docker.io/library/foo:latest
  go-containerregistry index.docker.io/library/foo:latest
  docker-parse-image library/foo:latest
  parse-docker-image-name foo
localhost/foo:1
  distribution localhost/foo:1
  go-containerregistry localhost/foo:1
  docker-parse-image localhost/foo:1
  parse-docker-image-name localhost/foo:1
registry.test/a/b/foo:1
  distribution registry.test/a/b/foo:1
  go-containerregistry registry.test/a/b/foo:1
  docker-parse-image nothing
  parse-docker-image-name registry.test/a/b/foo:1
registry.test/foo:1
  distribution registry.test/foo:1
  go-containerregistry registry.test/foo:1
  docker-parse-image registry.test/library/foo:1
  parse-docker-image-name registry.test/foo:1
registry.test/foo:1@DIGEST
  distribution registry.test/foo:1@DIGEST
  go-containerregistry registry.test/foo@DIGEST
  docker-parse-image registry.test/library/foo:1@DIGEST
  parse-docker-image-name registry.test/foo:1@DIGEST
SEEN
echo 'as it was'
