package play

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
)

// Follow returns each event of a growing recording, plain or compressed, as soon as
// it is flushed.
func TestFollow(t *testing.T) {
	for _, ext := range []string{".cast", ".cast.gz", ".cast.zst"} {
		t.Run(ext, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x"+ext)
			file, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			comp, err := format.CompressionByFileName(name).NewWriter(file)
			if err != nil {
				t.Fatal(err)
			}
			w, err := format.AsciicastV3.NewWriter(comp)
			if err != nil {
				t.Fatal(err)
			}
			flush := func() {
				t.Helper()
				if err := format.Flush(w); err != nil {
					t.Fatal(err)
				}
				if err := comp.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.WriteHeader(format.Header{Size: format.Size{Cols: 80, Rows: 24}}); err != nil {
				t.Fatal(err)
			}
			flush()
			in, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			got := make(chan string)
			go func() {
				defer close(got)
				cast, _, err := format.Open(Follow(ctx, in))
				if err != nil {
					t.Error(err)
					return
				}
				for ev, err := range cast.Events {
					if err != nil {
						t.Error(err)
						return
					}
					got <- ev.Data
				}
			}()
			for i := range 5 {
				want := fmt.Sprint("event ", i)
				if err := w.WriteEvent(out(time.Duration(i)*time.Second, want)); err != nil {
					t.Fatal(err)
				}
				flush()
				select {
				case data := <-got:
					if data != want {
						t.Errorf("got %q; want %q", data, want)
					}
				case <-time.After(await.Patience):
					t.Fatalf("%q was flushed, but never read", want)
				}
			}
			cancel()
			select {
			case data, ok := <-got:
				if ok {
					t.Errorf("got %q after the end of the context", data)
				}
			case <-time.After(await.Patience):
				t.Error("Follow does not end with its context")
			}
		})
	}
}

func TestFollowEndsWithTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := Follow(t.Context(), file)
	io.ReadFull(r, make([]byte, 10))
	if err := os.Truncate(name, 3); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("Read of a truncated file = %d, %v; want 0, EOF", n, err)
	}
}
