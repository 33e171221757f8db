package transcript_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// awkward returns commands that are hard to write.
func awkward() transcript.Recording {
	cmd := func(text, output string) transcript.Command {
		return transcript.Command{Kind: transcript.Shell, Prompt: "$ ", Text: text, Output: output, Parent: -1, Confidence: 1, Trusted: true,
			Evidence: transcript.Evidence{Bounds: transcript.FromPaste, Text: transcript.FromScreen}}
	}
	failed := cmd("false", "")
	failed.Exit, failed.HasExit = 1, true
	killed := cmd("sleep 9", "^C")
	killed.Exit, killed.HasExit = 130, true
	full := cmd("vim x", "")
	full.FullScreen = true
	nested := cmd("echo inside", "inside")
	nested.Depth, nested.Parent = 1, 0
	unsigned := cmd("echo unsigned", "unsigned")
	unsigned.Trusted = false
	unsure := cmd("echo unsure", "unsure")
	unsure.Confidence, unsure.Evidence.Bounds = 0.6, transcript.FromTyping
	cmds := []transcript.Command{
		cmd("echo '```' \"$A\" <b>\necho two", "```\n````\n<script>alert(2)</script>\x1b]0;x\x07"),
		failed, killed, full, nested, unsigned, unsure,
		cmd("export API_KEY=abcdef", ""), cmd("# only a comment", ""), cmd("curl https://me:pw@host/", "ok"),
	}
	for i := range cmds {
		cmds[i].Index = i
		cmds[i].Start = time.Duration(i) * time.Second
		cmds[i].End = cmds[i].Start + 300*time.Millisecond
	}
	cmds[8].Kind = transcript.Comment
	return transcript.Recording{
		Name:     "a <b> & `c`.cast",
		Header:   format.Header{Title: "T</title><script>alert(1)</script>", Start: time.Unix(1700000000, 0), Size: format.Size{Cols: 80, Rows: 24}},
		Commands: slices.Values(cmds),
	}
}

