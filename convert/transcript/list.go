package transcript

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/vault"
	"github.com/ttydeck/ttydeck/place"
)

// A List is the commands of a recording. Most of a long one is in a temporary
// file.
type List struct {
	vault  *vault.Vault
	styled bool
	count  int
	unseen int
	hidden []Hidden
	clock  place.Clock
	// unseenLines are the first of the unseen lines.
	unseenLines []typedLine
	chunks      []vault.Block // of encoded storedCommands, in order
	// late holds the lines that may have changed since they were stored, by the
	// index of their command: their shell or REPL ran on.
	late map[int]*segment
	err  error

	end      place.Point // of the recording
	markers  []Marker
	unmarked string

	buf     bytes.Buffer // of store
	scratch []byte       // of load
}

// listMemory is the most bytes of packed commands and outputs in memory.
const listMemory = 2 << 20

// Read reads all of a recording, and returns its commands. Call Close when they
// are no longer needed. If the recording ends in an error, Read returns it with
// the commands before it; the List is never nil.
func Read(cast format.Cast, opts Options) (*List, error) { return readAll(cast, opts, nil) }

// readAll is Read, and calls typed for each line of the recorded input.
func readAll(cast format.Cast, opts Options, typed func(at time.Duration, text string)) (*List, error) {
	t := newTracer(cast, opts)
	r := newReader(t, opts)
	r.typing.each = typed
	r.list.clock = place.NewClock(cast.Header)
	t.vault = r.list.vault
	var err error
	for ev, readErr := range cast.Events {
		if err = readErr; err != nil {
			break
		}
		if r.begins(ev) {
			t = r.anew()
		}
		r.typing.event(ev, t)
		t.event(ev)
		r.hidden.event(ev, t)
		r.list.see(ev)
		if len(t.segs) >= stretch {
			r.read(false)
		}
		if t.overrun {
			err = ErrTooMany
			break
		}
	}
	r.finish()
	r.list.hidden = r.hidden.list()
	return r.list, err
}

// Len returns the number of commands.
func (l *List) Len() int { return l.count }

// Unseen returns the number of entered lines that are in no command, according to
// the recorded input: see [Unseen].
func (l *List) Unseen() int { return l.unseen }

// Hidden returns the times in which a terminal multiplexer hid the commands that
// were run in it.
func (l *List) Hidden() []Hidden { return l.hidden }

// Clock returns the recording's clock.
func (l *List) Clock() *place.Clock { return &l.clock }

// Markers returns the labelled markers of the recording, in order, without those
// that rec writes at a pause; at most 10,000.
func (l *List) Markers() []Marker { return l.markers }

// Unmarked returns why the recorded shell did not report exit statuses, as it said
// itself; "" if it did, or if nothing is known.
func (l *List) Unmarked() string { return l.unmarked }

// maxMarkers is the most markers that a List keeps.
const maxMarkers = 10000

// see notes what an event says that is no command's.
func (l *List) see(ev format.Event) {
	l.clock.See(ev)
	if ev.Code != format.Marker || len(l.markers) == maxMarkers {
		return
	}
	_, resumed := format.ResumedAt(ev.Data)
	if text := clipLabel(ev.Data); text != "" && !resumed && text != "paused" && text != "resumed" {
		l.markers = append(l.markers, Marker{ev.Time, text})
	}
}

// All returns the commands in order. It may be called more than once, and ends
// early if the temporary file cannot be read; see [List.Err].
func (l *List) All() iter.Seq[Command] { return l.each(true) }

// each is All, if need be without the outputs that are not at hand.
func (l *List) each(output bool) iter.Seq[Command] {
	return func(yield func(Command) bool) {
		for c := range l.stored(output) {
			if !yield(c) {
				return
			}
		}
	}
}

// stored is each, with the points of the commands.
func (l *List) stored(output bool) iter.Seq2[Command, points] {
	return func(yield func(Command, points) bool) {
		var raw []byte
		for _, chunk := range l.chunks {
			var cmds []storedCommand
			var err error
			if raw, err = l.vault.Get(chunk, raw); err == nil {
				err = gob.NewDecoder(bytes.NewReader(raw)).Decode(&cmds)
			}
			for i := 0; err == nil && i < len(cmds); i++ {
				var c Command
				if c, err = l.load(&cmds[i], output); err == nil && !yield(c, cmds[i].Points) {
					return
				}
			}
			if err != nil {
				l.err = fmt.Errorf("the list of commands: %w", err)
				return
			}
		}
	}
}

