package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/login"
	"go.yaml.in/yaml/v3"
)

var quiet = slog.New(slog.DiscardHandler)

// recording writes a file that was last changed some days ago.
func recording(t *testing.T, dir, name string, days int, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Duration(days) * 24 * time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	return path
}

const whole = `{"version":3,"term":{"cols":80,"rows":24}}` + "\n" + `[1.0, "o", "hello\r\n"]` + "\n" + `[0.5, "o", "world\r\n"]` + "\n" + `[0.1, "x", "0"]` + "\n"

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestSweepRemoves(t *testing.T) {
	size := int64(len(whole))
	tests := []struct {
		name string
		keep Keep
		want []string
	}{
		{"nothing", Keep{}, []string{"a.cast", "b.cast", "c.cast.zst", "d.cast", "live.cast", "notes.txt"}},
		{"by age", Keep{Age: 60 * time.Hour}, []string{"a.cast", "b.cast", "live.cast", "notes.txt"}},
		{"by count", Keep{Count: 2}, []string{"a.cast", "live.cast", "notes.txt"}},
		{"by size", Keep{Bytes: 3*size + 10}, []string{"a.cast", "b.cast", "live.cast", "notes.txt"}},
		{"all that may be", Keep{Bytes: 1}, []string{"live.cast", "notes.txt"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, name := range []string{"a.cast", "b.cast", "c.cast.zst", "d.cast"} {
				recording(t, dir, name, i+1, whole)
			}
			recording(t, dir, "notes.txt", 1000, "mine")
			// This recording is in progress, for as long as the test runs.
			f, err := record.Create(filepath.Join(dir, "live.cast"), record.FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := errors.Join(f.WriteHeader(format.Header{Size: format.Size{Cols: 80, Rows: 24}}), format.Flush(f)); err != nil {
				t.Fatal(err)
			}
			swept, err := tt.keep.Sweep(t.Context(), dir, quiet)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); !slices.Equal(got, tt.want) || len(swept.Removed) != 6-len(tt.want) {
				t.Errorf("left %q, removed %q; want %q left", got, swept.Removed, tt.want)
			}
		})
	}
}

// Sweep leaves a login's recording alone while its receiver writes it.
func TestSweepLeavesLogins(t *testing.T) {
	base, err := os.MkdirTemp("", "td") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	l, err := login.Listen(filepath.Join(base, "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- (&login.Receiver{Dir: filepath.Join(base, "kept")}).Serve(ctx, l) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	s, err := login.Send(filepath.Join(base, "s"), login.Hello{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir, name := filepath.Split(s.File)
	// Send nothing, then some of it, then up to the middle of a line.
	sent := 0
	for _, size := range []int{0, 45, len(whole) - 10} {
		if _, err := io.WriteString(s, whole[sent:size]); err != nil {
			t.Fatal(err)
		}
		sent = size
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			info, err := os.Stat(s.File)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() == int64(size) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d bytes arrived; want %d", info.Size(), size)
			}
		}
		// The user has been idle for two days.
		at := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(s.File, at, at); err != nil {
			t.Fatal(err)
		}
		for _, k := range []Keep{{}, {Compress: time.Second}, {Age: time.Second}, {Bytes: 1}, {Count: 1}, {Compress: 1, Age: 1, Bytes: 1, Count: 1}} {
			recording(t, dir, "newer.cast", 1, whole) // with it, the login's is one too many for Count
			swept, err := k.Sweep(t.Context(), dir, quiet)
			text, rerr := os.ReadFile(s.File)
			if err != nil || rerr != nil || string(text) != whole[:size] || len(swept.Mended) > 0 {
				t.Fatalf("Sweep with %+v after %d bytes = %+v, %v; the recording is %q, %v", k, size, swept, err, text, rerr)
			}
			os.Remove(filepath.Join(dir, "newer.cast"))
			os.Remove(filepath.Join(dir, "newer.cast.zst"))
		}
	}
	if _, err := io.WriteString(s, whole[sent:]); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := texts(t, s.File)
	// The receiver closes the file when it has answered, or soon after.
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		swept, err := Keep{Compress: 1}.Sweep(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(names(t, dir), []string{name + ".zst"}) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the ended recording is not compressed: %q, %+v", names(t, dir), swept)
		}
	}
	if got := texts(t, s.File+".zst"); got != want || !strings.Contains(got, "world") {
		t.Errorf("the compressed recording holds\n%s\nwant\n%s", got, want)
	}
}

