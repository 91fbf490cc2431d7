// What BuildKit makes of Dockerfiles, by its own parser, linter and conversion: all that docker build does before it
// runs anything.
//
//	dockerfile FILE...    "FILE:LINE: RULE: what is wrong", a line each; exit status 1 where there is one
//
// No registry is asked: every base image is taken for one of which nothing is known.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/opencontainers/go-digest"
)

type anyImage struct{}

func (anyImage) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte,
	error) {
	config := []byte(`{"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers"}}`)
	return ref, digest.FromBytes(config), config, nil
}

// How many faults it told of.
func look(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	count := 0
	tell := func(rule, message string, location []parser.Range) {
		line := 0
		if len(location) > 0 {
			line = location[0].Start.Line
		}
		fmt.Printf("%s:%d: %s: %s\n", path, line, rule, message)
		count++
	}
	warn := func(rule, _, _, message string, location []parser.Range) { tell(rule, message, location) }
	options := dockerfile2llb.ConvertOpt{MetaResolver: anyImage{}, Warn: warn}
	if _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), text, options); err != nil {
		tell("Error", err.Error(), nil)
	}
	return count
}

func main() {
	count := 0
	for _, path := range os.Args[1:] {
		count += look(path)
	}
	if count > 0 {
		os.Exit(1)
	}
}
