package vt

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus returns a folder of the corpus of recordings by others. Without a
// corpus, it skips the test.
func corpus(tb testing.TB, parts ...string) string {
	tb.Helper()
	root := os.Getenv("TTYDECK_CORPUS")
	if root == "" {
		tb.Skipf("%s is skipped: TTYDECK_CORPUS is not set", tb.Name())
	}
	dir := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(dir); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// xtermSkips lists the cases that xterm.js leaves out of its own suite, with
// our result.
var xtermSkips = map[string]struct {
	pass bool
	why  string
}{
	"t0055-EL":           {false, "in the expected text, as in xterm, EL erases the last column while a wrap is pending; here, as in xterm.js, the cursor is past it"},
	"t0084-CBT":          {false, "in the expected text, CBT wraps from the first column; no terminal does so"},
	"t0101-NLM":          {true, ""},
	"t0103-reverse_wrap": {false, "in the expected text, as in xterm, BS crosses hard line ends; here, as in xterm.js, only wraps"},
	"t0504-vim":          {false, "in the expected text, output for the alternate screen overwrites the main screen: the recording lacks the switch back"},
}

// TestXtermJSSuite runs the escape sequence suite of xterm.js.
func TestXtermJSSuite(t *testing.T) {
	dir := corpus(t, "vt", "xterm.js")
	inputs, err := filepath.Glob(filepath.Join(dir, "*.in"))
	if err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 76 {
		t.Fatalf("%d cases in %s; want 76", len(inputs), dir)
	}
	official := 0
	for _, in := range inputs {
		name := strings.TrimSuffix(filepath.Base(in), ".in")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(in, ".in") + ".text")
			if err != nil {
				t.Fatal(err)
			}
			s := New(80, 25)
			s.Write(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
			got, wanted := trimmedLines(s.Text()), trimmedLines(string(want))
			same := slices.Equal(got, wanted)
			skip, skipped := xtermSkips[name]
			switch {
			case !skipped && same:
				official++
			case !skipped:
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
			case same != skip.pass:
				t.Errorf("same = %v; want %v (%s)\ngot\n%s\nwant\n%s", same, skip.pass, skip.why,
					strings.Join(got, "\n"), strings.Join(wanted, "\n"))
			}
		})
	}
	if official != 71 {
		t.Errorf("%d official cases pass; want 71", official)
	}
}

func trimmedLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \r")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
