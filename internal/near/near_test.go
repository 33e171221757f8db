package near

import (
	"strings"
	"testing"
)

func TestEdits(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"nord", "nord", 0}, {"", "nord", 4}, {"drakula", "dracula", 1}, {"nrod", "nord", 2},
		{"gruvbox", "gruvboxdark", 4}, {strings.Repeat("x", 101), "x", 100},
	} {
		for _, got := range []int{Edits(test.a, test.b), Edits(test.b, test.a)} {
			if got != test.want {
				t.Errorf("Edits(%.10q, %q) = %d; want %d", test.a, test.b, got, test.want)
			}
		}
	}
}