func write(t *testing.T, style string, opts transcript.WriteOptions) string {
	t.Helper()
	s, ok := transcript.StyleByName(style)
	if !ok {
		t.Fatalf("no style %q", style)
	}
	var b strings.Builder
	if err := transcript.Write(&b, s, []transcript.Recording{awkward()}, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingReachesTheTerminal(t *testing.T) {
	for _, s := range transcript.Styles {
		if out := write(t, s.Name, transcript.WriteOptions{}); strings.ContainsAny(out, "\x1b\x07") {
			t.Errorf("%s contains control characters: %q", s.Name, out)
		}
	}
}

func TestMarkdownFences(t *testing.T) {
	out := write(t, "markdown", transcript.WriteOptions{})
	if want := "`````console\n$ echo '```' \"$A\" <b>\n> echo two\n```\n````\n"; !strings.Contains(out, want) {
		t.Errorf("a block that contains fences needs a longer fence:\n%s", out)
	}
	if !strings.Contains(out, "**0:02.0** · exit 130, signal 2 · 0.3 s") {
		t.Errorf("the status is missing:\n%s", out)
	}
	// A command without output needs no prompt.
	if !strings.Contains(out, "```sh\nfalse\n```") {
		t.Errorf("a command without output has a prompt:\n%s", out)
	}
}

func TestHTMLHoldsNoScript(t *testing.T) {
	out := write(t, "html", transcript.WriteOptions{PlayURL: "https://example.org/a?x=1&y=2"})
	if strings.Contains(out, "<script") || strings.Contains(out, "<b>") {
		t.Errorf("text of the recording became markup:\n%s", out)
	}
	for _, want := range []string{
		`<a class="t" href="https://example.org/a?x=1&amp;y=2#t=2.0">`, `<span class="n bad">exit 1</span>`,
		"prefers-color-scheme:dark", "&lt;script&gt;alert(2)&lt;/script&gt;",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing:\n%s", want, out)
		}
	}
}

// TestScriptIsSafe runs the script. Commands that must not run again are
// comments.
func TestScriptIsSafe(t *testing.T) {
	out := write(t, "script", transcript.WriteOptions{})
	for _, want := range []string{"# failed with exit status 1:\n# false\n", "# filled the screen:\n# vim x\n", "# may show a secret:\n# export API_KEY=abcdef\n",
		"# ran inside another shell:\n# echo inside\n", "# relies on marks that may be forged:\n# echo unsigned\n", "# may not have been a command:\n",
		"# may show a secret:\n# curl https://me:pw@host/\n", "WARNING"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	cmd := exec.Command("sh", "-s")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(out, "<b>", ""))
	got, err := cmd.CombinedOutput()
	if want := "``` \ntwo\n"; err != nil || string(got) != want {
		t.Errorf("script printed %q, %v; want %q", got, err, want)
	}
}

// The JSON conforms to its schema.
func TestSchema(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Required   []string
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(transcript.Schema), &schema); err != nil {
		t.Fatal(err)
	}
	check := func(what string, got map[string]any) {
		def := schema.Defs[what]
		for key := range got {
			if _, ok := def.Properties[key]; !ok {
				t.Errorf("the schema lacks the key %q in %s", key, what)
			}
		}
		for _, key := range def.Required {
			if _, ok := got[key]; !ok {
				t.Errorf("%s lacks %q, which the schema requires", what, key)
			}
		}
	}
	var doc struct{ Recordings []map[string]any }
	if err := json.Unmarshal([]byte(write(t, "json", transcript.WriteOptions{})), &doc); err != nil {
		t.Fatal(err)
	}
	check("recording", doc.Recordings[0])
	for _, c := range doc.Recordings[0]["commands"].([]any) {
		check("command", c.(map[string]any))
	}
	lines := strings.Split(strings.TrimSpace(write(t, "jsonl", transcript.WriteOptions{})), "\n")
	if len(lines) != len(slices.Collect(awkward().Commands)) {
		t.Errorf("jsonl has %d lines; want %d", len(lines), len(slices.Collect(awkward().Commands)))
	}
	for _, line := range lines {
		var c map[string]any
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		check("command", c)
		if c["file"] != awkward().Name {
			t.Errorf("jsonl: file = %v; want %q", c["file"], awkward().Name)
		}
	}
}

func TestReview(t *testing.T) {
	out := write(t, "text", transcript.WriteOptions{Review: true})
	if strings.Contains(out, "false") || !strings.Contains(out, "echo unsure") || !strings.Contains(out, "confidence 0.60") {
		t.Errorf("review lists a certain command, or lacks an uncertain one:\n%s", out)
	}
}

// A command that starts a shell or a REPL ends when that does.
func TestEnds(t *testing.T) {
	cast := castOf(format.Header{}, "\x1b[?2004hme@box:~$ ", "sqlite3", "\r\n\x1b[?2004l\rSQLite\r\n", "\x1b[?2004hsqlite> ", ".quit", "\r\n\x1b[?2004l\r",
		"\x1b[?2004hme@box:~$ ", "bash --norc", "\r\n\x1b[?2004l\r\x1b[?2004hbash-5.2$ ", "ls", "\r\n\x1b[?2004l\r", "\x1b[?2004hme@box:~$ ")
	cmds := commandsOf(t, cast, transcript.Options{REPL: true})
	var got []string
	for _, c := range cmds {
		got = append(got, fmt.Sprintf("%s %s depth %d parent %d end %v", c.Kind, c.Text, c.Depth, c.Parent, c.End))
	}
	want := []string{
		"command sqlite3 depth 0 parent -1 end 600ms", "repl .quit depth 1 parent 0 end 600ms",
		"command bash --norc depth 0 parent -1 end 1.1s", "command ls depth 1 parent 2 end 1.1s",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
