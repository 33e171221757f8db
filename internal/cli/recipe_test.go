package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A recipe may be any file, also one that does not end.
func TestLongRecipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cuts.toml")
	for _, test := range []struct {
		bytes int
		fault string
	}{
		{maxRecipe, ""},
		{maxRecipe + 1, "cuts.toml: more than 1 MiB are no recipe"},
	} {
		text := append([]byte("cut = [\"1..2\"]\n"), bytes.Repeat([]byte("\n"), test.bytes)...)
		if err := os.WriteFile(name, text[:test.bytes], 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := readRecipe(name)
		switch {
		case test.fault == "" && (err != nil || len(r.Cut) != 1):
			t.Errorf("%d bytes: %v, %v; want one cut", test.bytes, r.Cut, err)
		case test.fault != "" && (err == nil || !strings.HasSuffix(err.Error(), test.fault)):
			t.Errorf("%d bytes: %v; want %s", test.bytes, err, test.fault)
		}
	}
}
