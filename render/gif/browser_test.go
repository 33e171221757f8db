package gif_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	stdgif "image/gif"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
)

// decodeInBrowser decodes a GIF with WebCodecs, and sums up the pixels of each frame.
const decodeInBrowser = `(async () => {
	const data = Uint8Array.from(atob(document.getElementById("gif").textContent), c => c.charCodeAt(0));
	const decoder = new ImageDecoder({data, type: "image/gif"});
	await decoder.tracks.ready;
	await decoder.completed;
	const frames = [];
	for (let i = 0; i < decoder.tracks.selectedTrack.frameCount; i++) {
		const frame = (await decoder.decode({frameIndex: i})).image;
		const canvas = new OffscreenCanvas(frame.displayWidth, frame.displayHeight).getContext("2d");
		canvas.drawImage(frame, 0, 0);
		let sum = 0;
		for (const v of canvas.getImageData(0, 0, frame.displayWidth, frame.displayHeight).data) sum = Math.imul(sum, 31) + v >>> 0;
		frames.push({Sum: sum, Delay: frame.duration / 10000});
		frame.close();
	}
	return frames;
})()`

// Chromium shows the frames that image/gif decodes. Its decoder has to know codes of a
// full table and codes that are narrower than the table of colours.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("TestChromium is skipped with -short: it is long")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: TestChromium: chromium is missing")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.DisableGPU, chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which does not work for root
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	for name, film := range map[string]*render.Film{
		"work":   filmOf(func() format.Cast { return testcast.Work(30<<10, 20*time.Second) }),
		"colors": filmOf(func() format.Cast { return generated(1, 60, true) }),
		"short":  text(0, time.Second, 3*time.Second),
	} {
		film.FPS = 5
		w := &gif.Writer{Film: film, Picture: &render.Picture{Window: render.ChromeMac, Padding: 8, Radius: 8}, Fonts: fonts(t, 12)}
		data := write(t, w)
		page := filepath.Join(t.TempDir(), "page.html")
		html := "<!doctype html><pre id=gif>" + base64.StdEncoding.EncodeToString(data) + "</pre>"
		if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(ctx, chromedp.Navigate("file://"+filepath.ToSlash(page))); err != nil {
			t.Fatal(err)
		}
		out, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](decodeInBrowser, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		type frame struct{ Sum, Delay int }
		var got []frame
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		want, err := stdgif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want.Image) || len(got) < 3 {
			t.Fatalf("%s: Chromium shows %d frames; want %d", name, len(got), len(want.Image))
		}
		shown := image.NewNRGBA(image.Rect(0, 0, want.Config.Width, want.Config.Height))
		for i := range want.Image {
			paint(shown, want.Image[i])
			var sum uint32
			for _, v := range shown.Pix {
				sum = sum*31 + uint32(v)
			}
			if w := (frame{int(sum), want.Delay[i]}); got[i] != w {
				t.Fatalf("%s: frame %d of %d is %s; want %s", name, i, len(got), fmt.Sprint(got[i]), fmt.Sprint(w))
			}
		}
	}
}
