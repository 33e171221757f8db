// Package redact takes secrets out of recordings: tokens, keys and passwords
// that were typed, printed or put into a title.
//
// Start with [New], and give a recording to [Redactor.Cast], or put
// [Redactor.Filter] among the filters of package edit.
//
//	r, err := redact.New(redact.Options{})
//	...
//	cast, report, err := r.Cast(ctx, cast)
//
// # What is found
//
// gitleaks' public rules, and rules for what has no form of its own but a name
// or a place: variables (DB_PASSWORD=), Authorization headers, passwords in
// URLs, options of commands, and what was typed where a program asked for a
// password; besides what [Options] names. Rules see text as it stood on the
// screen, so a secret that was split over events, redrawn, corrected, coloured
// or wrapped is one to them; and as it was printed, typed, or put into control
// strings, also in percent and base64 encoding.
//
// # What becomes of it
//
// Each character becomes "*", or "＊" if it takes two columns, in each event
// that drew it, so that all else stays on the screen cell by cell and at every
// moment. What a rule found that could not stand for something else
// goes wherever it is in the recording, before and after, in output, input,
// control strings, markers, comments, the header and events of unknown codes; so
// do long parts of it, and what stood in its place while it was typed. A short
// or plain value ("PASSWORD=hello") goes only where a rule sees it.
//
// # How
//
// A recording is read once, found secrets are kept in memory, events in a
// temporary file; a second pass locates the bytes that drew them, and a
// third rewrites. Memory does not depend on the length.
package redact

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Options says what to look for. The zero value is the public rules.
type Options struct {
	// NoRules leaves the public rules out: only Texts and Patterns count.
	NoRules bool
	// Texts are secrets themselves. They go wherever they stand.
	Texts []string
	// Patterns are the user's own rules, matched on a line at a time. If a
	// pattern has a group, the secret is what the first one that took part
	// matched, else the whole match.
	Patterns []*regexp.Regexp
}

// Redactor redacts recordings. It may be used for any number of them, also at
// once.
type Redactor struct {
	rules *ruleSet
	names bool // the public rules are among them
	texts []string
}

// New makes a Redactor. The error tells of an empty text, or of a pattern that
// matches it.
func New(opts Options) (*Redactor, error) {
	r := &Redactor{names: !opts.NoRules}
	var rules []*rule
	if !opts.NoRules {
		public, err := publicRules()
		if err != nil {
			return nil, err
		}
		rules = append(rules, public...)
	}
	for _, re := range opts.Patterns {
		if re.MatchString("") {
			return nil, fmt.Errorf("redact: pattern %q matches the empty text", re)
		}
		rules = append(rules, &rule{name: "pattern", regexp: re})
	}
	for _, text := range opts.Texts {
		if text == "" {
			return nil, fmt.Errorf("redact: empty text")
		}
		rules = append(rules, &rule{name: "text", regexp: regexp.MustCompile(regexp.QuoteMeta(text)), sure: true})
		r.texts = append(r.texts, text)
	}
	r.rules = newRuleSet(rules)
	return r, nil
}

// Filter gives Cast as a filter. It reads a recording to its end when it is
// applied, as the header may hold what is found at the end. Its error ends the
// events, of which there are none then, and the header is empty. tell, unless
// nil, is given the report before the Filter returns.
func (r *Redactor) Filter(ctx context.Context, tell func(*Report)) edit.Filter {
	return func(src format.Cast) format.Cast {
		cast, report, err := r.Cast(ctx, src)
		if err != nil {
			return format.Cast{Events: func(yield func(format.Event, error) bool) { yield(format.Event{}, err) }}
		}
		if tell != nil {
			tell(report)
		}
		return cast
	}
}

// Cast reads src to its end and gives it redacted, with a report. The events
// of the result are single-use; ranging over them frees what was stored for
// them. If src ends in an error, so does the result, behind the events before
// it; an error of Cast is one of its own, or ctx's.
func (r *Redactor) Cast(ctx context.Context, src format.Cast) (format.Cast, *Report, error) {
	store := &spool{}
	cast, report, err := r.cast(ctx, src, store)
	if err != nil {
		store.close()
		return format.Cast{}, nil, err
	}
	return cast, report, nil
}

