//go:build linux || darwin

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// put writes a file in the usual way.
func put(t *testing.T, name, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// check compares the names in a directory, and their contents, with want.
func check(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var text []byte
			text, err = os.ReadFile(path)
			name, _ := filepath.Rel(dir, path)
			got[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files: %q; want %q", got, want)
	}
}

// begin creates a file and writes text to it.
func begin(t *testing.T, name, text string, o Options) *File {
	t.Helper()
	f, err := Create(name, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return f
}

// A file appears as a whole; until then, the old one is there.
func TestCommit(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	f := begin(t, name, "one", Options{})
	if _, err := os.Stat(name); err == nil {
		t.Error("the file has its name before it is complete")
	}
	if err := Commit(f); err != nil {
		t.Fatal(err)
	}
	check(t, dir, map[string]string{"a": "one"})

	f = begin(t, name, "two", Options{Overwrite: true})
	if temp := filepath.Base(f.OS().Name()); !strings.HasPrefix(temp, ".a.") {
		t.Errorf("temporary name %s; want .a.RANDOM", temp)
	}
	// A killed program leaves the old file, and the new one under the temporary name.
	if text, err := os.ReadFile(name); err != nil || string(text) != "one" {
		t.Errorf("before Commit: %q, %v; want the old file", text, err)
	}
	if err := Commit(f); err != nil {
		t.Fatal(err)
	}
	check(t, dir, map[string]string{"a": "two"})
	begin(t, name, "three", Options{Overwrite: true}).Discard()
	check(t, dir, map[string]string{"a": "two"})
}

// The mode is the one that was asked for, whatever the umask; without one, it is
// that of the replaced file, or follows the umask.
func TestMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for _, tt := range []struct{ umask, old, mode, want fs.FileMode }{
		{0o022, 0, 0, 0o644},
		{0o077, 0, 0, 0o600},
		{0o002, 0, 0, 0o664},
		{0o022, 0, 0o600, 0o600},
		{0o022, 0, 0o400, 0o400},
		{0o277, 0, 0o600, 0o600},
		{0o022, 0o600, 0, 0o600},
		{0o077, 0o666, 0, 0o666},
		{0o022, 0o755, 0, 0o755},
		{0o022, 0o666, 0o600, 0o600},
		{0o022, 0o400, 0o600, 0o600},
	} {
		name := filepath.Join(t.TempDir(), "a")
		if tt.old != 0 {
			put(t, name, "old", tt.old)
		}
		syscall.Umask(int(tt.umask))
		f := begin(t, name, "new", Options{Overwrite: true, Mode: tt.mode})
		before, err := f.OS().Stat()
		if err != nil {
			t.Fatal(err)
		}
		err = Commit(f)
		syscall.Umask(0)
		if err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(name)
		if err != nil || before.Mode() != tt.want || after.Mode() != tt.want {
			t.Errorf("umask %o, old file %o, mode %o: %o, then %o, %v; want %o",
				tt.umask, tt.old, tt.mode, before.Mode(), after.Mode(), err, tt.want)
		}
	}
}

func TestPrivate(t *testing.T) {
	for _, tt := range []struct {
		sources []fs.FileMode
		want    fs.FileMode
	}{
		{nil, 0o600},
		{[]fs.FileMode{0o666}, 0o600},
		{[]fs.FileMode{0o444}, 0o400},
		{[]fs.FileMode{0o755, 0o400}, 0o400},
		{[]fs.FileMode{0o040}, 0o400},
	} {
		if got := Private(tt.sources...); got != tt.want {
			t.Errorf("Private(%o) = %o; want %o", tt.sources, got, tt.want)
		}
	}
}

// A name that exists is not replaced, also if it was free at first. Nothing that was
// written is lost.
func TestTaken(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	put(t, filepath.Join(dir, "a.new"), "mine", 0o600)
	f := begin(t, name, "output", Options{})
	put(t, name, "taken", 0o600)
	err := Commit(f)
	if !errors.Is(err, fs.ErrExist) || !strings.HasSuffix(err.Error(), "kept as "+name+".new2") {
		t.Errorf("Commit: %v; want that the file exists, and where the output is", err)
	}
	check(t, dir, map[string]string{"a": "taken", "a.new": "mine", "a.new2": "output"})
	if _, err := Create(name, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create: %v; want that the file exists", err)
	}
	f, err = Create(name, Options{Overwrite: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Commit(f); err == nil || !strings.Contains(err.Error(), "kept as") {
		t.Errorf("Commit to the name of a directory: %v; want an error and where the output is", err)
	}
}

// Of several files, all get their names or none.
func TestCommitSeveral(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	files := func(o Options) []*File {
		return []*File{begin(t, name+".timing", "1", o), begin(t, name, "2", o), begin(t, name+".in", "3", o)}
	}
	set := files(Options{})
	put(t, name+".in", "taken", 0o600)
	if err := Commit(set...); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Commit: %v; want that a file exists", err)
	}
	check(t, dir, map[string]string{"a.in": "taken", "a.new": "2", "a.new.timing": "1", "a.new.in": "3"})
	if err := Commit(files(Options{Overwrite: true})...); err != nil {
		t.Fatal(err)
	}
	check(t, dir, map[string]string{"a": "2", "a.timing": "1", "a.in": "3", "a.new": "2", "a.new.timing": "1", "a.new.in": "3"})
}

// A file that is being recorded to is not replaced, also if the recording begins
// later. A file that is about to be replaced is locked.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	record := func(text string) *os.File {
		put(t, name+".recording", text, 0o600)
		f, err := os.Open(name + ".recording")
		if err != nil {
			t.Fatal(err)
		}
		if err := Lock(f); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".recording", name); err != nil {
			t.Fatal(err)
		}
		return f
	}
	recording := record("one")
	if _, err := Create(name, Options{Overwrite: true}); !errors.Is(err, ErrInUse) {
		t.Errorf("Create: %v; want ErrInUse", err)
	}
	recording.Close()
	f := begin(t, name, "output", Options{Overwrite: true})
	other, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := Lock(other); !errors.Is(err, ErrInUse) {
		t.Errorf("Lock of a file that is about to be replaced: %v; want ErrInUse", err)
	}
	defer record("two").Close()
	if err := Commit(f); !errors.Is(err, ErrInUse) {
		t.Errorf("Commit: %v; want ErrInUse", err)
	}
	check(t, dir, map[string]string{"a": "two", "a.new": "output"})
}

