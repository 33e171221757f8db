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

// layers lists, for each folder, the other folders of this module that it may
// import. A row covers every folder below it that has no row of its own. The
// table matches the one in ARCHITECTURE.md.
var layers = map[string][]string{
	"":         {},
	"format":   {},
	"vt":       {},
	"internal": {},
	"place":    {"format", "vt", "screen"},
	"edit":     {"format", "vt", "screen", "place", "render", "internal"},
	"screen":   {"format", "vt"},
	"record":   {"format", "vt", "screen", "internal", "internal/query"},
	"render":   {"format", "vt", "screen", "internal"},
	"replay":   {"format", "place", "vt", "screen", "internal"},
	"play":     {"format", "edit", "place", "vt", "screen", "replay", "render", "internal"},
	"convert":  {"format", "edit", "place", "vt", "screen", "render", "internal"},
	"session":  {"format", "record", "live", "internal"},
	"live":     {"format", "vt", "screen", "record", "internal"},
	"bench":    {"format", "edit", "vt", "screen", "convert", "render", "internal", "internal/score", "internal/testcast"},
	"cmd":      {"internal/cli"},

	"internal/cli":   {"format", "vt", "screen", "place", "edit", "record", "replay", "render", "play", "convert", "live", "live/attach", "session", "internal"},
	"internal/query": {"format", "vt"},
	"internal/score": {"format", "convert"},
	"live/attach":    {"format", "vt", "screen", "record", "render", "live", "internal", "internal/query"},

	"internal/testcast": {"format"},
}

// testOnly lists what the tests of any folder may import as well.
var testOnly = []string{"internal", "internal/testcast", "format", "vt"}

// testsOf lists what the tests of one folder may import as well: convert scores
// transcripts of sessions that our recorder made, in a terminal that answers; bench
// measures everything that users wait for.
var testsOf = map[string][]string{"convert": {"record", "internal/score", "internal/query"}, "bench": {"record", "live"}, "live": {"screen"}}

// Only internal/cli may import cliLibrary.
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
		// Read imports in-process: os.ReadDir inside the module is tracked, so
		// a forbidden import invalidates the cached result. A test that ran `go
		// list` stayed cached.
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
			t.Errorf("%s has no row in the table of layers", dir)
			return nil
		}
		check := func(imports, allowed []string) {
			for _, imp := range imports {
				if strings.HasPrefix(imp, cliLibrary) && layer != "internal/cli" {
					t.Errorf("%s imports %s, which only internal/cli may import", dir, imp)
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
		t.Errorf("checked %d packages; want the whole tree", packages)
	}
}

// layerOf returns the row for dir: the longest prefix of dir that has a row, or
// the first element of dir if none has.
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

// Only tests import the modules listed in go.mod under "Only tests import
// these".
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
		t.Fatal("go.mod has no block of modules for tests only")
	}
	err = filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		pkg, err := build.ImportDir(dir, 0)
		if err != nil {
			return nil // not a package
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
