package transcript_test

import (
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/internal/await"
)

// browse opens a page in Chromium. It returns the output and the log, which has
// the messages of the console.
func browse(t *testing.T, page string, flags ...string) (out, log string) {
	t.Helper()
	var stdout, stderr strings.Builder
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
		"--user-data-dir=" + t.TempDir(), "--enable-logging=stderr", "--window-size=1000,1400"}, flags...)
	cmd := exec.Command("chromium", append(args, "file://"+page)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(await.Patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

// probe is a script for a copy of the page. It reports the visible texts, with
// their contrast, and whether the page is too wide.
const probe = `<script>
const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return m.length == 4 && m[3] == 0 ? null : m.slice(0, 3) };
const light = c => { const f = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126*f[0] + .7152*f[1] + .0722*f[2] };
const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c } return [255, 255, 255] };
const texts = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
	const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim(), box = e.getBoundingClientRect();
	if (!text || e.tagName == "SCRIPT") continue;
	const fg = light(rgb(getComputedStyle(e).color)), bg = light(ground(e));
	texts.push({text, seen: box.width > 0 && box.height > 0, contrast: (Math.max(fg, bg) + .05) / (Math.min(fg, bg) + .05)});
}
const result = document.createElement("div");
result.textContent = "RESULT" + JSON.stringify({texts, wide: document.documentElement.scrollWidth > innerWidth, back: getComputedStyle(document.body).backgroundColor}) + "END";
document.body.append(result);
</script>`

// TestHTMLInABrowser opens the page in Chromium. Without scripts, it is
// readable in light and dark mode, and the console stays empty.
func TestHTMLInABrowser(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("CI") == "" {
		t.Skip("chromium is not installed")
	}
	rec := awkward()
	var styled strings.Builder
	for i := range 16 {
		n := 30 + i
		if i > 7 {
			n = 82 + i
		}
		fmt.Fprintf(&styled, "\x1b[%dmcolour %d\x1b[0m\n", n, i)
	}
	styled.WriteString("\x1b[7minverse\x1b[0m \x1b[1;31;42mred on green\x1b[0m ")
	cmds := slices.Collect(rec.Commands)
	c := &cmds[1]
	c.Output, c.Styled = "colours "+strings.Repeat("long ", 100), styled.String()+strings.Repeat("long ", 100)
	rec.Commands = slices.Values(cmds)
	style, _ := transcript.StyleByName("html")
	var b strings.Builder
	if err := transcript.Write(&b, style, []transcript.Recording{rec}, transcript.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	page, probed := filepath.Join(dir, "page.html"), filepath.Join(dir, "probed.html")
	// Forbid scripts; the console would report one.
	bare := strings.Replace(b.String(), "<head>", `<head><meta http-equiv="Content-Security-Policy" content="script-src 'none'">`, 1)
	for path, text := range map[string]string{page: bare, probed: strings.Replace(b.String(), "</body>", probe+"</body>", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []struct {
		name   string
		scheme int // Blink's mojom::PreferredColorScheme
		dark   bool
	}{{"light", 1, false}, {"dark", 0, true}} {
		t.Run(mode.name, func(t *testing.T) {
			shot := filepath.Join(dir, mode.name+".png")
			scheme := fmt.Sprintf("--blink-settings=preferredColorScheme=%d", mode.scheme)
			_, log := browse(t, page, scheme, "--screenshot="+shot)
			if consoleLine.MatchString(log) {
				t.Errorf("the console is not empty:\n%s", log)
			}
			paper, ink := shades(t, shot)
			if (paper < 128) != mode.dark || ink < 2000 {
				t.Errorf("without scripts, the background has brightness %d, and %d pixels stand out", paper, ink)
			}
			out, log := browse(t, probed, scheme, "--dump-dom")
			if consoleLine.MatchString(log) {
				t.Errorf("the console is not empty:\n%s", log)
			}
			m := regexp.MustCompile(`(?s)<div>RESULT(\{.*\})END</div>`).FindStringSubmatch(out)
			if m == nil {
				t.Fatalf("the probe did not run:\n%s", out)
			}
			var got struct {
				Texts []struct {
					Text     string
					Seen     bool
					Contrast float64
				}
				Wide bool
			}
			if err := json.Unmarshal([]byte(unescapeHTML.Replace(m[1])), &got); err != nil {
				t.Fatal(err)
			}
			if got.Wide {
				t.Error("the page is wider than the window")
			}
			all := ""
			for _, x := range got.Texts {
				all += x.Text + "\n"
				if !x.Seen {
					t.Errorf("%q is not visible", x.Text)
				}
				if x.Contrast < 4.5 && x.Text != "red on green" { // the program's own colours
					t.Errorf("contrast of %q = %.1f; want at least 4.5", x.Text, x.Contrast)
				}
			}
			for _, want := range []string{"false", "exit 1", "vim x", "<script>alert(2)</script>", "colour 15", "inverse"} {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not on the page:\n%s", want, all)
				}
			}
		})
	}
}

var consoleLine = regexp.MustCompile(`:CONSOLE[:(]`)

var unescapeHTML = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", "\u00a0")

// shades returns the brightness of a picture's corner and the number of pixels
// that differ much from it.
func shades(t *testing.T, path string) (paper, ink int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bright := func(x, y int) int {
		r, g, b, _ := img.At(x, y).RGBA()
		return int(r+g+b) / 3 >> 8
	}
	box := img.Bounds()
	paper = bright(box.Min.X, box.Min.Y)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if d := bright(x, y) - paper; d > 90 || d < -90 {
				ink++
			}
		}
	}
	return paper, ink
}
