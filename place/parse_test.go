package place_test

import (
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/place"
)

// spellings are places, and how String spells them; "" stands for the same.
var spellings = map[string]string{
	"0": "", "12.5": "", "1:20": "", "80": "1:20", "1m30s": "1:30", "1:02:03.5": "", "250ms": "0.25", "0.123456789": "",
	"90:00": "1:30:00", "2h": "2:00:00",
	"start": "", "end": "", "end-3": "", "end-1:20": "", "end-1m30s": "end-1:30", "end-0": "end",
	"50%": "", "12.5%": "", "100%": "", "0%": "",
	"marker:intro": "", `marker:"a..b"`: "", `marker:"it \"works\" \\ @ x=1"`: "", "marker:the end": `marker:"the end"`,
	`marker:"plain"`: "marker:plain", "marker:a:b": "", "marker:/usr": `marker:"/usr"`, "marker:świt": "", `marker:""`: "",
	"event:1": "", "event:1000000": "",
	"command:3": "", "command:-1": "", "command:3.prompt": "command:3", "command:-2.end": "", "command:/make/": "",
	`command:/a\/b/.start`: "", `command:/^go (build|test)\b/`: "", `command:/a\\/`: "", `command:/\d+\.\.x="@"/.end`: "",
	"screen:/Press ENTER/": "", `screen:/(?i)done\s/`: "",
	"clock:14:32:05": "", "clock:14:32": "clock:14:32:00", "clock:14:32:05.25": "", "clock:2026-11-30 14:32:05": "",
	"clock:2026-11-30T14:32": "clock:2026-11-30 14:32:00",
}

func TestParse(t *testing.T) {
	for s, want := range spellings {
		if want == "" {
			want = s
		}
		p, err := place.Parse(s)
		if err != nil {
			t.Errorf("Parse(%q): %v", s, err)
		} else if got := p.String(); got != want {
			t.Errorf("Parse(%q).String() = %q; want %q", s, got, want)
		}
	}
}

// Each is invalid for the reason that the error names.
func TestParseInvalid(t *testing.T) {
	for s, reason := range map[string]string{
		"":                       "want a time",
		"soon":                   "want a time",
		"-3":                     "want a time",
		"+3":                     "want a time",
		"1:75":                   "want a time",
		"1.5:20":                 "want a time",
		"1:2:3:4":                "want a time",
		"1e3":                    "want a time",
		"NaN":                    "want a time",
		"inf":                    "want a time",
		"-1m":                    "want a time",
		"99999999999999999999":   "want a time",
		"9999999h":               "want a time",
		"end-":                   "want seconds",
		"end--3":                 "want seconds",
		"120%":                   "from 0% to 100%",
		"-1%":                    "from 0% to 100%",
		"%":                      "from 0% to 100%",
		"marker:":                "want a label",
		"marker:a..b":            `put the label in double quotes: marker:"a..b"`,
		"marker:user@host":       "put the label in double quotes",
		"marker:a=b":             "put the label in double quotes",
		`marker:"a`:              `want one " at each end`,
		`marker:"a"b`:            `want one " at each end`,
		`marker:"a\n"`:           `not \n`,
		"event:0":                "want a number from 1",
		"event:-1":               "want a number from 1",
		"event:1.end":            "want a number from 1",
		"command:0":              "want a number",
		"command:":               "want a number",
		"command:make":           "want a number",
		"command:1.middle":       "want a number",
		"command:99999999999999": "want a number",
		"command:/make":          "want /RE/",
		"command:/a/b/":          "want /RE/",
		"command:/(/":            "missing closing )",
		"command:/[/]/":          "want /RE/",
		"command:/a{2000}/":      "invalid repeat count",
		"screen:ready":           "want /RE/",
		"clock:25:00":            "invalid time of day",
		"clock:soon":             "invalid time of day",
	} {
		_, err := place.Parse(s)
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%q): %v; want an error with %q", s, err, reason)
		}
	}
}