// unlink keeps a recording that has taken another's name.
// onRecord calls a function with each log record.
type onRecord struct {
	slog.Handler
	f func(slog.Record)
}

func (h onRecord) Enabled(context.Context, slog.Level) bool { return true }
func (h onRecord) Handle(_ context.Context, r slog.Record) error {
	h.f(r)
	return nil
}

// While one recording is compressed, another is replaced: it is new, whatever the
// listing says.
func TestSweepLeavesTheChanged(t *testing.T) {
	for name, keep := range map[string]Keep{
		"compressed": {Compress: time.Hour},
		"removed":    {Compress: 60 * time.Hour, Age: 36 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			recording(t, dir, "a.cast", 3, whole)
			b := recording(t, dir, "b.cast", 2, whole)
			once := false
			log := slog.New(onRecord{slog.DiscardHandler, func(slog.Record) {
				if !once {
					once = true
					recording(t, dir, "b.cast", 0, whole+whole[strings.IndexByte(whole, '\n')+1:])
				}
			}})
			swept, err := keep.Sweep(t.Context(), dir, log)
			if err != nil {
				t.Error(err)
			}
			if !once || len(swept.Packed) != 1 || slices.Contains(swept.Removed, b) {
				t.Errorf("swept %+v; want only a.cast compressed, and b.cast left", swept)
			}
			if _, err := os.Stat(b); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnlinkAnother(t *testing.T) {
	dir := t.TempDir()
	path := recording(t, dir, "a.cast", 1, whole)
	f, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Rename(recording(t, dir, "b.cast", 0, "another"), path); err != nil {
		t.Fatal(err)
	}
	if err := unlink(f, path); err == nil {
		t.Error("unlink removed another recording")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "another" {
		t.Errorf("the file holds %q, %v; want another", text, err)
	}
}

func texts(t *testing.T, path string) string {
	t.Helper()
	f, err := format.OpenFile(path, format.Strict())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b strings.Builder
	for ev, err := range f.Events {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%v %s %q\n", ev.Time, ev.Code, ev.Data)
	}
	return b.String()
}

// A compressed recording may be torn at any byte.
func TestSweepMendsCompressed(t *testing.T) {
	var whole bytes.Buffer
	w, err := format.Zstd.NewWriter(&whole)
	if err != nil {
		t.Fatal(err)
	}
	var heads []int // where the recorder may have flushed
	for i := range 20 {
		line := `{"version":3,"term":{"cols":80,"rows":24}}`
		if i > 0 {
			line = fmt.Sprintf(`[1.0, "o", "line %d of many\r\n"]`, i)
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, whole.Len())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for size := heads[0]; size <= whole.Len(); size++ {
		dir := t.TempDir()
		path := recording(t, dir, "a.cast.zst", 1, whole.String()[:size])
		swept, err := Keep{}.Sweep(t.Context(), dir, quiet)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		want := texts(t, path) // read strictly
		lines := 0
		for _, head := range heads[1:] {
			if head <= size {
				lines++
			}
		}
		if got := strings.Count(want, "of many"); got != lines {
			t.Errorf("cut at %d: %d lines left; want %d", size, got, lines)
		}
		if torn := size < whole.Len(); torn != (len(swept.Mended) == 1) || torn != strings.Contains(want, "cut off") {
			t.Errorf("cut at %d of %d: mended %q; the recording holds\n%s", size, whole.Len(), swept.Mended, want)
		}
		if again, err := (Keep{}).Sweep(t.Context(), dir, quiet); err != nil || len(again.Mended) > 0 {
			t.Errorf("cut at %d: a second sweep mended %q, %v; want nothing", size, again.Mended, err)
		}
	}
}

func TestSweepMendsAndPacks(t *testing.T) {
	dir := t.TempDir()
	torn := recording(t, dir, "torn.cast", 1, strings.TrimSuffix(whole, `[0.1, "x", "0"]`+"\n")+`[0.2, "o", "half a l`)
	fresh := recording(t, dir, "fresh.cast", 0, whole)
	full := recording(t, dir, "whole.cast", 2, whole)
	want := texts(t, full)
	broken := recording(t, dir, "broken.cast", 2, "no recording\n")
	before, err := os.Stat(full)
	if err != nil {
		t.Fatal(err)
	}
	swept, err := Keep{Compress: time.Hour}.Sweep(t.Context(), dir, quiet)
	if err == nil || !strings.Contains(err.Error(), "broken.cast") || strings.Contains(err.Error(), "torn") {
		t.Errorf("error %v; want one about broken.cast alone", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"broken.cast", "fresh.cast", "torn.cast.zst", "whole.cast.zst"}) {
		t.Errorf("left %q (%+v); want torn.cast and whole.cast compressed", got, swept)
	}
	if text, err := os.ReadFile(broken); err != nil || string(text) != "no recording\n" {
		t.Errorf("broken.cast holds %q, %v; want it unchanged", text, err)
	}
	if got := texts(t, full+".zst"); got != want {
		t.Errorf("the compressed recording holds\n%s\nwant\n%s", got, want)
	}
	if after, err := os.Stat(full + ".zst"); err != nil || !after.ModTime().Equal(before.ModTime()) || after.Mode().Perm() != 0o600 {
		t.Errorf("compressed recording: %v, %v; want the old time, and mode 0600", after, err)
	}
	if got := texts(t, torn+".zst"); got != "1s o \"hello\\r\\n\"\n1.5s o \"world\\r\\n\"\n1.5s m \"cut off: the recorder was killed\"\n" {
		t.Errorf("the mended recording holds\n%s", got)
	}
	if got := texts(t, fresh); got != want {
		t.Errorf("fresh.cast holds\n%s\nwant it unchanged", got)
	}
	if again, err := (Keep{Compress: time.Hour}).Sweep(t.Context(), dir, quiet); err == nil || len(again.Packed)+len(again.Mended) != 0 {
		t.Errorf("second Sweep = %+v, %v; want only the error about broken.cast", again, err)
	}
}

func TestDaemon(t *testing.T) {
	base, err := os.MkdirTemp("", "td")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	t.Setenv("XDG_RUNTIME_DIR", base)
	dir, err := live.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	client, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Sessions(t.Context()); !errors.Is(err, live.ErrNoSession) {
		t.Errorf("Sessions without a daemon: %v; want ErrNoSession", err)
	}
	// The sessions run in this process.
	ended := make(chan struct{}, 10)
	launch := func(s Start) (Started, error) {
		server, err := dir.Serve(live.Options{Name: s.Name, Command: s.Command})
		if err != nil {
			return Started{}, err
		}
		path := filepath.Join(base, server.Name()+".cast")
		f, err := record.Create(path, record.FileOptions{})
		if err != nil {
			return Started{}, err
		}
		started := make(chan struct{})
		r := record.Recorder{Writer: f, Recorded: f.Recorded(), Args: s.Command, Headless: true, Size: format.Size{Cols: s.Cols, Rows: s.Rows},
			Started: func(c *record.Control) { server.Started(c); close(started) }}
		go func() {
			status, _ := r.Run(context.Background())
			server.Close(status)
			ended <- struct{}{}
		}()
		<-started
		return Started{Name: server.Name(), File: path}, nil
	}
	serve := func() (stop func()) {
		l, release, err := dir.Listen()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		d := &Daemon{Dir: dir, Recordings: base, Keep: Keep{Count: 1}, Launch: launch}
		go func() { done <- d.Serve(ctx, l) }()
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			release()
		}
	}
	stop := serve()
	if _, _, err := dir.Listen(); !errors.Is(err, live.ErrNameTaken) {
		t.Errorf("second Listen: %v; want ErrNameTaken", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	st, err := client.Start(ctx, Start{Name: "one", Command: []string{"sh", "-c", "stty -echo; echo ready; read x; echo got $x; read x"}, Cols: 50, Rows: 9})
	if err != nil || st.Name != "one" {
		t.Fatalf("Start = %+v, %v; want the name one", st, err)
	}
	if _, err := client.Start(ctx, Start{Name: "one", Command: []string{"true"}}); err == nil || !strings.Contains(err.Error(), "is running") {
		t.Errorf("Start with a taken name: %v; want an error", err)
	}
	if _, err := client.Start(ctx, Start{Name: "daemon", Command: []string{"true"}}); err == nil {
		t.Error("Start accepted the name daemon")
	}
	list, err := client.Sessions(ctx)
	if err != nil || len(list) != 1 || list[0].Name != "one" || list[0].Cols != 50 {
		t.Errorf("Sessions = %+v, %v; want the session one, 50 columns", list, err)
	}
	// From here on, the calls go through the daemon.
	shown := func(want string) {
		t.Helper()
		for {
			s, err := client.Session("one").Screen(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(s.Text, want) {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	shown("ready")
	if err := client.Session("one").Type(ctx, []byte("it\r")); err != nil {
		t.Fatal(err)
	}
	shown("got it")
	if state, err := client.Session("one").State(ctx); err != nil || state.Rows != 9 {
		t.Errorf("State = %+v, %v; want 9 rows", state, err)
	}
	if _, err := client.Session("nobody").State(ctx); !errors.Is(err, live.ErrNoSession) {
		t.Errorf("State of a missing session: %v; want ErrNoSession", err)
	}
	w, err := client.Session("one").Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if m, err := w.Next(ctx); err != nil || m.Kind != live.MessageScreen || m.Size.Cols != 50 {
		t.Errorf("the first message is %+v, %v; want a screen of 50 columns", m, err)
	}
	recording(t, base, "old.cast", 3, whole)
	if swept, err := client.Sweep(ctx); err != nil || len(swept.Removed) != 1 || filepath.Base(swept.Removed[0]) != "old.cast" {
		t.Errorf("Sweep = %+v, %v; want old.cast removed", swept, err)
	}
	// The daemon stops and starts again; the session goes on.
	stop()
	if _, err := client.Sessions(ctx); !errors.Is(err, live.ErrNoSession) {
		t.Errorf("Sessions without the daemon: %v; want ErrNoSession", err)
	}
	stop = serve()
	defer stop()
	shown("got it")
	if err := client.Session("one").Type(ctx, []byte("\r")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-ctx.Done():
		t.Fatal("the session did not end")
	}
}

// The OpenAPI file lists every call.
func TestOpenAPI(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for path, method := range map[string]string{
		"/v1/sessions": "post", "/v1/sweep": "post", "/v1/sessions/{name}": "get", "/v1/sessions/{name}/screen": "get", "/v1/sessions/{name}/input": "post",
		"/v1/sessions/{name}/mark": "post", "/v1/sessions/{name}/pause": "post", "/v1/sessions/{name}/resume": "post", "/v1/sessions/{name}/rename": "post",
		"/v1/sessions/{name}/signal": "post", "/v1/sessions/{name}/watch": "get", "/v1/sessions/{name}/attach": "get",
	} {
		if doc.Paths[path][method] == nil {
			t.Errorf("%s %s is not in openapi.yaml", method, path)
		}
	}
	if doc.OpenAPI == "" || len(doc.Paths) != 13 {
		t.Errorf("OpenAPI %q, %d paths; want a version and 13 paths", doc.OpenAPI, len(doc.Paths))
	}
}

// A session's redirect could make a client repeat its request at another
// session. The daemon does not pass it on.
func TestRedirectsEndAtTheDaemon(t *testing.T) {
	base, err := os.MkdirTemp("", "daemon")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	t.Setenv("XDG_RUNTIME_DIR", base)
	dir, err := live.OpenDir()
	if err != nil {
		t.Fatal(err)
	}
	session, err := net.Listen("unix", filepath.Join(dir.Path(), "evil.sock"))
	if err != nil {
		t.Fatal(err)
	}
	evil := &http.Server{Handler: http.RedirectHandler("/v1/sessions/other/input", http.StatusTemporaryRedirect)}
	go evil.Serve(session)
	defer evil.Close()
	l, release, err := dir.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- (&Daemon{Dir: dir}).Serve(ctx, l) }()
	defer func() { cancel(); <-done }()
	client, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	req, err := http.NewRequest("POST", "http://session/v1/sessions/evil/input", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest || res.Header.Get("Location") != "" || !strings.Contains(string(text), "sent a redirect") {
		t.Errorf("response %s, Location %q: %s; want 400 without a redirect", res.Status, res.Header.Get("Location"), text)
	}
}
