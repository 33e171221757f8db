// Command pictures compares ttydeck's pictures of recordings with those of its peers: the
// CPU time, the memory, and the size of GIF, animated PNG, SVG and video.
//
//	go run ./bench/pictures DIR/*.cast
//
// Each recording is drawn at 16 px and at most 30 frames a second. The peers are
//
//   - gifski, the encoder of agg: it is passed ttydeck's frames as PNG files, each once,
//     which is less work than agg has; and agg itself, if it is in PATH;
//   - ffmpeg with the filters palettegen and paletteuse, as VHS runs it, but in two
//     passes, which spares it some gigabytes of memory, and with each frame once;
//   - ttysvg and termsvg, which write SVG; termsvg also GIF.
//
// npm, git and go install gifski, ttysvg and termsvg to the folder out. ffmpeg must be
// installed. A peer that cannot be had is left out, with a note.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/png"
	"github.com/ttydeck/ttydeck/render/svg"
	"github.com/ttydeck/ttydeck/render/video"
)

func main() {
	peers := flag.Bool("peers", true, "measure the peers, too")
	videos := flag.Bool("video", false, "measure video, too, which takes long")
	out := flag.String("out", "out/pictures", "`folder` for the peers and the pictures, which are kept")
	kind := flag.String("make", "", "write a picture of this `kind` instead, from the first file to the second")
	flag.Parse()
	if *kind != "" {
		if err := write(*kind, flag.Arg(0), flag.Arg(1)); err != nil {
			fmt.Fprintln(os.Stderr, "pictures:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(flag.Args(), *out, *peers, *videos); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// bench is a run of the benchmark.
type bench struct {
	self     string            // this program
	out      string            // its folder
	programs map[string]string // of the peers that there are
}

func run(files []string, out string, peers, videos bool) error {
	if len(files) == 0 {
		return errors.New("name the recordings to draw")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	b := &bench{self: self, out: out, programs: map[string]string{}}
	if peers {
		b.install()
	}
	fmt.Println("| recording | target | by | CPU s | × real time | peak MiB | size |")
	fmt.Println("|---|---|---|---:|---:|---:|---:|")
	for _, file := range files {
		if err := b.recording(file, videos); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// install installs the peers.
func (b *bench) install() {
	have := func(name, path string, err error) {
		if err != nil {
			fmt.Fprintf(os.Stderr, "without %s: %v\n", name, err)
			return
		}
		b.programs[name] = path
	}
	for _, name := range []string{"ffmpeg", "agg"} {
		path, err := exec.LookPath(name)
		have(name, path, err)
	}
	npm := filepath.Join(b.out, "npm")
	err := command("", "npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", npm, "gifski@1.7.1")
	have("gifski", filepath.Join(npm, "node_modules/gifski/bin", map[string]string{"linux": "debian", "darwin": "macos"}[runtime.GOOS], "gifski"), err)
	for name, at := range map[string]string{"ttysvg": "shellcell/ttysvg@c10d2f3", "termsvg": "MrMarble/termsvg@fd11da2"} {
		path := filepath.Join(b.out, name)
		if _, err := os.Stat(path); err == nil {
			b.programs[name] = path
			continue
		}
		have(name, path, build(name, at, path))
	}
}

// build builds a program of a repository at a commit. The source is not kept: in a folder
// of this module, its packages would be checked as ours.
func build(name, at, path string) error {
	source, err := os.MkdirTemp("", "ttydeck-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(source)
	repo, commit, _ := strings.Cut(at, "@")
	if err := command("", "git", "clone", "--quiet", "https://github.com/"+repo, source); err != nil {
		return err
	}
	if err := command(source, "git", "checkout", "--quiet", commit); err != nil {
		return err
	}
	return command(source, "go", "build", "-o", path, "./cmd/"+name)
}

// command runs a command in dir.
func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// recording measures all that can draw a recording.
func (b *bench) recording(file string, videos bool) error {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	measured, err := filmOf(file).Measure(context.Background())
	if err != nil {
		return err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	fmt.Printf("| %s: %v, %dx%d, %d frames |\n", name, measured.Length.Round(time.Second), measured.Size.Cols, measured.Size.Rows, measured.Frames)
	row := func(target, by, out string, cmds ...*exec.Cmd) error {
		var cpu time.Duration
		var peak int64
		for _, cmd := range cmds {
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w: %.300q", by, err, stderr.Bytes())
			}
			cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				peak = max(peak, usage.Maxrss)
			}
		}
		stat, err := os.Stat(out)
		if err != nil {
			return err
		}
		fmt.Printf("| | %s | %s | %.2f | %.0f | %d | %s |\n", target, by, cpu.Seconds(), measured.Length.Seconds()/cpu.Seconds(), peak>>10, bytesOf(stat.Size()))
		return nil
	}
	ours := func(kind string) error {
		out := filepath.Join(b.out, name+"."+kind)
		return row(kind, "ttydeck", out, exec.Command(b.self, "-make", kind, file, out))
	}
	// A peer that fails has a row that says so.
	peer := func(target, by string, cmds func(program, out string) []*exec.Cmd) {
		program := b.programs[by]
		if program == "" {
			return
		}
		out := filepath.Join(b.out, name+"-"+by+"."+target)
		os.Remove(out)
		if err := row(target, by, out, cmds(program, out)...); err != nil {
			fmt.Printf("| | %s | %s | failed |\n", target, by)
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		}
	}
	one := func(args ...string) func(program, out string) []*exec.Cmd {
		return func(program, out string) []*exec.Cmd {
			cmd := exec.Command(program)
			for _, arg := range args {
				cmd.Args = append(cmd.Args, cmp.Or(map[string]string{"OUT": out, "IN": file}[arg], arg))
			}
			return []*exec.Cmd{cmd}
		}
	}

	if err := ours("gif"); err != nil {
		return err
	}
	if b.programs["gifski"]+b.programs["ffmpeg"] != "" {
		frames := filepath.Join(b.out, name+".frames")
		os.RemoveAll(frames)
		// Not in this process, whose memory would count as that of the peers: what a
		// process has at its start is that of the one that starts it.
		if err := command("", b.self, "-make", "frames", file, frames); err != nil {
			return err
		}
		defer os.RemoveAll(frames)
		peer("gif", "gifski", func(program, out string) []*exec.Cmd {
			files, _ := filepath.Glob(filepath.Join(frames, "*.png"))
			for i := range files {
				files[i] = filepath.Base(files[i]) // there may be thousands
			}
			cmd := exec.Command(program, append([]string{"--quiet", "--fast", "--fps", "30", "-o", out}, files...)...)
			cmd.Dir = frames
			return []*exec.Cmd{cmd}
		})
		peer("gif", "ffmpeg", func(program, out string) []*exec.Cmd {
			palette, list := filepath.Join(frames, "palette.png"), filepath.Join(frames, png.ListName)
			quiet := []string{"-nostdin", "-v", "error", "-f", "concat", "-i", list}
			return []*exec.Cmd{
				exec.Command(program, append(quiet, "-vf", "palettegen", "-update", "1", "-y", palette)...),
				exec.Command(program, append(quiet, "-i", palette, "-lavfi", "paletteuse", "-fps_mode", "vfr", "-y", out)...),
			}
		})
	}
	peer("gif", "agg", one("--quiet", "--font-size", "16", "--idle-time-limit", "1000000", "IN", "OUT"))
	v2 := filepath.Join(b.out, name+"-v2.cast") // termsvg reads nothing newer
	if err := command("", b.self, "-make", "v2", file, v2); err != nil {
		return err
	}
	peer("gif", "termsvg", one("export", "-f", "gif", "-o", "OUT", v2))
	if err := ours("apng"); err != nil {
		return err
	}
	if err := ours("svg"); err != nil {
		return err
	}
	peer("svg", "ttysvg", one("-q", "-fps", "30", "-font-size", "16", "-o", "OUT", "-cast", "IN"))
	peer("svg", "termsvg", one("export", "-o", "OUT", v2))
	if !videos {
		return nil
	}
	return errors.Join(ours("mp4"), ours("webm"))
}

func bytesOf(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f KB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.2f MB", float64(n)/1e6)
}

func filmOf(file string) *render.Film {
	return &render.Film{Open: func() (format.Cast, error) {
		f, err := format.OpenFile(file)
		if err != nil {
			return format.Cast{}, err
		}
		cast, events := f.Cast, f.Cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			defer f.Close()
			events(yield)
		}
		return cast, nil
	}}
}

// write writes a picture of a kind.
func write(kind, in, out string) error {
	ctx, film, picture := context.Background(), filmOf(in), new(render.Picture)
	if kind == "svg" {
		return create(out, func(w io.Writer) error {
			return (&svg.Writer{Film: film, Picture: picture}).Write(ctx, w)
		})
	}
	if kind == "v2" {
		cast, err := film.Open()
		if err != nil {
			return err
		}
		return create(out, func(w io.Writer) error {
			v2, err := format.AsciicastV2.NewWriter(w)
			if err != nil {
				return err
			}
			return errors.Join(format.Copy(v2, cast), v2.Close())
		})
	}
	fonts, err := glyph.New(glyph.Options{})
	if err != nil {
		return err
	}
	switch kind {
	case "gif":
		return create(out, func(w io.Writer) error {
			return (&gif.Writer{Film: film, Picture: picture, Fonts: fonts}).Write(ctx, w)
		})
	case "apng":
		return create(out, func(w io.Writer) error {
			return (&png.Animation{Film: film, Picture: picture, Fonts: fonts}).Write(ctx, w)
		})
	case "mp4", "webm":
		return (&video.Writer{Film: film, Picture: picture, Fonts: fonts, Format: video.Format(kind)}).Write(ctx, out)
	case "frames":
		if err := os.MkdirAll(out, 0o777); err != nil {
			return err
		}
		return (&png.Folder{Film: film, Picture: picture, Fonts: fonts}).Write(ctx, func(name string) (io.WriteCloser, error) {
			return os.Create(filepath.Join(out, name))
		})
	}
	return fmt.Errorf("unknown kind %q", kind)
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	return errors.Join(write(w), w.Flush(), f.Close())
}
