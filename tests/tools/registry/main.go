// A registry of OCI artifacts on loopback, and what people do with one, by the code of crane.
//
//	registry serve ADDRESS           until it is ended
//	registry push ARCHIVE REFERENCE  an OCI archive (a tar of a layout); prints its digest
//	registry pull REFERENCE          prints {"user": …, "entrypoint": …, "ports": …, "digest": …, "files": […]} of an
//	                                 image whose every blob is what its digest says
package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func reference(text string) name.Reference {
	ref, err := name.ParseReference(text, name.Insecure)
	check(err, text)
	return ref
}

// Unpacks an archive into a folder.
func unpack(path, folder string) {
	file, err := os.Open(path)
	check(err, path)
	defer file.Close()
	archive := tar.NewReader(file)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		check(err, path)
		if header.Typeflag != tar.TypeReg || !filepath.IsLocal(header.Name) {
			continue
		}
		to := filepath.Join(folder, header.Name)
		check(os.MkdirAll(filepath.Dir(to), 0o755), to)
		content, err := io.ReadAll(archive)
		check(err, path)
		check(os.WriteFile(to, content, 0o644), to)
	}
}

func push(path, ref string) {
	folder, err := os.MkdirTemp("", "layout")
	check(err, "a folder")
	defer os.RemoveAll(folder)
	unpack(path, folder)
	index, err := layout.ImageIndexFromPath(folder)
	check(err, path)
	manifest, err := index.IndexManifest()
	check(err, path)
	if len(manifest.Manifests) != 1 {
		check(fmt.Errorf("%d manifests, not one", len(manifest.Manifests)), path)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	check(err, path)
	check(validate.Image(image), path)
	check(remote.Write(reference(ref), image), ref)
	fmt.Println(manifest.Manifests[0].Digest)
}

func files(image v1.Image) []string {
	content := mutate.Extract(image)
	defer content.Close()
	found := []string{}
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(found)
			return found
		}
		check(err, "the files")
		found = append(found, strings.TrimSuffix(header.Name, "/"))
	}
}

func pull(ref string) {
	image, err := remote.Image(reference(ref))
	check(err, ref)
	check(validate.Image(image), ref)
	config, err := image.ConfigFile()
	check(err, ref)
	digest, err := image.Digest()
	check(err, ref)
	text, err := json.Marshal(map[string]any{"user": config.Config.User, "entrypoint": config.Config.Entrypoint,
		"ports": config.Config.ExposedPorts, "architecture": config.Architecture, "digest": digest.String(),
		"labels": config.Config.Labels, "files": files(image)})
	check(err, ref)
	fmt.Println(string(text))
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		quiet := registry.Logger(log.New(io.Discard, "", 0))
		check(http.ListenAndServe(os.Args[2], registry.New(quiet)), os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "push":
		push(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "pull":
		pull(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: registry serve ADDRESS | push ARCHIVE REFERENCE | pull REFERENCE")
		os.Exit(2)
	}
}