// A link is replaced, and never followed.
func TestLink(t *testing.T) {
	for _, target := range []string{"there", "missing"} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "there"), "old", 0o600)
		name := filepath.Join(dir, "link")
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
		if _, err := Create(name, Options{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Create of a link to %s: %v; want that it exists", target, err)
		}
		if err := Commit(begin(t, name, "new", Options{Overwrite: true})); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%v, %v; want a file in place of the link to %s", info, err, target)
		}
		check(t, dir, map[string]string{"there": "old", "link": "new"})
	}
}

// Devices, pipes and links such as /dev/stdout are written to, and stay.
func TestSpecial(t *testing.T) {
	if err := Commit(begin(t, os.DevNull, "x", Options{})); err != nil {
		t.Errorf("%s: %v", os.DevNull, err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s: %v, %v; want a device", os.DevNull, info, err)
	}
	name := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := Commit(begin(t, name, "data", Options{Overwrite: true})); err != nil {
		t.Error(err)
	}
	got := make([]byte, 4)
	if _, err := reader.Read(got); err != nil || string(got) != "data" {
		t.Errorf("read %q, %v from the pipe; want data", got, err)
	}

	open, err := os.Create(filepath.Join(t.TempDir(), "open"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	link := fmt.Sprintf("/dev/fd/%d", open.Fd())
	open.WriteString("before ")
	for _, o := range []Options{{}, {Overwrite: true}} {
		if err := Commit(begin(t, link, "data ", o)); err != nil {
			t.Error(err)
		}
	}
	open.WriteString("after")
	if text, err := os.ReadFile(open.Name()); err != nil || string(text) != "before data data after" {
		t.Errorf("%q, %v behind %s; want what was written before, twice the data, and after", text, err, link)
	}
}

// A link in a directory that others can write to is replaced, wherever that is.
func TestLinkInSharedMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux has /dev/shm")
	}
	dir, err := os.MkdirTemp("/dev/shm", "atomicfile")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	victim, link := filepath.Join(t.TempDir(), "victim"), filepath.Join(dir, "link")
	put(t, victim, "precious", 0o600)
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := Commit(begin(t, link, "data", Options{Overwrite: true})); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v behind the link; want it untouched", text, err)
	}
}

