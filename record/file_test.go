//go:build linux || darwin

package record

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// write1 records one output event at 250 ms and an exit event to f, and closes
// f.
func write1(t *testing.T, f *File, size format.Size, data string) {
	t.Helper()
	if err := f.WriteHeader(format.Header{Size: size}); err != nil {
		t.Fatal(err)
	}
	for _, ev := range []format.Event{{Time: 250 * time.Millisecond, Code: format.Output, Data: data}, {Time: time.Second, Code: format.Exit, Data: "0"}} {
		if err := f.WriteEvent(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

var size80 = format.Size{Cols: 80, Rows: 24}

func TestCreateIsPrivateAndExclusive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "dir", "a.cast")
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file exists before its header is written")
	}
	other, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteHeader(format.Header{Size: size80}); err != nil {
		t.Fatal(err)
	}
	if err := other.WriteHeader(format.Header{Size: size80}); !errors.Is(err, ErrExists) {
		t.Errorf("WriteHeader to an existing file: %v; want %v", err, ErrExists)
	}
	other.Discard()
	if _, err := Create(path, FileOptions{Append: true}); !errors.Is(err, ErrInUse) {
		t.Errorf("Create with Append during a recording: %v; want %v", err, ErrInUse)
	}
	f.WriteEvent(format.Event{Code: format.Output, Data: "first"})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if _, err := Create(path, FileOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("Create of an existing file: %v; want %v", err, ErrExists)
	}
	if got := read(t, path).text(format.Output); got != "first" {
		t.Errorf("output %q; want first", got)
	}
	// Create never follows a link, dangling or not.
	link := filepath.Join(dir, "link.cast")
	for _, target := range []string{filepath.Join(dir, "elsewhere"), path} {
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		for _, o := range []FileOptions{{}, {Append: true}} {
			if f, err := Create(link, o); err == nil {
				t.Errorf("Create(%+v) followed a link to %s", o, target)
				f.Close()
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("Create made a file at a link's target")
	}
	// Create accepts an empty file, such as mktemp makes.
	empty := filepath.Join(dir, "empty.cast")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err = Create(empty, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write1(t, f, size80, "x")
}

// Overwrite keeps the old recording until the new one begins. If the program
// cannot be started, the old recording stays.
func TestOverwrite(t *testing.T) {
	path := castPath(t)
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write1(t, f, size80, "old")
	f, err = Create(path, FileOptions{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, path).text(format.Output); got != "old" {
		t.Errorf("output before the new header: %q; want old", got)
	}
	// The old one is held meanwhile: whoever records to it now would lose that.
	if _, err := Create(path, FileOptions{Append: true}); !errors.Is(err, ErrInUse) {
		t.Errorf("appending to a file that is about to be replaced: %v; want ErrInUse", err)
	}
	f.Discard()
	if got := read(t, path).text(format.Output); got != "old" {
		t.Errorf("output after Discard: %q; want old", got)
	}
	f, err = Create(path, FileOptions{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteHeader(format.Header{Size: size80}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []FileOptions{{Overwrite: true}, {Append: true}} {
		if _, err := Create(path, o); !errors.Is(err, ErrInUse) {
			t.Errorf("%+v of a recording in progress: %v; want ErrInUse", o, err)
		}
	}
	if err := f.WriteEvent(format.Event{Code: format.Output, Data: "new"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path).text(format.Output); got != "new" {
		t.Errorf("output after overwriting: %q; want new", got)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("directory: %v, %v; want one file", names, err)
	}
}

// A file that loses its name between being opened and being locked, as when the
// daemon compresses it, is not recorded to.
func TestLockOpened(t *testing.T) {
	path := castPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	f := &File{Path: path, f: opened}
	if err := f.lockOpened(); err != nil {
		t.Errorf("lockOpened: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.lockOpened(); !errors.Is(err, errMoved) {
		t.Errorf("lockOpened of a removed file: %v; want errMoved", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.lockOpened(); !errors.Is(err, errMoved) {
		t.Errorf("lockOpened of a replaced file: %v; want errMoved", err)
	}
}

// A recording that was renamed stays the one that Recorded opens, also when its old
// name belongs to another.
func TestRecordedRenamed(t *testing.T) {
	path := castPath(t)
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	recorded := f.Recorded()
	write := func(f *File, data string) {
		t.Helper()
		if err := f.WriteEvent(format.Event{Code: format.Output, Data: data}); err != nil {
			t.Fatal(err)
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteHeader(format.Header{Size: size80}); err != nil {
		t.Fatal(err)
	}
	write(f, "ours")
	if err := os.Rename(path, path+".kept"); err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		cast, closer, err := recorded()
		if runtime.GOOS != "linux" {
			if err == nil {
				t.Errorf("%s: no error; want one where the file cannot be found", what)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer closer.Close()
		for ev, err := range cast.Events {
			if err != nil || ev.Data != "ours" {
				t.Errorf("%s: event %v, %v; want ours", what, ev, err)
			}
			return
		}
		t.Errorf("%s: no event", what)
	}
	check("after the rename")
	other, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.WriteHeader(format.Header{Size: size80}); err != nil {
		t.Fatal(err)
	}
	write(other, "another's")
	check("with another recording in its place")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := recorded(); err == nil {
		t.Error("after Close: no error; want one, and not the other recording")
	}
}

func TestAppend(t *testing.T) {
	const (
		v3 = `{"version":3,"term":{"cols":80,"rows":24}}` + "\n"
		v2 = `{"version":2,"width":80,"height":24}` + "\n"
	)
	tests := []struct {
		name, file, before string
		size               format.Size
		want               string // the file's content afterwards
	}{
		{"v3", "a.cast", v3 + "[1.000, \"o\", \"a\"]\n", size80, v3 + "[1.000, \"o\", \"a\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"v2 counts on from its last event", "a.cast", v2 + "[1.5, \"o\", \"a\"]\n", size80,
			v2 + "[1.5, \"o\", \"a\"]\n[1.75, \"o\", \"new\"]\n[2.5, \"x\", \"0\"]\n"},
		{"another size", "a.cast", v3, format.Size{Cols: 100, Rows: 30}, v3 + "[0.000, \"r\", \"100x30\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"the size of its last resize", "a.cast", v3 + "[0.500, \"r\", \"100x30\"]\n", format.Size{Cols: 100, Rows: 30},
			v3 + "[0.500, \"r\", \"100x30\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"torn last line", "a.cast", v3 + "[1.000, \"o\", \"a\"]\n[0.123, \"o\", \"tor", size80,
			v3 + "[1.000, \"o\", \"a\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"missing last line break", "a.cast", v3 + "[1.000, \"o\", \"a\"]", size80,
			v3 + "[1.000, \"o\", \"a\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"only a header, without line break", "a.cast", strings.TrimSpace(v3), size80, v3 + "[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"zeros of a crash", "a.cast", v3 + "[1.000, \"o\", \"a\"]\n" + strings.Repeat("\x00", 5000), size80,
			v3 + "[1.000, \"o\", \"a\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"zeros in a torn line", "a.cast", v3 + "[1.000, \"o\", \"a\"]\n[0.1" + strings.Repeat("\x00", 5000), size80,
			v3 + "[1.000, \"o\", \"a\"]\n[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
		{"an empty file", "a.cast", "", size80, v3 + "[0.250, \"o\", \"new\"]\n[0.750, \"x\", \"0\"]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Create(path, FileOptions{Append: true})
			if err != nil {
				t.Fatal(err)
			}
			write1(t, f, tt.size, "new")
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("the file holds\n%q; want\n%q", got, tt.want)
			}
		})
	}
}

func TestAppendCompressed(t *testing.T) {
	for _, ext := range []string{".gz", ".zst"} {
		for _, torn := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "a.cast"+ext)
			f, err := Create(path, FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			f.WriteHeader(format.Header{Size: size80})
			f.WriteEvent(format.Event{Time: time.Second, Code: format.Output, Data: "old"})
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			if torn {
				// The recorder was killed: the stream has no end and holds half
				// a line more.
				f.comp.Write([]byte(`[0.1, "o", "tor`))
				f.comp.Flush()
				f.f.Close()
			} else if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f, err = Create(path, FileOptions{Append: true})
			if err != nil {
				t.Fatal(err)
			}
			write1(t, f, size80, "new")
			in, err := format.OpenFile(path, format.Strict())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for ev, err := range in.Events {
				if err != nil {
					t.Errorf("%s, torn %v: %v", ext, torn, err)
				}
				got = append(got, ev.Time.String()+" "+ev.Data)
			}
			in.Close()
			if want := "1s old,1.25s new,2s 0"; strings.Join(got, ",") != want {
				t.Errorf("%s, torn %v: events %q; want %s", ext, torn, got, want)
			}
			if in.Compression == format.Uncompressed {
				t.Errorf("%s: the file is no longer compressed", ext)
			}
		}
	}
}

// What is appended begins with the time of day, if the header has one.
func TestAppendTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.cast")
	if err := os.WriteFile(path, []byte("{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1.000, \"o\", \"a\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path, FileOptions{Append: true})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 30, 13, 14, 31, 0, time.UTC)
	if err := errors.Join(f.WriteHeader(format.Header{Size: format.Size{Cols: 80, Rows: 24}, Start: start}), f.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[0.000, "m", "resumed 2026-11-30 13:14:31.000 +0000"]`; !strings.HasSuffix(string(data), want+"\n") {
		t.Errorf("the file holds %q; want %s at its end", data, want)
	}
}

func TestAppendRefuses(t *testing.T) {
	dir := t.TempDir()
	tests := map[string]struct {
		text string
		o    FileOptions
	}{
		"another format": {`{"version":3,"term":{"cols":80,"rows":24}}` + "\n", FileOptions{Append: true, Format: format.AsciicastV2}},
		"version 1":      {`{"version":1,"width":80,"height":24,"duration":1,"stdout":[[1,"a"]]}`, FileOptions{Append: true}},
	}
	for name, tt := range tests {
		path := filepath.Join(dir, name+".cast")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Create(path, tt.o); !errors.Is(err, ErrNoAppend) {
			t.Errorf("%s: Create with Append: %v; want %v", name, err, ErrNoAppend)
		}
		if got, _ := os.ReadFile(path); string(got) != tt.text {
			t.Errorf("%s: Create changed the file to %q", name, got)
		}
	}
	text := filepath.Join(dir, "text.cast")
	os.WriteFile(text, []byte("not a recording\n"), 0o600)
	if _, err := Create(text, FileOptions{Append: true}); err == nil {
		t.Error("Create with Append accepted a file that is not a recording")
	}
}

// Create writes directly to a pipe.
func TestCreatePipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := "/dev/fd/" + itoa(int(w.Fd()))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no path for a pipe: %v", err)
	}
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	write1(t, f, size80, "through") // short enough for the pipe's buffer
	cast, _, err := format.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	for ev, err := range cast.Events {
		if err != nil || ev.Data != "through" {
			t.Errorf("event %+v, %v; want the output through", ev, err)
		}
		break
	}
}

// A kill loses the data since the last flush: nothing of a plain file, whose
// data the system has, and at most the last second of a compressed file.
func TestFlushEvery(t *testing.T) {
	for ext, most := range map[string]time.Duration{".cast": 0, ".cast.zst": time.Second, ".cast.gz": time.Second} {
		f, err := Create(filepath.Join(t.TempDir(), "a"+ext), FileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.FlushEvery(); got > most || (got == 0) != (most == 0) {
			t.Errorf("%s: FlushEvery() = %v; want at most %v", ext, got, most)
		}
		f.Discard()
	}
}

// A raw file holds no sizes. Recorded knows them nevertheless, in their places.
func TestRecordedRaw(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "a.raw"), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	resize := func(size string) format.Event { return format.Event{Code: format.Resize, Data: size} }
	long := strings.Repeat("x", 100_000)
	var want strings.Builder
	err = f.WriteHeader(format.Header{Size: format.Size{Cols: 70, Rows: 20}})
	for _, ev := range []format.Event{resize("60x10"), output(0, "one"), output(0, long), resize("50x10"), resize("40x10"), output(0, "two"), resize("30x10")} {
		if err == nil {
			err = f.WriteEvent(ev)
		}
		if ev.Code == format.Resize {
			want.WriteString("<" + ev.Data + ">")
		} else {
			want.WriteString(ev.Data)
		}
	}
	if err == nil {
		err = f.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cast, closer, err := f.Recorded()()
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	var got strings.Builder
	for ev, err := range cast.Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Code == format.Resize {
			got.WriteString("<" + ev.Data + ">")
		} else {
			got.WriteString(ev.Data)
		}
	}
	if got.String() != want.String() || cast.Header.Size != (format.Size{Cols: 70, Rows: 20}) {
		t.Errorf("size %v, events %.200q; want 70x20, %.200q", cast.Header.Size, got.String(), want.String())
	}
}
