package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// takeSource copies the recording of the README's take to a folder: five minutes in bash
// with mistakes, a build of two minutes and vim.
func takeSource(t *testing.T) string {
	t.Helper()
	packed, err := format.OpenFile("testdata/take/session.cast.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	name := filepath.Join(t.TempDir(), "session.cast")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := format.AsciicastV3.NewWriter(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := format.Copy(w, packed.Cast); err != nil {
		t.Fatal(err)
	}
	return name
}

// checkTake checks what a viewer of the take sees: the work, and none of the mistakes.
func checkTake(t *testing.T, name string) {
	t.Helper()
	f, err := format.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := screen.New(f.Cast.Header)
	mistakes := []string{"gti", "not found", "make install", "No rule", "sleep 20", "half a tho", "^C", "exit"}
	want := map[string]bool{"ls -l": false, "[240/240] CC": false, "-- INSERT --": false, "line 500": false, "echo done\ndone": false}
	for ev, err := range f.Cast.Events {
		if err != nil {
			t.Fatal(err)
		}
		s.Feed(ev)
		text := s.Text()
		for _, m := range mistakes {
			if strings.Contains(text, m) {
				t.Fatalf("at %v the screen shows %q:\n%s", ev.Time, m, text)
			}
		}
		for w := range want {
			want[w] = want[w] || strings.Contains(text, w)
		}
	}
	for w, seen := range want {
		if !seen {
			t.Errorf("the take never shows %q", w)
		}
	}
	if !strings.HasSuffix(s.Text(), "root@demo:~/proj#") {
		t.Errorf("the take ends with another screen than the prompt:\n%s", s.Text())
	}
}

func readmeMatch(t *testing.T, re string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(re).FindStringSubmatch(string(readme))
	if m == nil {
		t.Fatalf("README.md has no match of %s", re)
	}
	return m
}

// The README's command line does what it shows.
func TestTake(t *testing.T) {
	m := readmeMatch(t, `(?m)^\$ ttydeck (edit session\.cast take\.cast .*\\\n.*)\n(ttydeck: take\.cast: .*)$`)
	source := takeSource(t)
	dir := filepath.Dir(source)
	args := []string{"ttydeck"}
	for _, word := range strings.Fields(strings.ReplaceAll(m[1], "\\\n", "")) {
		if strings.HasSuffix(word, ".cast") {
			word = filepath.Join(dir, word)
		}
		args = append(args, word)
	}
	var out, errOut bytes.Buffer
	if status := Run(context.Background(), args, nil, &out, &errOut, []string{"HOME=" + dir}); status != 0 {
		t.Fatalf("status %d: %s", status, errOut.String())
	}
	if got := strings.ReplaceAll(strings.TrimSpace(errOut.String()), dir+"/", ""); got != m[2] {
		t.Errorf("it printed %q; the README shows %q", got, m[2])
	}
	checkTake(t, filepath.Join(dir, "take.cast"))
}

// The README's keys do the same in the player.
func TestTakeInTmux(t *testing.T) {
	t.Parallel()
	m := readmeMatch(t, "In the player, (\\d+) keys do the same: `([^`]*)`")
	keys := strings.Fields(m[2])
	if n, _ := strconv.Atoi(m[1]); n != len(keys) || n > 25 {
		t.Errorf("%d keys; the README says %d, and at most 25 are to do", len(keys), n)
	}
	source := takeSource(t)
	dir := filepath.Dir(source)
	x := startTmux(t, 140, 34, "env", "-C", dir, "HOME="+dir, program(t), "edit", "session.cast")
	x.wait("the commands are found", func(rows []string) bool { return strings.Contains(strings.Join(rows, "\n"), "15 commands") })
	for _, k := range keys {
		if k == "⏎" {
			k = "Enter"
		}
		x.run("send-keys", k)
	}
	x.wait("it is written", func(rows []string) bool {
		_, err := os.Stat(filepath.Join(dir, "session-take.cast"))
		return err == nil
	})
	checkTake(t, filepath.Join(dir, "session-take.cast"))
}