// A name that the system cannot have is refused before anything is written.
func TestLongName(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(filepath.Join(dir, strings.Repeat("x", 256)), Options{}); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Errorf("Create: %v; want that the name is too long", err)
	}
	check(t, dir, nil)
}

// Errors name the file, not its temporary name.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, strings.Repeat("ż", 127))
	if err := Commit(begin(t, long, "x", Options{})); err != nil {
		t.Errorf("a name of 254 bytes: %v", err)
	}
	for name, want := range map[string]error{
		"":                               nil,
		dir:                              syscall.EISDIR,
		filepath.Join(dir, "no", "file"): syscall.ENOENT,
		filepath.Join(long, "file"):      syscall.ENOTDIR,
	} {
		_, err := Create(name, Options{})
		path, ok := errors.AsType[*fs.PathError](err)
		if !ok || path.Path != name || want != nil && path.Err != want {
			t.Errorf("Create(%q) = %v; want %v", name, err, want)
		}
	}
}

// A full disk leaves the old file, and nothing else.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can mount a small file system")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: cannot mount a small file system: %v: %s", err, out)
	}
	defer exec.Command("umount", "--lazy", dir).Run()
	name := filepath.Join(dir, "a")
	put(t, name, "old", 0o600)
	f := begin(t, name, "", Options{Overwrite: true})
	_, err := f.Write(make([]byte, 1<<20))
	if path, ok := errors.AsType[*fs.PathError](err); !ok || path.Path != name || path.Err != syscall.ENOSPC {
		t.Errorf("Write: %v; want that the disk is full", err)
	}
	f.Discard()
	check(t, dir, map[string]string{"a": "old"})
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "log")
	members := []string{"timing", "ttyout"}
	create := func(text string, overwrite bool) *Dir {
		t.Helper()
		d, err := CreateDir(name+"/", members, overwrite)
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.Create("timing", 0o400)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if err := create("one", false).Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(name, "timing")); err != nil || info.Mode() != 0o400 {
		t.Errorf("%v, %v; want mode 400", info, err)
	}
	if _, err := CreateDir(name, members, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateDir: %v; want that it exists", err)
	}
	create("two", true).Discard()
	check(t, dir, map[string]string{"log/timing": "one"})
	if err := create("two", true).Commit(); err != nil {
		t.Fatal(err)
	}
	check(t, dir, map[string]string{"log/timing": "two"})

	// Nothing that is no part of the recording is removed, whenever it was put there.
	d := create("three", true)
	put(t, filepath.Join(name, "notes"), "mine", 0o600)
	if err := d.Commit(); err == nil || !strings.Contains(err.Error(), "kept as "+name+".new") {
		t.Errorf("Commit: %v; want an error, and where the output is", err)
	}
	check(t, dir, map[string]string{"log/timing": "two", "log/notes": "mine", "log.new/timing": "three"})
	if _, err := CreateDir(name, members, true); err == nil || !strings.Contains(err.Error(), "it also holds notes") {
		t.Errorf("CreateDir: %v; want that there are other files", err)
	}
	if err := (&Dir{name: name, members: members}).remove(name); err == nil || !strings.Contains(err.Error(), "see "+name) {
		t.Errorf("remove: %v; want that something is left", err)
	}
	check(t, dir, map[string]string{"log/notes": "mine", "log.new/timing": "three"})

	// Of a link, only the link is replaced.
	link := filepath.Join(dir, "link")
	if err := os.Symlink("log", link); err != nil {
		t.Fatal(err)
	}
	name = link
	if err := create("four", true).Commit(); err != nil {
		t.Fatal(err)
	}
	check(t, dir, map[string]string{"link/timing": "four", "log/notes": "mine", "log.new/timing": "three"})

	// A name that is taken meanwhile.
	name = filepath.Join(dir, "late")
	d = create("five", false)
	put(t, name, "taken", 0o600)
	if err := d.Commit(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Commit: %v; want that the name exists", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"late", "late.new", "link", "log", "log.new"}; !slices.Equal(names, want) {
		t.Errorf("files: %q; want %q", names, want)
	}
}
