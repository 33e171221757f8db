package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
)

// batchJob is the conversion of a recording in a batch.
type batchJob struct {
	from, to string
	named    bool // the user or the extension says that it is a recording
	result   batchResult
	format   string // of from; empty if unknown
	note     string
}

// batchResult is the result of a conversion.
type batchResult int

const (
	batchPending batchResult = iota // not begun, or interrupted
	batchDone
	batchPlanned   // nothing was to be written
	batchThere     // the output exists
	batchPart      // part of another recording
	batchNone      // not a recording
	batchDamaged   // converted up to a fault
	batchFailed    // nothing was written
	batchResultMax = iota
)

func (r batchResult) String() string {
	return [batchResultMax]string{"not done", "converted", "planned", "skipped", "part of another", "not a recording", "damaged", "failed"}[r]
}

// runBatch converts recordings to files in dir.
func runBatch(ctx context.Context, e *env, opts convertOptions, dir string, names []string) error {
	if p := opts.to.Picture; p != nil && p.Check != nil {
		if err := p.Check(); err != nil {
			return pictureError(err)
		}
	}
	if opts.to.Picture != nil {
		e.warnIdle(&opts.picture, opts.to)
	}
	jobs, err := batchJobs(names, dir, opts.to)
	if err != nil {
		return err
	}
	if len(jobs) == 0 {
		return fmt.Errorf("%s: no files to convert", strings.Join(names, ", "))
	}
	var finished atomic.Int64
	bar := startProgress(e.errOut, func() (string, int64, int64) {
		n := finished.Load()
		return fmt.Sprintf("%d of %d", n, len(jobs)), n, int64(len(jobs))
	})
	known := map[string]bool{}
	for _, j := range jobs {
		known[filepath.Clean(j.from)] = true
	}
	next := make(chan *batchJob)
	var wg sync.WaitGroup
	for range min(opts.jobs, len(jobs)) {
		wg.Go(func() {
			for job := range next {
				job.run(ctx, opts, known)
				finished.Add(1)
			}
		})
	}
feed:
	for _, job := range jobs {
		select {
		case next <- job:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	bar.Stop()
	if err := printBatch(e.out, jobs); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := 0
	for _, j := range jobs {
		if j.result == batchFailed || j.result == batchDamaged || j.result == batchNone && j.named {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(jobs))
	}
	return nil
}

// batchJobs lists the conversions: of the named files, and of the files in named
// directories. In dir each output keeps its path below the directory that all
// inputs have in common.
func batchJobs(names []string, dir string, to *convert.Target) ([]*batchJob, error) {
	var jobs []*batchJob
	seen := map[string]bool{}
	add := func(path string, named bool) {
		if path = filepath.Clean(path); !seen[path] {
			seen[path] = true
			jobs = append(jobs, &batchJob{from: path, named: named})
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil || !info.IsDir() || isRecordingDir(name):
			add(name, true) // converting it reports the fault
			continue
		}
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				add(path, true) // converting it reports the fault
				return nil
			case path != name && strings.HasPrefix(d.Name(), "."):
				// Hidden files, among them unfinished outputs.
				if d.IsDir() {
					return fs.SkipDir
				}
			case d.IsDir():
				if same, err := filepath.Abs(path); err == nil && same == abs {
					return fs.SkipDir // the outputs
				}
				if path != name && isRecordingDir(path) {
					add(path, false)
					return fs.SkipDir
				}
			case d.Type().IsRegular():
				add(path, hasRecordingName(path))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(jobs, func(a, b *batchJob) int { return cmp.Compare(a.from, b.from) })
	common := commonDir(jobs)
	taken := map[string]bool{}
	ext := "." + to.Name // a folder, which must not be that of other recordings
	if len(to.Ext) > 0 {
		ext = to.Ext[0]
	}
	for _, j := range jobs {
		rel, err := filepath.Rel(common, j.from)
		if err != nil || strings.HasPrefix(rel, "..") {
			rel = filepath.Base(j.from)
		}
		j.to = filepath.Join(dir, stem(rel)+ext)
		if taken[j.to] {
			// x.ttyrec beside x.cast: the output keeps the input's extension too.
			j.to = filepath.Join(dir, rel+ext)
		}
		for n := 2; taken[j.to]; n++ { // x.cast of several folders that are not below one
			j.to = filepath.Join(dir, rel+"-"+strconv.Itoa(n)+ext)
		}
		taken[j.to] = true
	}
	return jobs, nil
}

// hasRecordingName reports whether a file's extension is that of a recording.
// Extensions such as .log or .json are not enough.
func hasRecordingName(path string) bool {
	name := strings.TrimSuffix(path, format.CompressionByFileName(path).Ext())
	return slices.ContainsFunc(format.Formats, func(f *format.Format) bool {
		return f != format.Raw && len(f.Ext) > 0 && strings.HasSuffix(strings.ToLower(name), f.Ext[0])
	})
}

// isRecordingDir reports whether a directory is a recording. A directory that only
// holds the files of one is not: these keep their names.
func isRecordingDir(path string) bool {
	f := format.DetectDir(path)
	return f != nil && f.Layout() == format.Directory
}

// commonDir returns the directory that all recordings are below.
func commonDir(jobs []*batchJob) string {
	if len(jobs) == 0 {
		return "."
	}
	common := filepath.Dir(jobs[0].from)
	for _, j := range jobs[1:] {
		for common != "." && common != string(filepath.Separator) && !strings.HasPrefix(j.from, common+string(filepath.Separator)) {
			common = filepath.Dir(common)
		}
	}
	return common
}

// stem returns a name without the extensions of compression and format.
func stem(name string) string {
	for c := format.CompressionByFileName(name); c != format.Uncompressed; c = format.CompressionByFileName(name) {
		name = name[:len(name)-len(c.Ext())]
	}
	longest := ""
	for _, f := range format.Formats {
		for _, ext := range append([]string{".yml", ".yaml", ".txt", ".tar"}, f.Ext...) {
			if len(ext) > len(longest) && strings.HasSuffix(strings.ToLower(name), ext) && len(filepath.Base(name)) > len(ext) {
				longest = ext
			}
		}
	}
	return name[:len(name)-len(longest)]
}

// run converts the recording. known holds all recordings of the batch.
func (j *batchJob) run(ctx context.Context, opts convertOptions, known map[string]bool) {
	if _, err := os.Lstat(j.to); err == nil && !opts.overwrite {
		j.result, j.note = batchThere, "the output exists"
		return
	}
	said := &warnings{}
	quiet := &env{out: io.Discard, errOut: io.Discard}
	p, planErr := opts.changes.of(ctx, quiet, j.from, &opts.read)
	defer p.done()
	opts.filter = p.filter
	src, err := quiet.open(ctx, j.from, append([]format.Option{format.OnWarning(said.add)}, opts.read.list()...)...)
	switch {
	case errors.Is(err, format.ErrUnknownFormat):
		j.result, j.note = batchNone, j.reason(err)
		return
	case err != nil:
		j.result, j.note = batchFailed, j.reason(err)
		return
	}
	defer src.close()
	j.format = src.format.Name
	// The timing file of a typescript is converted with the typescript.
	if main := filepath.Clean(src.parts[0]); main != j.from && known[main] {
		j.result, j.note = batchPart, "of "+main
		return
	}
	if planErr != nil {
		j.result, j.note = batchFailed, j.reason(planErr)
		return
	}
	if opts.picture.dryRun && opts.to.Picture == nil {
		m, err := p.Measure(ctx)
		if err != nil {
			j.result, j.note = batchFailed, j.reason(err)
			return
		}
		j.result, j.note = batchPlanned, timecode.Format(m.Length(), time.Second/10)+" long"
		return
	}
	if err := j.makeDir(opts); err != nil {
		j.result, j.note = batchFailed, j.reason(err)
		return
	}
	notes := slices.Clone(p.Warnings())
	var losses []format.Loss
	if opts.to.Picture != nil {
		var more []string
		more, err = quiet.drawTo(ctx, opts, j.from, j.to, said)
		notes = append(notes, more...)
	} else {
		var dst *output
		if dst, err = quiet.create(j.to, opts.to, opts.overwrite, src); err != nil {
			j.result, j.note = batchFailed, j.reason(err)
			return
		}
		losses, err = copyRecording(ctx, src, dst, opts)
	}
	if err != nil {
		notes = append(notes, j.reason(err))
	}
	for _, w := range said.all {
		note := w.Kind
		if n := said.count(w); n > 1 {
			note = fmt.Sprintf("%s (%d)", note, n)
		}
		if w.Notice && w.Detail != "" {
			note += ": " + w.Detail
		}
		notes = append(notes, note)
	}
	if note := lossesNote(opts.to.Name, losses); note != "" {
		notes = append(notes, note)
	}
	j.note = strings.Join(notes, "; ")
	var syntax *format.SyntaxError
	switch {
	case errors.Is(err, context.Canceled):
		j.result = batchPending
	case err != nil && (opts.read.strict || !errors.As(err, &syntax)):
		j.result = batchFailed
	case err != nil:
		j.result = batchDamaged
	case opts.picture.dryRun:
		j.result = batchPlanned
	default:
		j.result = batchDone
	}
}

// makeDir makes the directory of the output, if there is to be one.
func (j *batchJob) makeDir(opts convertOptions) error {
	if opts.picture.dryRun {
		return nil
	}
	return os.MkdirAll(filepath.Dir(j.to), 0o777)
}

// reason returns the first line of an error, without the recording's name before
// it.
func (j *batchJob) reason(err error) string {
	line, _, _ := strings.Cut(message(err), "\n")
	return strings.TrimPrefix(line, j.from+": ")
}

// printBatch prints the table of results: a row for each recording, then the number
// of recordings for each result.
func printBatch(w io.Writer, jobs []*batchJob) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var count [batchResultMax]int
	for _, j := range jobs {
		count[j.result]++
		if j.result == batchPart || j.result == batchNone && !j.named {
			continue // only counted
		}
		to := "-"
		if j.result == batchDone || j.result == batchPlanned || j.result == batchThere || j.result == batchDamaged {
			to = j.to
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", j.result, printable(j.from), cmp.Or(j.format, "-"), printable(to), printable(j.note))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var parts []string
	for r, n := range count {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, batchResult(r)))
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, ", "))
	return err
}