func (r *Redactor) cast(ctx context.Context, src format.Cast, store *spool) (format.Cast, *Report, error) {
	run := &run{m: newMatcher(r.rules), names: r.names, findings: map[findingKey]*Finding{}}
	for _, text := range r.texts {
		run.m.known.add(text, "text", true, "")
	}

	// First pass: find.
	var srcErr error
	run.begin(src.Header.Size, false)
	run.header(src.Header)
	n := 0
	for ev, err := range src.Events {
		if err != nil {
			srcErr = err
			break
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return format.Cast{}, nil, ctx.Err()
		}
		if err := store.add(ev); err != nil {
			return format.Cast{}, nil, fmt.Errorf("redact: temporary file: %w", err)
		}
		run.event(ev)
	}
	run.end()
	run.m.freeze()
	// The size stays; the header may lose what is known only now.
	size := src.Header.Size
	src.Header = run.header(src.Header)
	if run.m.any || len(r.texts) > 0 {
		// Second pass: locate.
		run.begin(size, true)
		for ev, err := range store.events() {
			if err == nil && run.err() != nil {
				err = run.err()
			}
			if n++; err == nil && n%1024 == 0 {
				err = ctx.Err()
			}
			if err != nil {
				return format.Cast{}, nil, err
			}
			run.event(ev)
		}
		run.end()
		if err := run.err(); err != nil {
			return format.Cast{}, nil, err
		}
	}
	report := run.report()
	run.out, run.in = nil, nil
	src.Events = func(yield func(format.Event, error) bool) {
		defer store.close()
		// Third pass: rewrite.
		var outPos, inPos int64
		for ev, err := range store.events() {
			if err != nil {
				yield(ev, err)
				return
			}
			switch ev.Code {
			case format.Output:
				pos := outPos
				outPos += int64(len(ev.Data))
				ev.Data = run.outMarks.apply(ev.Data, pos)
			case format.Input:
				pos := inPos
				inPos += int64(len(ev.Data))
				ev.Data = run.inMarks.apply(ev.Data, pos)
			default:
				ev = run.other(ev, false)
			}
			if !yield(ev, nil) {
				return
			}
		}
		if srcErr != nil {
			yield(format.Event{}, srcErr)
		}
	}
	return src, report, nil
}

// run is the redaction of one recording.
type run struct {
	m        *matcher
	names    bool // a value is a secret if its name is one of a secret
	locate   bool
	now      time.Duration
	out      *screen
	in       *typed
	outMarks marks
	inMarks  marks
	findings map[findingKey]*Finding
	tired    bool // some of the output was only looked at in part
}

func (r *run) err() error {
	if r.outMarks.err != nil {
		return r.outMarks.err
	}
	return r.inMarks.err
}

func (r *run) begin(size format.Size, locate bool) {
	r.locate, r.now = locate, 0
	r.out = newScreen(r, size, locate)
	r.in = newTyped(r, locate)
}

func (r *run) end() {
	r.out.finish()
	r.in.finish()
}

func (r *run) event(ev format.Event) {
	r.now = ev.Time
	switch ev.Code {
	case format.Output:
		r.out.tok.feed(ev.Data)
	case format.Input:
		r.in.tok.feed(ev.Data)
	case format.Resize:
		if size, err := ev.Size(); err == nil {
			r.out.resize(size)
		}
		r.other(ev, true)
	default:
		r.other(ev, true)
	}
}

// mark redacts the characters that tags name.
func (r *run) mark(sp span, tags []uint64, w where) {
	fresh := false
	last := uint64(noTag)
	for _, tag := range tags {
		if tag == noTag || tag == last {
			continue
		}
		last = tag
		width := 1
		if tag&wideTag != 0 {
			width = 2
		}
		place := tag &^ wideTag
		fresh = r.outMarks.char(int64(place>>2), int(place&3)+1, width) || fresh
	}
	r.count(sp, w, fresh)
}

// markBytes redacts the characters of text, whose bytes stand at at.
func (r *run) markBytes(sp span, text []byte, at []int64, w where) {
	fresh := false
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		size := int(at[min(i+n, len(at))-1]-at[i]) + 1
		fresh = r.outMarks.char(at[i], size, vt.RuneWidth(c)) || fresh
		i += n
	}
	r.count(sp, w, fresh)
}

// other redacts an event that is no stream: a marker, a comment, an unknown
// code. tell counts what is found.
func (r *run) other(ev format.Event, tell bool) format.Event {
	kind := "event"
	switch ev.Code {
	case format.Marker:
		kind = "marker"
	case format.Comment:
		kind = "comment"
	case format.Resize, format.Exit:
		kind = "event"
	}
	if ev.JSON {
		ev.Data = r.json("", ev.Data, where{kind: kind}, tell)
	} else {
		ev.Data = r.text(ev.Data, where{kind: kind}, tell)
	}
	return ev
}

