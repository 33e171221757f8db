package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
)

// Each target can be written by its name and by each of its extensions, is listed by
// formats, and is completed and named in the help of its command.
func TestTargets(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if status := Run(context.Background(), append([]string{"ttydeck"}, args...), nil, &out, &errOut, nil); status != 0 {
			t.Errorf("%q: status %d, %s", args, status, errOut.String())
		}
		return out.String()
	}
	in := filepath.Join(dir, "in.cast")
	text := `{"version":3,"term":{"cols":80,"rows":24}}` + "\n" + `[0.5, "o", "$ ls\r\n"]` + "\n"
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(run("formats", "--json")) {
		var row formatInfo
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		listed[string(row.Kind)+" "+row.Name] = row.Write
	}
	table := run("formats")
	count := map[convert.Kind]int{}
	for _, target := range convert.Targets {
		count[target.Kind]++
		if !listed[string(target.Kind)+" "+target.Name] || !strings.Contains(table, "\n"+target.Name+" ") {
			t.Errorf("formats does not list %s %s", target.Kind, target.Name)
		}
		writers := 0
		for _, is := range []bool{target.Format != nil, target.Style != nil, target.Picture != nil} {
			if is {
				writers++
			}
		}
		if writers != 1 {
			t.Errorf("%s: %d ways to write it; want a format, a style or a picture", target.Name, writers)
		}
		command, write := "convert", func(out string, flags ...string) { run(slices.Concat([]string{"convert", in, out}, flags)...) }
		if target.Kind == convert.KindTranscript {
			command, write = "transcript", func(out string, flags ...string) { run(slices.Concat([]string{"transcript", in, "-o", out}, flags)...) }
		}
		for _, name := range append([]string{target.Name}, target.Also...) {
			write(filepath.Join(dir, command+"-"+name), "--format", name)
		}
		for _, ext := range target.Ext {
			out := filepath.Join(dir, command+ext)
			write(out)
			info, err := os.Stat(out)
			if err != nil {
				t.Error(err)
				continue
			}
			private := target.Kind == convert.KindRecording
			if private && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: mode %v; want none for others", out, info.Mode())
			}
		}
		completed := run("__complete", command, "--format", target.Name)
		if !slices.Contains(strings.Split(completed, "\n"), target.Name+"\t") {
			t.Errorf("completion for %s --format %s offers %q", command, target.Name, completed)
		}
		help := strings.Join(strings.Fields(run(command, "--help")), " ")
		if !strings.Contains(help, ": "+strings.Join(tableOf(target).Names(), ", ")) {
			t.Errorf("the help of %s does not list the formats:\n%s", command, help)
		}
	}
	// The transcripts written by extension are in the right style.
	for name, want := range map[string]string{"transcript.md": "# ", "transcript.html": "<!doctype", "transcript.json": "{", "transcript.sh": "#!"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasPrefix(strings.ToLower(string(got)), want) {
			t.Errorf("%s begins with %q, %v; want %q", name, got[:min(len(got), 20)], err, want)
		}
	}
	if count[convert.KindRecording] < 11 || count[convert.KindText] < 1 || count[convert.KindTranscript] < 7 {
		t.Errorf("targets: %v; want all", count)
	}
	for _, f := range format.Formats {
		if _, ok := listed["recording "+f.Name]; !ok {
			t.Errorf("formats does not list %s, which can be read", f)
		}
	}
}

func tableOf(target *convert.Target) convert.Table {
	if target.Kind == convert.KindTranscript {
		return transcripts
	}
	return showable
}
