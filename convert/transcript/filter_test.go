package transcript_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
)

func TestFilter(t *testing.T) {
	at := func(s int) time.Duration { return time.Duration(s) * time.Second }
	cmds := []transcript.Command{
		{Text: "make", Output: "all done", Start: at(1), HasExit: true},
		{Text: "make test", Output: "FAIL: one\nok", Start: at(2), HasExit: true, Exit: 2},
		{Text: "ls", Output: "Makefile", Start: at(3)},
		{Text: "true", Start: at(4), Exit: 1}, // without HasExit, Exit means nothing
	}
	for _, tt := range []struct {
		name   string
		filter transcript.Filter
		want   string
	}{
		{"zero", transcript.Filter{}, "make, make test, ls, true"},
		{"from is included", transcript.Filter{From: at(2)}, "make test, ls, true"},
		{"to is not", transcript.Filter{To: at(3)}, "make, make test"},
		{"from and to", transcript.Filter{From: at(2), To: at(3)}, "make test"},
		{"failed", transcript.Filter{Failed: true}, "make test"},
		{"text", transcript.Filter{Pattern: regexp.MustCompile("^make")}, "make, make test"},
		{"output", transcript.Filter{Pattern: regexp.MustCompile("Make|done$")}, "make, ls"},
		{"all at once", transcript.Filter{From: at(1), Failed: true, Pattern: regexp.MustCompile("done")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for i := range cmds {
				if tt.filter.Match(&cmds[i]) {
					if got != "" {
						got += ", "
					}
					got += cmds[i].Text
				}
			}
			if got != tt.want {
				t.Errorf("%+v selects %q; want %q", tt.filter, got, tt.want)
			}
		})
	}
}