// text gives s redacted, line by line.
func (r *run) text(s string, w where, tell bool) string {
	if s == "" {
		return s
	}
	var out []byte
	hidden := false
	for i, line := range bytes.Split([]byte(s), []byte("\n")) {
		if i > 0 {
			out = append(out, '\n')
		}
		spans := slices.Clone(r.m.find(line, true))
		if len(spans) == 0 || !r.m.frozen {
			out = append(out, line...)
			continue
		}
		hidden = true
		hide := make([]bool, len(line))
		for _, sp := range spans {
			fresh := false
			for i := sp.from; i < sp.to; i++ {
				fresh = fresh || !hide[i]
				hide[i] = true
			}
			if tell {
				r.count(sp, w, fresh)
			}
		}
		for i := 0; i < len(line); {
			_, n := utf8.DecodeRune(line[i:])
			if hide[i] {
				out = appendStars(out, line[i:i+n])
			} else {
				out = append(out, line[i:i+n]...)
			}
			i += n
		}
	}
	if !hidden {
		return s
	}
	return string(out)
}

// json gives a JSON value with its strings redacted; name is its key.
func (r *run) json(name, text string, w where, tell bool) string {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return r.text(text, w, tell)
	}
	changed := false
	value = r.walk(name, value, w, tell, &changed, 0)
	if !changed {
		return text
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return `"*"` // what cannot be encoded is not let out
	}
	return string(bytes.TrimRight(out.Bytes(), "\n"))
}

func (r *run) walk(name string, value any, w where, tell bool, changed *bool, depth int) any {
	switch v := value.(type) {
	case string:
		if now := r.named(name, v, w, tell); now != v {
			*changed = true
			return now
		}
	case []any:
		for i := range v {
			v[i] = r.walk(name, v[i], w, tell, changed, depth+1)
		}
	case map[string]any:
		for key, inner := range v {
			v[key] = r.walk(key, inner, w, tell, changed, depth+1)
		}
	}
	return value
}

// named is text for the value of a name. If the name is one of a secret, all of
// the value is the secret.
func (r *run) named(name, value string, w where, tell bool) string {
	switch {
	case name == "" || value == "" || !secretName(name):
		return r.text(value, w, tell)
	case !r.names || len(value) < 4 || isPlaceholder(value, name):
		head := len(name) + 1
		if now := r.text(name+"="+value, w, tell); r.m.frozen && len(now) >= head && now[head:] != value {
			return now[head:]
		}
		return r.text(value, w, tell)
	}
	var out []byte
	for i, line := range strings.Split(value, "\n") {
		head := name + "="
		if i > 0 {
			out = append(out, '\n')
			head = ""
		}
		if line == "" {
			continue
		}
		text := []byte(head + line)
		sp := r.m.found(text, valueOf(len(head), len(text)), "variable", false, true)
		if tell && r.m.frozen {
			r.count(sp, w, true)
		}
		out = appendStars(out, text[len(head):])
	}
	if !r.m.frozen {
		return value
	}
	return string(out)
}

// appendStars appends what replaces text: a star for each column.
func appendStars(out, text []byte) []byte {
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		if vt.RuneWidth(c) == 2 {
			out = append(out, "\uff0a"...)
		} else {
			out = append(out, '*')
		}
		text = text[n:]
	}
	return out
}

// header gives h redacted.
func (r *run) header(h format.Header) format.Header {
	now := r.now
	r.now = 0
	defer func() { r.now = now }()
	field := func(name string) where { return where{kind: "header." + name} }
	h.Command = r.text(h.Command, field("command"), true)
	h.Title = r.text(h.Title, field("title"), true)
	h.Term.Version = r.text(h.Term.Version, field("term"), true)
	if len(h.Env) > 0 {
		env := make(map[string]string, len(h.Env))
		for name, value := range h.Env {
			env[name] = r.named(name, value, field("env"), true)
		}
		h.Env = env
	}
	h.Tags = slices.Clone(h.Tags)
	for i, tag := range h.Tags {
		h.Tags[i] = r.text(tag, field("tags"), true)
	}
	// A new one, without the text that it was read from: there, a key may stand
	// twice.
	h = format.Header{
		Size: h.Size, Term: h.Term, Start: h.Start, IdleLimit: h.IdleLimit, Command: h.Command, Title: h.Title,
		Env: h.Env, Tags: h.Tags, Duration: h.Duration, Extra: h.Extra,
	}
	extra := func(fields []format.Field) []format.Field {
		fields = slices.Clone(fields)
		for i, f := range fields {
			fields[i].JSON = r.json(f.Key, f.JSON, field(f.Key), true)
		}
		return fields
	}
	h.Extra = extra(h.Extra)
	h.Term.Extra = extra(h.Term.Extra)
	return h
}
