package transcript_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

var update = flag.Bool("update", false, "rewrite the expected commands of testdata/cases")

// TestCases reads the recordings in testdata/cases, each of a kind that was once
// read wrongly. NAME.want has a line for each command: the kind, the depth, the
// parent, the status, the confidence, the host and directory, and the text.
func TestCases(t *testing.T) {
	casts, err := filepath.Glob("testdata/cases/*.cast.gz")
	if err != nil || len(casts) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range casts {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".cast.gz"), func(t *testing.T) {
			f, err := format.OpenFile(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var got strings.Builder
			for c, err := range transcript.Commands(f.Cast, transcript.Options{REPL: true, Cancelled: true}) {
				if err != nil {
					t.Fatal(err)
				}
				status := "-"
				if c.HasExit {
					status = fmt.Sprint(c.Exit)
				}
				fmt.Fprintf(&got, "%s %d %d %s %v %s:%s %q\n", c.Kind, c.Depth, c.Parent, status, c.Confidence, c.Host, c.Dir, c.Text)
			}
			file := strings.TrimSuffix(name, ".cast.gz") + ".want"
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("commands differ (-want +got):\n%s", diff)
			}
		})
	}
}
