package ttydeck

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ttydeck/ttydeck"

// layers says which of our folders each folder may import; a folder stands
// for everything below it that has no row of its own. It is the table of
// ARCHITECTURE.md, held against the imports.
var layers = map[string][]string{
	"":         {},
	"format":   {},
	"vt":       {},
	"internal": {},
	"edit":     {"format", "vt"},
	"record":   {"format", "vt", "internal"},
	"play":     {"format", "edit", "vt", "internal"},
	"convert":  {"format", "edit", "vt", "internal"},
	"live":     {"format", "vt", "record", "internal"},
	"bench":    {"format", "edit", "vt", "convert", "internal", "internal/score"},
	"cmd":      {"internal/cli"},

	"internal/cli":   {"format", "vt", "edit", "record", "play", "convert", "live", "internal"},
	"internal/score": {"format", "convert"},
}

// testOnly says what a folder's tests may import besides.
var testOnly = []string{"internal", "format", "vt"}

// testsOf says what one folder's tests may import besides: transcripts are read
// from sessions that our recorder makes, and scored; bench measures all that users
// wait for.
var testsOf = map[string][]string{"convert": {"record", "internal/score"}, "bench": {"record", "live"}}

// cliLibrary may be imported by internal/cli alone.
const cliLibrary = "github.com/urfave/cli"

func TestLayers(t *testing.T) {
	packages := 0
	err := filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); dir != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		// In-process: a test that runs `go list` stays cached after a
		// forbidden import, this one does not, because os.ReadDir of the
		// test's own module is tracked.
		if _, err := os.ReadDir(dir); err != nil {
			return err
		}
		pkg, err := build.ImportDir(dir, 0)
		if _, ok := err.(*build.NoGoError); ok {
			return nil
		} else if err != nil {
			return err
		}
		packages++
		layer := layerOf(filepath.ToSlash(dir))
		allowed, ok := layers[layer]
		if !ok {
			t.Errorf("%s: no row in the table of layers", dir)
			return nil
		}
		check := func(imports, allowed []string) {
			for _, imp := range imports {
				if strings.HasPrefix(imp, cliLibrary) && layer != "internal/cli" {
					t.Errorf("%s imports %s; only internal/cli may", dir, imp)
				}
				ours, ok := strings.CutPrefix(imp, module+"/")
				if !ok {
					continue
				}
				if to := layerOf(ours); to != layer && !slices.Contains(allowed, to) {
					t.Errorf("%s imports %s; %q may import %q", dir, imp, layer, allowed)
				}
			}
		}
		check(pkg.Imports, allowed)
		inTests := slices.Concat(allowed, testOnly, testsOf[layer])
		check(pkg.TestImports, inTests)
		check(pkg.XTestImports, inTests)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if packages < 2 {
		t.Errorf("looked at %d packages; want the whole tree", packages)
	}
}

// layerOf returns the row of the table that dir falls under: the longest
// prefix that has one, else its first element.
func layerOf(dir string) string {
	if dir == "." {
		return ""
	}
	for d := dir; d != "."; d = filepath.ToSlash(filepath.Dir(d)) {
		if _, ok := layers[d]; ok {
			return d
		}
	}
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// Modules that stand in go.mod under "Only tests import these" are imported by
// tests alone.
func TestTestOnlyModules(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "// Only tests import these.\nrequire (\n")
	block, _, _ = strings.Cut(block, ")")
	var modules []string
	for line := range strings.Lines(block) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		modules = append(modules, name)
	}
	if len(modules) == 0 {
		t.Fatal("go.mod has no block of modules that only tests import")
	}
	err = filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		pkg, err := build.ImportDir(dir, 0)
		if err != nil {
			return nil // no package
		}
		for _, imp := range pkg.Imports {
			for _, m := range modules {
				if imp == m || strings.HasPrefix(imp, m+"/") {
					t.Errorf("%s imports %s outside its tests", dir, imp)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
