package transcript_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/score"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// sessions returns recordings of sessions that were driven through a
// pseudo-terminal, so their commands are known. bench/transcript has the table.
func sessions(t *testing.T) []string {
	return testcorpus.Glob(t, "../../testdata/sessions/*.cast.gz", 44)
}

// TestSessions checks the promised precision and recall.
func TestSessions(t *testing.T) {
	checkSessions(t, sessions(t), score.Variants(1)[0], 0.99, 0.98)
}

// TestSessionsMerged checks them for recorders that write ten times a second.
func TestSessionsMerged(t *testing.T) {
	for _, v := range score.Variants(1) {
		if v.Name == "merged 100 ms" {
			checkSessions(t, sessions(t), v, 0.98, 0.96)
		}
	}
}

// TestRealSessions checks them for recordings by strangers, labelled by hand.
func TestRealSessions(t *testing.T) {
	checkSessions(t, testcorpus.Files(t, "transcripts/real/*.cast", 46), score.Variants(1)[0], 0.985, 0.985)
}

func checkSessions(t *testing.T, casts []string, v score.Variant, precision, recall float64) {
	t.Helper()
	var all score.Result
	for _, cast := range casts {
		r, _, err := score.Session(cast, v, score.Options{}, func(s string) { t.Logf("%s: %s", filepath.Base(cast), s) })
		if err != nil {
			t.Fatal(err)
		}
		all.Add(r)
	}
	t.Logf("%s: %d of %d sessions perfect, precision %.3f, recall %.3f, output %d/%d", v.Name, all.Perfect, all.Sessions,
		all.Precision(), all.Recall(), all.OutputsGood, all.Outputs)
	if all.Precision() < precision || all.Recall() < recall {
		t.Errorf("%s: precision %.3f, recall %.3f; want at least %.3f, %.3f", v.Name, all.Precision(), all.Recall(), precision, recall)
	}
	if all.Outputs > 0 && float64(all.OutputsGood) < 0.99*float64(all.Outputs) {
		t.Errorf("%s: %d of %d outputs are exact; want at least 99 %%", v.Name, all.OutputsGood, all.Outputs)
	}
}

// Splitting output into more events at the same time changes nothing.
func TestSplits(t *testing.T) {
	casts := sessions(t)
	variants := score.Variants(7)[:3]
	for _, cast := range casts {
		var want []transcript.Command
		for i, v := range variants {
			got := read(t, cast, v)
			if i == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s differs (-as recorded +split):\n%s", filepath.Base(cast), v.Name, diff)
			}
		}
	}
}

func read(t *testing.T, name string, v score.Variant) []transcript.Command {
	t.Helper()
	f, err := format.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cast := f.Cast
	cast.Events = v.Apply(cast.Events)
	var cmds []transcript.Command
	for c, err := range transcript.Commands(cast, transcript.Options{REPL: true, Cancelled: true}) {
		if err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, c)
	}
	return cmds
}