// Err returns the error that ended [List.All] early, if any.
func (l *List) Err() error { return l.err }

// Close removes the temporary file. After it, [List.All] yields nothing.
func (l *List) Close() {
	l.vault.Close()
	l.chunks = nil
}

// storedCommand is a command as a List stores it. If its output is in the vault,
// the command itself has none.
type storedCommand struct {
	Command Command
	Points  points
	Head    vault.Block // of the output
	Tail    string
	Strays  []vault.Block
	Stray   []string
}

// storedTogether is the number of commands in a chunk.
const storedTogether = 128

// store adds the commands of lines.
func (l *List) store(lines []*segment) {
	var cmds []storedCommand
	flush := func() {
		l.buf.Reset()
		if err := gob.NewEncoder(&l.buf).Encode(cmds); err != nil {
			panic(err) // a field has a type that gob does not know
		}
		l.chunks = append(l.chunks, l.vault.Put(l.buf.Bytes()))
		cmds = cmds[:0]
	}
	for _, s := range lines {
		if s.index < 0 {
			continue
		}
		l.count++
		c := storedCommand{Points: s.points}
		if apart := *s; s.out.head.Held() || len(s.strays) > 0 {
			c.Head, c.Tail, c.Strays, c.Stray = s.out.head, s.out.text, s.strays, s.stray
			apart.out.text, apart.stray = "", nil
			c.Command = apart.command(l.styled)
		} else {
			c.Command = s.command(l.styled)
		}
		if cmds = append(cmds, c); len(cmds) == storedTogether {
			flush()
		}
	}
	if len(cmds) > 0 {
		flush()
	}
}

// load returns a command as it is now, with its output if that is asked for.
func (l *List) load(st *storedCommand, output bool) (Command, error) {
	c := st.Command
	if s := l.late[c.Index]; s != nil {
		c, st.Points = s.command(l.styled), s.points
		st.Head, st.Tail, st.Strays, st.Stray = s.out.head, s.out.text, s.strays, s.stray
	}
	if !output || !st.Head.Held() && len(st.Strays) == 0 {
		return c, nil
	}
	text := st.Tail
	var err error
	if st.Head.Held() {
		if l.scratch, err = l.vault.Get(st.Head, l.scratch); err != nil {
			return c, err
		}
		text = wholeOutput(l.scratch, st.Tail)
	}
	var stray []string
	for _, b := range st.Strays {
		if l.scratch, err = l.vault.Get(b, l.scratch); err != nil {
			return c, err
		}
		stray = append(stray, string(l.scratch))
	}
	c.setOutput(text, append(stray, st.Stray...), l.styled)
	return c, nil
}

// wholeOutput returns the output of which the vault had the head.
func wholeOutput(head []byte, tail string) string {
	if tail == "" {
		head = bytes.TrimRight(head, "\n") // rows of a prompt were behind it
	}
	return string(head) + tail
}

const (
	// maxTail is the most bytes of an output that stay at hand; tailRows of them
	// are enough for the passes.
	maxTail  = 2 << 10
	tailRows = maxUpper + 2
	// maxStray is the most bytes of the stray rows of a segment at hand.
	maxStray = 32 << 10
)

// putAway moves all but the end of an output to a vault.
func (o *output) putAway(v *vault.Vault) {
	if len(o.text) <= maxTail || v == nil {
		return
	}
	cut := len(o.text)
	for range tailRows {
		i := strings.LastIndexByte(o.text[:max(cut-1, 0)], '\n') + 1
		if len(o.text)-i > maxTail {
			break
		}
		cut = i
	}
	o.head = v.Put([]byte(o.text[:cut]))
	o.text = strings.Clone(o.text[cut:])
}

// addStray adds rows behind the output, and their output.
func (ses *session) addStray(s *segment, row string, out output) {
	text := out.text
	if out.head.Held() {
		if head, err := ses.vault.Get(out.head, nil); err == nil {
			text = wholeOutput(head, text)
		}
	}
	s.stray = append(s.stray, row, plain(text))
	s.strayBytes += len(row) + len(text)
	if s.strayBytes > maxStray && ses.vault != nil {
		s.strays = append(s.strays, ses.vault.Put([]byte(joinStray("", s.stray))))
		s.stray, s.strayBytes = nil, 0
	}
}

// joinStray adds stray rows to an output.
func joinStray(out string, stray []string) string {
	var b strings.Builder
	b.WriteString(out)
	for _, more := range stray {
		if b.Len() > 0 && more != "" {
			b.WriteByte('\n')
		}
		b.WriteString(more)
	}
	return b.String()
}