func TestParseRange(t *testing.T) {
	for s, want := range map[string]string{
		"1..2":                          "1..2",
		"1:20..":                        "1:20..end",
		"..1:20":                        "start..1:20",
		"..":                            "start..end",
		"end-3..end":                    "end-3..end",
		"command:3":                     "command:3.start..command:3.end",
		"command:/make..x/":             "command:/make..x/.start..command:/make..x/.end",
		"command:3..":                   "command:3..end",
		"command:3.end..command:5":      "command:3.end..command:5",
		`marker:"a..b"..marker:c`:       `marker:"a..b"..marker:c`,
		`screen:/a\/..b/..screen:/c../`: `screen:/a\/..b/..screen:/c../`,
	} {
		span, err := place.ParseRange(s)
		if err != nil || span.String() != want {
			t.Errorf("ParseRange(%q) = %q, %v; want %q", s, span, err, want)
		}
	}
	for s, reason := range map[string]string{
		"":              "want a time",
		"12":            "want A..B, A.. or ..B",
		"marker:a":      "want A..B",
		"command:3.end": "a command without .end",
		"1..2..3":       "want a time",
		"x..2":          `"x"`,
		"2..x":          `"x"`,
	} {
		if _, err := place.ParseRange(s); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseRange(%q): %v; want an error with %q", s, err, reason)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct{ s, sep, before, after string }{
		{"2@1..3", "@", "2", "1..3"},
		{"2@marker:\"a@b\"..", "@", "2", "marker:\"a@b\".."},
		{`marker:"a=b"=new=er`, "=", `marker:"a=b"`, "new=er"},
		{`command:/a=\/=/.end=label`, "=", `command:/a=\/=/.end`, "label"},
		{`"a=b"=c`, "=", `"a=b"`, "c"},
		{`/a=b/=c`, "=", `/a=b/`, "c"},
		{`1..command:/x..y/`, "..", "1", "command:/x..y/"},
		{`"open=c`, "=", `"open`, "c"},
		{`marker:/usr=c`, "=", "marker:/usr", "c"},
		{"don\"t=c\"", "=", "don\"t", "c\""},
	} {
		before, after, found := place.Cut(c.s, c.sep)
		if before != c.before || after != c.after || !found {
			t.Errorf("Cut(%q, %q) = %q, %q, %v; want %q, %q", c.s, c.sep, before, after, found, c.before, c.after)
		}
	}
	if before, _, found := place.Cut(`command:/a..b/`, ".."); found || before != `command:/a..b/` {
		t.Errorf("Cut finds %q inside a pattern", "..")
	}
}

// String spells a place so that it is parsed again, also as the end of a range.
func FuzzParse(f *testing.F) {
	for s := range spellings {
		f.Add(s)
	}
	f.Add("command:3.end..marker:\"..\"")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := place.Parse(s); err == nil {
			text := p.String()
			again, err := place.Parse(text)
			if err != nil || again.String() != text {
				t.Fatalf("Parse(%q) is %q, which is parsed as %q, %v", s, text, again, err)
			}
			span, err := place.ParseRange(text + ".." + text)
			if err != nil || span.From.String() != text || span.To.String() != text {
				t.Fatalf("ParseRange of %q twice: %q, %v", text, span, err)
			}
		}
		if span, err := place.ParseRange(s); err == nil {
			if again, err := place.ParseRange(span.String()); err != nil || again.String() != span.String() {
				t.Fatalf("ParseRange(%q) is %q, which is parsed as %q, %v", s, span, again, err)
			}
		}
		if label, err := place.ParseLabel(s); err == nil {
			if again, err := place.ParseLabel(place.QuoteLabel(label)); err != nil || again != label {
				t.Fatalf("QuoteLabel(%q) = %q, which is parsed as %q, %v", label, place.QuoteLabel(label), again, err)
			}
		}
	})
}
