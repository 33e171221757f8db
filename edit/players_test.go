package edit_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// seamed is a seam: a recording up to the end of a part that was cut out, and the
// result up to there.
type seamed struct {
	name           string
	source, result format.Cast
	rows           []string // of the screen, without spaces at their ends
	cursor         string
}

// seamsOf returns the seams of a fixed set of plans over our own recordings. Each plan
// cuts out parts between two events, as numbers of thousandths of the recording.
func seamsOf(t *testing.T) (list []seamed) {
	t.Helper()
	for _, p := range []struct {
		name string
		cuts []int
	}{
		{"bash_tui", []int{0, 150, 240, 390, 500, 610, 700, 777}},
		{"m_own_bash_tui", []int{100, 260, 400, 555, 620, 801}},
		{"bash_progress", []int{300, 450, 500, 900}},
		{"fish_default", []int{0, 333, 400, 650, 700, 720}},
		{"zsh_p10k", []int{200, 500, 600, 950}},
		{"m_own_zsh_rprompt", []int{50, 300, 450, 700}},
		{"bash_repl", []int{100, 300, 400, 800}},
		{"m_own_bash_tmux", []int{0, 350, 400, 600}},
	} {
		f, err := format.OpenFile(filepath.Join("../testdata/sessions", p.name+".cast.gz"))
		if err != nil {
			t.Fatal(err)
		}
		var evs []format.Event
		for ev, err := range f.Cast.Events {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Code == format.Output {
				evs = append(evs, ev)
			}
		}
		f.Close()
		src := testcast.Of(format.Header{Size: f.Cast.Header.Size}, evs...)
		var recipe edit.Recipe
		var from, to []int
		for i := 0; i < len(p.cuts); i += 2 {
			a, b := p.cuts[i]*len(evs)/1000, p.cuts[i+1]*len(evs)/1000
			from, to = append(from, a), append(to, b)
			recipe.Cut = append(recipe.Cut, fmt.Sprintf("event:%d..event:%d", a+1, b+1))
		}
		plan, err := recipe.Plan(context.Background(), source(src))
		if err != nil {
			t.Fatal(err)
		}
		result := plan.Filter()(src)
		var made []format.Event
		for ev, err := range result.Events {
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, ev)
		}
		n, kept := 0, 0
		for i, b := range to {
			n += from[i] - kept // events that stay as they are
			seam := n
			for made[n].Data != evs[b].Data {
				n++
			}
			if n == seam {
				t.Fatalf("%s: no seam before event %d", p.name, b+1)
			}
			kept = b
			s := screen.New(src.Header)
			for _, ev := range evs[:b] {
				s.Feed(ev)
			}
			var rows []string
			cols, height := s.Size()
			for y := range height {
				rows = append(rows, strings.TrimRight(string(s.Row(y).AppendText(nil)), " "))
			}
			c := s.Cursor()
			if c.Pending {
				c.X = cols
			}
			list = append(list, seamed{
				name:   fmt.Sprintf("%s before event %d", p.name, b+1),
				source: testcast.Of(src.Header, evs[:b]...), result: testcast.Of(result.Header, made[:n]...),
				rows: rows, cursor: fmt.Sprintf("%d,%d %v", c.X, c.Y, s.OnAlternate()),
			})
		}
	}
	return list
}

// asV2 returns a recording as asciicast v2, which all players read, with a second at its
// end: a player may not show one that takes no time.
func asV2(t *testing.T, cast format.Cast) string {
	t.Helper()
	events := cast.Events
	cast.Events = func(yield func(format.Event, error) bool) {
		var last time.Duration
		for ev, err := range events {
			if last = ev.Time; !yield(ev, err) {
				return
			}
		}
		yield(testcast.Out(last+time.Second, ""), nil)
	}
	var b strings.Builder
	w, err := format.AsciicastV2.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := format.Copy(w, cast); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// needs skips the test if a program is missing, or fails it with CI=true.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("%s is skipped: %v", t.Name(), err)
		}
	}
}

