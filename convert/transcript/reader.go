package transcript

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/vault"
)

const (
	// stretch is the most segments that the passes see at once: a session
	// repeats its prompts in far fewer.
	stretch = 1024
	// overlap is the number of segments before and behind a stretch that the
	// passes also see.
	overlap = 64
	// unsettled is the number of the last segments, to which the tracer may
	// come back.
	unsettled = 8
)

// reader makes commands of the tracer's segments, a stretch at a time.
type reader struct {
	tracer *tracer
	opts   Options
	ses    *session
	list   *List
	before []*segment // copies of the last ones of the stretch before
	typing typing
	hidden multiplexers
	paused bool // the recording is, and goes on at the next marker
}

func newReader(t *tracer, opts Options) *reader {
	v := &vault.Vault{Budget: listMemory}
	return &reader{
		tracer: t, opts: opts,
		ses:  &session{work: maxWork, vault: v},
		list: &List{vault: v, styled: opts.Styled, late: map[int]*segment{}},
	}
}

// begins reports whether an event is the marker at which another session begins, in
// a file that was appended to or joined: not that at the end of a pause.
func (r *reader) begins(ev format.Event) bool {
	if ev.Code != format.Marker {
		return false
	}
	if ev.Data == "paused" {
		r.paused = true
		return false
	}
	if _, ok := format.ResumedAt(ev.Data); !ok && ev.Data != "resumed" {
		return false
	}
	paused := r.paused
	r.paused = false
	cols, rows := r.tracer.screen.Size()
	return !paused && r.tracer.spend(4*cols*rows) // it takes a screen of its own
}

// finish ends the session.
func (r *reader) finish() {
	r.typing.tell(r.tracer.now)
	r.tracer.finish()
	r.list.end = r.tracer.stream.over()
	r.read(true)
	if r.tracer.nonce != "" && r.list.unmarked == "" {
		r.list.unmarked = r.tracer.unmarked
	}
}

// anew ends the session and begins another one.
func (r *reader) anew() *tracer {
	r.finish()
	for _, i := range r.ses.placer.late {
		if s := r.ses.placer.placed[i]; s.points.Over == endless {
			s.points.Over = r.list.end
		}
	}
	r.tracer = r.tracer.anew()
	r.ses.placer, r.before = placer{}, nil
	r.typing = typing{each: r.typing.each, lost: r.typing.lost}
	return r.tracer
}

// read makes commands of the tracer's segments, and takes them from it. Except
// at the end of the recording, the last ones stay until it is known what follows
// them.
func (r *reader) read(atEnd bool) {
	segs := r.tracer.segs
	n, settled := len(segs), len(segs)
	if !atEnd {
		n, settled = len(segs)-overlap-unsettled, len(segs)-unsettled
	}
	for i, s := range segs[:settled] {
		s.number = r.ses.to + i
	}
	r.ses.from, r.ses.to = r.ses.to, r.ses.to+n
	window := slices.Concat(r.before, segs[:n], copies(segs[n:settled]))
	r.before = copies(segs[max(0, n-overlap):n])

	next := time.Duration(math.MaxInt64) // when the stretch ends
	if n < len(segs) {
		next = segs[n].promptAt
	}
	unseen := r.typing.take(segs, next)
	r.list.unseen += len(unseen)
	for _, s := range unseen[:min(len(unseen), maxTyped-len(r.list.unseenLines))] {
		r.list.unseenLines = append(r.list.unseenLines, typedLine{at: s.start, text: s.text})
	}
	lines := r.ses.mix(r.ses.run(window), unseen)
	r.ses.index(lines, r.opts)
	r.hidden.commands(lines)
	r.list.store(lines)

	open := []*segment{r.tracer.open} // commands that further lines may be inside of
	for _, s := range segs[n:] {
		open = append(open, s.outer)
	}
	for _, s := range r.ses.placer.forget(open) {
		if s.index >= 0 {
			r.list.late[s.index] = s
		}
	}
	r.tracer.segs = slices.Clone(segs[n:])
}

// mix puts unseen lines between others, each inside the command that ran then.
func (ses *session) mix(lines, unseen []*segment) []*segment {
	if len(unseen) == 0 {
		return lines
	}
	lines = slices.Concat(lines, unseen)
	slices.SortStableFunc(lines, func(a, b *segment) int { return cmp.Compare(a.start, b.start) })
	last := -1
	for _, s := range lines {
		if s.kind != Unseen {
			last = ses.placer.index[s]
		} else if last >= 0 {
			s.parent, s.depth = last, ses.placer.placed[last].depth+1
		}
	}
	return lines
}

// copies returns copies that passes may change.
func copies(segs []*segment) []*segment {
	var list []*segment
	for _, s := range segs {
		c := *s
		c.prompt, c.copied = slices.Clone(s.prompt), s
		list = append(list, &c)
	}
	return list
}
