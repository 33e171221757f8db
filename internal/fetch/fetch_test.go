package fetch

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
)

const cast = `{"version":2,"width":80,"height":24}` + "\n" + `[0.5,"o","hi"]` + "\n"

func serve(t *testing.T, handlers map[string]http.HandlerFunc) string {
	mux := http.NewServeMux()
	for path, h := range handlers {
		mux.HandleFunc(path, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func text(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		io.WriteString(w, body)
	}
}

func TestOpen(t *testing.T) {
	page := func(link string) string {
		return `<!DOCTYPE html><html><head><link rel=stylesheet href="/x.css"><link rel="alternate" type="application/rss+xml" href="/rss">` +
			link + `</head><body></body></html>`
	}
	url := serve(t, map[string]http.HandlerFunc{
		"/a.cast":  text("application/x-asciicast", cast),
		"/bytes":   text("application/octet-stream", cast),
		"/text":    text("text/plain", cast),
		"/a/1":     text("text/html; charset=utf-8", page(`<link rel="alternate" type="application/x-asciicast" href="/a.cast">`)),
		"/old":     text("text/plain", page(`<LINK TYPE='application/asciicast+json' REL='ALTERNATE nofollow' HREF='a.cast'/>`)),
		"/based":   text("text/html", page(`<base href="/sub/"><link rel="alternate" type="application/x-asciicast" href="b">`)),
		"/sub/b":   text("application/x-asciicast", cast),
		"/nothing": text("text/html", page("")),
		"/file":    text("text/html", page(`<link rel="alternate" type="application/x-asciicast" href="file:///etc/passwd">`)),
		"/moved":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/a.cast", http.StatusFound) },
		"/round":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) },
		"/encoded": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, cast)
			z.Close()
		},
	})
	tests := []struct{ path, wantErr string }{
		{"/a.cast", ""}, {"/bytes", ""}, {"/text", ""}, {"/a/1", ""}, {"/old", ""}, {"/based", ""}, {"/moved", ""}, {"/encoded", ""},
		{"/missing", "404"}, {"/nothing", "no link to a recording"}, {"/file", "refused"}, {"/round", "too many redirects"},
	}
	for _, tt := range tests {
		body, err := Open(t.Context(), url+tt.path)
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("Open(%s) = %v; want an error with %q", tt.path, err, tt.wantErr)
			}
			continue
		}
		if err != nil {
			t.Errorf("Open(%s): %v", tt.path, err)
			continue
		}
		got, err := io.ReadAll(body)
		body.Close()
		if string(got) != cast || err != nil {
			t.Errorf("Open(%s): body %q, %v; want the recording", tt.path, got, err)
		}
	}
}

// Open returns bytes before the download ends.
func TestOpenStreams(t *testing.T) {
	more := make(chan bool)
	url := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, cast)
		w.(http.Flusher).Flush()
		<-more
	}})
	body, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	first := make(chan string)
	go func() {
		p := make([]byte, len(cast))
		io.ReadFull(body, p)
		first <- string(p)
	}()
	select {
	case got := <-first:
		if got != cast {
			t.Errorf("first bytes %q; want the recording", got)
		}
	case <-time.After(await.Patience):
		t.Error("no bytes before the end of the download")
	}
	close(more)
}

func TestLimited(t *testing.T) {
	l := &limited{r: strings.NewReader("0123456789"), left: 4}
	got, err := io.ReadAll(iotest.OneByteReader(l))
	if string(got) != "0123" || !errors.Is(err, ErrTooLarge) {
		t.Errorf("ReadAll = %q, %v; want 0123 and ErrTooLarge", got, err)
	}
}

func TestIsURL(t *testing.T) {
	for name, want := range map[string]bool{"http://x/y": true, "HTTPS://x": true, "x.cast": false, "ftp://x": false, "./http:/x": false, "-": false} {
		if IsURL(name) != want {
			t.Errorf("IsURL(%q) = %v; want %v", name, !want, want)
		}
	}
}
