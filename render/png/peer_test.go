package png

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// need skips the test if a program is missing; in CI, it fails.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skipf("%s is skipped: no %s", t.Name(), p)
		}
	}
}

// run runs a program and returns its output.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v: %s", name, err, &stderr)
	}
	return out
}

// ffmpeg shows the same pixels at the same times.
func TestFFmpeg(t *testing.T) {
	need(t, "ffmpeg", "ffprobe")
	fonts := fontsOf(t, 12)
	for _, f := range films {
		for _, p := range pictures {
			switch {
			case f.name == "long waits": // ffmpeg's times overflow
				continue
			case testing.Short() && p.name != "margin":
				continue
			}
			t.Run(f.name+"/"+p.name, func(t *testing.T) {
				film := f.film
				film.Open = filmOf(f.cast).Open
				name := filepath.Join(t.TempDir(), "out.png")
				file, err := os.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				if err := (&Animation{Film: &film, Picture: &p.Picture, Fonts: fonts, Loops: 1}).Write(t.Context(), file); err != nil {
					t.Fatal(err)
				}
				measured, err := film.Measure(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				pixels := run(t, "ffmpeg", "-v", "error", "-nostdin", "-f", "apng", "-i", name, "-fps_mode", "passthrough", "-pix_fmt", "rgba", "-f", "rawvideo", "-")
				var length time.Duration
				for line := range strings.Lines(string(run(t, "ffprobe", "-v", "error", "-f", "apng", "-show_entries", "packet=duration_time", "-of", "csv=p=0", name))) {
					wait, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
					if err != nil {
						t.Fatal(err)
					}
					length += time.Duration(wait * float64(time.Second))
				}
				if diff := length - measured.Length; diff < -time.Millisecond || diff > time.Millisecond {
					t.Errorf("the animation takes %v; want %v", length, measured.Length)
				}
				for fr, err := range film.Frames(t.Context(), measured.Size) {
					if err != nil {
						t.Fatal(err)
					}
					want := reference(t, &p.Picture, fonts, fr.Canvas)
					if len(pixels) < len(want.Pix) {
						t.Fatalf("there are only %d frames", fr.Number)
					}
					got := *want
					got.Pix = pixels[:len(want.Pix)]
					compare(t, &got, want)
					pixels = pixels[len(want.Pix):]
				}
				if len(pixels) > 0 {
					t.Errorf("%d bytes of further frames", len(pixels))
				}
			})
		}
	}
}

// ffmpeg reads a folder as one film.
func TestFFmpegReadsFolder(t *testing.T) {
	need(t, "ffmpeg")
	film := filmOf(resized())
	dir := t.TempDir()
	if err := (&Folder{Film: film, Picture: &pictures[0].Picture, Fonts: fontsOf(t, 12)}).Write(t.Context(), creator(dir)); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, ListName)
	out := string(run(t, "ffmpeg", "-v", "error", "-nostdin", "-f", "concat", "-i", list, "-fps_mode", "passthrough", "-f", "framehash", "-"))
	var times []string
	for line := range strings.Lines(out) {
		if fields := strings.Split(line, ","); !strings.HasPrefix(line, "#") {
			times = append(times, strings.TrimSpace(fields[2]))
		}
	}
	var want []string
	for fr, err := range film.Frames(t.Context(), mustMeasure(t, film).Size) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(fr.Tick*25/30)) // in frames of images
	}
	if len(times) != len(want)+1 {
		t.Errorf("the frames begin at %q; want those at %q, and the last again", times, want)
	}
}