// TestSeamsInThePlayer compares the screen after each seam with those of
// asciinema-player, in a browser, for the source and for the result: the pictures of
// the two are the same, and the text is ours.
func TestSeamsInThePlayer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("TestSeamsInThePlayer is skipped with -short: another program does the work")
	}
	needs(t, "chromium")
	dir := os.Getenv("TTYDECK_PLAYER")
	if dir == "" {
		t.Skipf("%s is skipped: TTYDECK_PLAYER is not set (run npm ci in testdata/player and set it to that folder)", t.Name())
	}
	bundle, err := filepath.Abs(filepath.Join(dir, "node_modules/asciinema-player/dist/bundle/asciinema-player"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bundle + ".min.js"); err != nil {
		t.Fatal(err)
	}
	seams := seamsOf(t)
	var recordings []string
	for _, s := range seams {
		recordings = append(recordings, asV2(t, s.source), asV2(t, s.result))
	}
	text, err := json.Marshal(recordings)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("testdata/player/page.html")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer("PLAYER", "file://"+bundle, "CASES", string(text)).Replace(string(page))
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--allow-file-access-from-files", "--virtual-time-budget=600000", "--dump-dom", "file://"+file)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	m := regexp.MustCompile(`RESULT([A-Za-z0-9+/=]+)END`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("the page did not run: %d bytes: %.2000q", len(out), out)
	}
	raw, err := base64.StdEncoding.DecodeString(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	var shown []struct {
		Rows    [][][2]any
		Symbols []string
		Picture string
	}
	if err := json.Unmarshal(raw, &shown); err != nil || len(shown) != 2*len(seams) {
		t.Fatalf("%d recordings were shown; want %d: %v", len(shown), 2*len(seams), err)
	}
	for i, s := range seams {
		source, result := shown[2*i], shown[2*i+1]
		if diff := cmp.Diff(source.Rows, result.Rows); diff != "" {
			t.Errorf("%s: the player shows another text (-source +result):\n%s", s.name, diff)
		} else if source.Picture != result.Picture || !cmp.Equal(source.Symbols, result.Symbols) {
			t.Errorf("%s: the player shows another picture", s.name)
		}
		var rows []string
		for _, row := range result.Rows {
			text := ""
			for _, span := range row {
				text += span[1].(string)
			}
			rows = append(rows, strings.TrimRight(text, " "))
		}
		if diff := cmp.Diff(s.rows, rows); diff != "" {
			t.Errorf("%s: the player's text is not ours (-ours +player's):\n%s", s.name, diff)
		}
	}
	t.Logf("compared %d seams", len(seams))
}

// looksOf returns the text of a screen with what is seen of the styles: of a blank, the
// background and lines.
func looksOf(s *vt.Screen) string {
	var b strings.Builder
	_, rows := s.Size()
	for y := range rows {
		row, kept := "", 0
		for _, c := range s.Row(y).Cells() {
			text := s.CellText(c)
			style := fmt.Sprint(c.Fg(), c.Bg(), c.Attr())
			if text == "" || text == " " {
				text = " "
				lines := c.Attr() & (vt.Inverse | vt.Strike | vt.Overline)
				style = fmt.Sprint(c.Bg(), lines, c.Underline())
			}
			row += text + "{" + style + "}"
			if text != " " || style != "0 0 0" {
				kept = len(row)
			}
		}
		b.WriteString(row[:kept] + "\n")
	}
	return b.String()
}

// TestSeamsInATerminal compares the screen after each seam with those that asciinema
// draws in tmux, of the source and of the result.
func TestSeamsInATerminal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("TestSeamsInATerminal is skipped with -short: other programs do the work")
	}
	needs(t, "tmux", "asciinema")
	dir := t.TempDir()
	tmux := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("tmux", append([]string{"-S", filepath.Join(dir, "s"), "-f", "/dev/null"}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TMUX=", "TERM=xterm-256color", "ASCIINEMA_CONFIG_HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v: %s", args, err, out)
		}
		return string(out)
	}
	tmux("new-session", "-d", "sleep 1000")
	t.Cleanup(func() { tmux("kill-server") })
	tmux("set-option", "-g", "status", "off")
	runs := 0
	// play returns the rows, the cursor, and the rows with what is seen of their styles.
	play := func(cast format.Cast) (rows []string, cursor, looks string) {
		size := cast.Header.Size
		tmux("resize-window", "-x", fmt.Sprint(size.Cols), "-y", fmt.Sprint(size.Rows))
		runs++
		mark := fmt.Sprintf("shown-%d", runs)
		file := filepath.Join(dir, mark+".cast")
		if err := os.WriteFile(file, []byte(asV2(t, cast)), 0o600); err != nil {
			t.Fatal(err)
		}
		// The terminal answers queries in the recording, but to nobody.
		tmux("respawn-pane", "-k", "stty raw -echo; asciinema play -s 100000 -i 0.0001 "+file+`; printf '\033]2;`+mark+`\033\\'; exec sleep 1000`)
		await.Until(t, "asciinema in tmux; its state is", func() bool {
			cursor = strings.TrimSpace(tmux("display-message", "-p", "#{pane_title} #{cursor_x},#{cursor_y} #{?alternate_on,true,false}"))
			return strings.HasPrefix(cursor, mark+" ")
		}, &cursor)
		for row := range strings.Lines(tmux("capture-pane", "-p")) {
			rows = append(rows, strings.TrimRight(row, " \n"))
		}
		styled := screen.New(cast.Header)
		styled.WriteString("\x1b)0\x1b[?7l" + strings.ReplaceAll(strings.TrimSuffix(tmux("capture-pane", "-p", "-e", "-N"), "\n"), "\n", "\r\n"))
		return rows, strings.TrimPrefix(cursor, mark+" "), looksOf(styled.Screen)
	}
	seams := seamsOf(t)
	for _, s := range seams {
		_, wantCursor, want := play(s.source)
		rows, cursor, got := play(s.result)
		if got != want || cursor != wantCursor {
			t.Errorf("%s: tmux shows another screen than for the source, with the cursor at %s, not %s (-source +result):\n%s", s.name, cursor, wantCursor, cmp.Diff(want, got))
		}
		if diff := cmp.Diff(s.rows, rows); diff != "" || cursor != s.cursor {
			t.Errorf("%s: tmux does not show our screen; its cursor is at %s, ours at %s (-ours +tmux's):\n%s", s.name, cursor, s.cursor, diff)
		}
	}
	t.Logf("compared %d seams", len(seams))
}
