package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record"
)

// cleaner removes the secrets from a recording while it is made. The session is
// recorded to a file with another name, which it reads. If it falls behind, the session
// waits for it, so there is little to do at the end. The recording gets its name when it
// is clean.
type cleaner struct {
	name      string // of the clean recording
	overwrite bool   // an existing file
	redactor  *redact.Redactor
	file      *record.File // with the secrets
	in        *os.File     // file, to read it

	over   chan struct{} // closed when file is complete
	read   chan struct{} // closed when it is read
	scan   *redact.Scan  // nil if nothing could be read
	events bool          // some were read
	err    error         // of reading

	mu     sync.Mutex
	behind *sync.Cond // signalled when output grows, and when nothing is read any more
	output int64      // bytes of output that were read; all there may be if nothing is read
}

// maxBehind is the number of bytes of output by which cleaner may be behind the session.
const maxBehind = 2 << 20

// pace waits until the output is read but for maxBehind bytes.
func (c *cleaner) pace(output int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if output-c.output <= maxBehind {
		return
	}
	c.file.Flush() // if it fails, so does what is written next
	for output-c.output > maxBehind {
		c.behind.Wait()
	}
}

// readTo notes how much of the output was read.
func (c *cleaner) readTo(output int64) {
	c.mu.Lock()
	c.output = output
	c.mu.Unlock()
	c.behind.Broadcast()
}

// unredactedName returns the name of the file that holds a recording until the
// secrets are removed.
func unredactedName(name string) string {
	comp := format.CompressionByFileName(name).Ext()
	name = strings.TrimSuffix(name, comp)
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + ".unredacted" + ext + comp
}

// newCleaner returns a cleaner for the recording name, which must not exist unless it
// may be overwritten.
func newCleaner(name string, overwrite bool, r *redact.Redactor) (*cleaner, error) {
	info, err := os.Lstat(name)
	empty := err == nil && info.Mode().IsRegular() && info.Size() == 0
	if err == nil && !overwrite && !empty {
		return nil, withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it")
	}
	c := &cleaner{name: name, overwrite: overwrite || empty, redactor: r, over: make(chan struct{}), read: make(chan struct{})}
	c.behind = sync.NewCond(&c.mu)
	c.output = math.MaxInt64 // until begin
	return c, nil
}

// begin begins to read the recording, which may not have its name yet, and may lose it.
func (c *cleaner) begin(f *record.File) {
	c.file = f
	if c.in, c.err = f.OpenReader(); c.err != nil {
		close(c.read)
		return
	}
	c.readTo(0)
	go func() {
		defer close(c.read)
		defer c.readTo(math.MaxInt64)
		c.err = c.readAll()
	}()
}

// readAll reads the recording to its end.
func (c *cleaner) readAll() error {
	cast, _, err := format.Open(&growing{c.in, c.over}, format.As(c.file.Format))
	if err != nil {
		return err
	}
	c.scan = c.redactor.Scan(cast.Header)
	output := int64(0)
	for ev, err := range cast.Events {
		if err != nil {
			return err
		}
		c.events = true
		if err := c.scan.Event(ev); err != nil {
			return err
		}
		if ev.Code == format.Output {
			output += int64(len(ev.Data))
			c.readTo(output)
		}
	}
	return nil
}

// growInterval is how often a growing recording is looked at.
const growInterval = 20 * time.Millisecond

// growing reads a file that grows until over is closed.
type growing struct {
	file *os.File
	over chan struct{}
}

func (g *growing) Read(p []byte) (int, error) {
	for {
		over := closed(g.over) // before the file is read: it may have grown last
		n, err := g.file.Read(p)
		if n > 0 || over || err != io.EOF {
			return n, err
		}
		select {
		case <-g.over:
		case <-time.After(growInterval):
		}
	}
}

// named reports whether the recording has its name: it may never have got it, or
// another program may have removed, moved or replaced it.
func (c *cleaner) named() bool {
	info, err := os.Lstat(c.file.Path)
	if err != nil || c.in == nil {
		return err == nil
	}
	own, err := c.in.Stat()
	return err == nil && os.SameFile(info, own)
}

// closed reports whether a channel is closed.
func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// errNothing means that there is no recording to remove secrets from.
var errNothing = errors.New("nothing was recorded")

// redactHint returns the hint that removes the secrets from a recording.
func redactHint(f *format.Format, name, clean string) string {
	args := []string{name, clean}
	if f == format.Raw { // which is known only by its name
		args = append([]string{"--input-format", f.Name}, args...)
	}
	return "to remove them: ttydeck redact " + shellJoin(args)
}

// finish writes the clean recording when the session has ended, and removes the other.
// It passes a summary of the secrets to note. Without a recording, the error is
// errNothing.
func (c *cleaner) finish(e *env, note func(string, ...any)) error {
	if c.file == nil {
		return nil
	}
	close(c.over)
	<-c.read
	if c.scan != nil {
		defer c.scan.Close()
	}
	if c.in != nil {
		defer c.in.Close()
	}
	if !c.events && !c.named() {
		return errNothing
	}
	err := c.err
	if syntax := (*format.SyntaxError)(nil); err == nil || c.scan != nil && errors.As(err, &syntax) {
		// The readable part of a recording on a full disk is kept.
		err = errors.Join(err, c.write(e, note))
	}
	switch {
	case c.named() && err == nil:
		return os.Remove(c.file.Path)
	case c.named():
		return withHint(fmt.Errorf("the secrets were not removed; the recording is %s: %w", c.file.Path, err),
			redactHint(c.file.Format, c.file.Path, c.name))
	case err != nil:
		return fmt.Errorf("the secrets were not removed, and %s was removed or replaced: %w", c.file.Path, err)
	}
	return nil
}

// write writes the clean recording.
func (c *cleaner) write(e *env, note func(string, ...any)) error {
	// Also when a signal has ended the session.
	cast, report, err := c.scan.Finish(context.Background())
	if err != nil {
		return err
	}
	dst, err := e.create(c.name, targets.ByFormat(c.file.Format), c.overwrite, &input{parts: []string{c.file.Path}})
	if err != nil {
		return err
	}
	if err := format.Copy(dst.Writer, cast); err != nil {
		dst.discard()
		return err
	}
	if err := dst.commit(); err != nil {
		return err
	}
	note("%s", redactSummary(report))
	for _, warning := range redactWarnings(report) {
		e.warnf("%s", warning)
	}
	return nil
}
