// Package redact replaces the secrets in recordings: tokens, keys and passwords
// that were typed, printed or put into a title.
//
// Start with [New], then pass a recording to [Redactor.Cast], or use
// [Redactor.Filter] among the filters of package edit.
//
// # What it finds
//
// The public rules are those of gitleaks, for tokens and keys that have a form of
// their own, and rules for secrets that are recognized by what is before them:
// a variable's name (DB_PASSWORD=), an Authorization header or a cookie, the user in
// a URL, a command's option (docker login -p), a pipe to a program that reads a
// password, a statement of SQL, a prompt for a password in many languages,
// the lines above in a .netrc, a private key or a Secret of Kubernetes. They read a
// value as a shell does, with its quotes and backslashes. [Options] adds texts and
// patterns.
//
// Rules are applied to each line of the screen, so it does not matter whether a
// secret was split over events, redrawn, corrected, coloured or wrapped. They are
// also applied to text as it was printed and typed, and to control strings, the
// header, markers, comments and other events.
//
// # What it replaces
//
// Each character of a secret becomes "*", or "＊" if it is two columns wide, in
// the event that drew it. Everything else stays on the screen, at each moment and
// in each cell.
//
// A secret is replaced wherever a rule finds it. If it is also unlikely to occur
// as anything else (8 bytes or more of at least two of lower case, upper case,
// digits and punctuation, or 16 bytes of anything) or is one of [Options.Texts],
// every other copy of it is replaced too: before and after, in output, input,
// control strings, markers, comments, other events and the header, with or
// without the quotes it was written in. So are parts of it, of about 8 bytes and
// more, what stood in its place while it was being typed, and its other forms:
// base64 and hexadecimal digits, also as a part of a longer text and of several
// lines, and escapes of URLs, JSON, C, HTML and shells. What a secret in base64
// stands for is a secret too.
//
// # What it leaves
//
// No set of rules recognizes every secret, so look at the result before you
// publish it. In particular, these stay:
//
//   - Secrets that nothing marks as such: a password in a sentence, or an argument
//     of a program that is not known.
//   - Secrets in another form: compressed, encrypted or hashed, in images, and
//     copies with other characters or line breaks inside.
//   - Copies of a short or plain secret ("PASSWORD=hello") where no rule sees it.
//   - The second and further lines of a value, other than a private key's. In the
//     first line, a value whose quotes are not closed ends with the line. A value
//     without quotes ends at a blank, even where env prints one that has blanks.
//   - The length of a secret, and when each of its keys was typed.
//
// # How it works
//
// The first pass ([Scan]) reads the recording once, finds its secrets, which are kept
// in memory, and locates the bytes that drew them. Events are kept in memory up to 4
// MiB, then in a temporary file that only its owner can read. Plain lines that scroll
// up are searched as they are in the stream, and are not drawn if they have left the
// screen before anything else comes. A second pass locates
// the copies. It draws the screen again only where a line was not printed as it stands
// or may show a secret half typed. A third writes the result. Memory does not grow with
// the length of the recording but with the number of secrets.
package redact

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
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

// Options configures [New]. The zero value applies the public rules.
type Options struct {
	// NoRules omits the public rules and applies only Texts and Patterns.
	NoRules bool
	// Texts are secrets, replaced wherever they occur in a line, whatever their
	// length. Case matters. None may be empty.
	Texts []string
	// Patterns are additional rules, matched against one line at a time. The
	// secret is the first group that took part in the match and is not empty,
	// or else the whole match. A pattern that matches the empty string is an error.
	Patterns []*regexp.Regexp
}

// Redactor replaces secrets in recordings. It is safe for concurrent use, and
// keeps nothing of a recording.
type Redactor struct {
	rules *ruleSet
	names bool     // rules has the public rules
	texts []string // Options.Texts
	// replacer, unless nil, has the texts that Replace replaces, in place of secrets.
	replacer *replacer
}

// New returns a Redactor. It returns an error for an empty text, and for a pattern
// that matches the empty string.
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
			return nil, fmt.Errorf("redact: pattern %q matches the empty string", re)
		}
		rules = append(rules, &rule{name: "pattern", regexp: re})
	}
	for _, text := range opts.Texts {
		if text == "" {
			return nil, errors.New("redact: the text to remove is empty")
		}
		rules = append(rules, &rule{name: "text", regexp: regexp.MustCompile(regexp.QuoteMeta(text)), sure: true})
		r.texts = append(r.texts, text)
	}
	r.rules = newRuleSet(rules)
	return r, nil
}

// Filter returns [Redactor.Cast] as a filter. Applied to a recording, the filter
// reads it to its end before it returns, as a secret at the end may be in the
// header too. It calls report, unless that is nil, with the report. If Cast
// returns an error, the filter does not call report; its result has an empty
// header and no events but the error.
func (r *Redactor) Filter(ctx context.Context, report func(*Report)) edit.Filter {
	return func(src format.Cast) format.Cast {
		cast, found, err := r.Cast(ctx, src)
		if err != nil {
			return format.Cast{Events: func(yield func(format.Event, error) bool) { yield(format.Event{}, err) }}
		}
		if report != nil {
			report(found)
		}
		return cast
	}
}

// Cast reads src to its end and returns it with its secrets replaced, and a report. Its
// header says so ([format.Header.Redacted]). Events keep their number, order, codes and
// times; src.Header is not changed.
//
// The events of the result are single-use. Range over them, even if only in part,
// to remove the temporary file. If src ends with an error, so do they, after the
// events before it.
//
// Cast returns ctx.Err if ctx ends while it reads, an error of the temporary file,
// or an error if the recording has too many secrets to hold in memory. It returns
// no part of the recording then.
func (r *Redactor) Cast(ctx context.Context, src format.Cast) (format.Cast, *Report, error) {
	scan := r.Scan(src.Header)
	cast, report, err := r.cast(ctx, src, scan)
	if err != nil {
		scan.Close()
		return format.Cast{}, nil, err
	}
	return cast, report, nil
}

func (r *Redactor) cast(ctx context.Context, src format.Cast, scan *Scan) (format.Cast, *Report, error) {
	err, srcErr := scan.events(ctx, src.Events)
	if err != nil {
		return format.Cast{}, nil, err
	}
	return scan.finish(ctx, srcErr)
}

// run replaces the secrets of one recording.
type run struct {
	m        *matcher
	names    bool               // the name of a value may make it a secret
	keep     func(oddLine) bool // keeps a line for the second pass, or reports that it cannot
	now      time.Duration      // time of the event being read
	out      *screen
	in       *typed
	outMarks marks   // what happens to the bytes of the output
	inMarks  marks   // and of the input
	outSwaps swaps   // what a replacer does to the bytes of the output
	inSwaps  swaps   // and of the input
	refused  error   // why a text cannot be replaced
	cols     []glyph // scratch of redraw
	changes  []swap
	findings map[findingKey]*finding
	found    []findingKey // the keys of findings, in order
	here     around       // the text being searched, for the report
	journal  *journal     // of the part being searched, beside others; or nil
	tired    bool         // some of the output was searched only in part
	heads    []entryHead  // of entryKinds; nil until needed
}

// err returns the first error of the marks, or why a text cannot be replaced.
func (r *run) err() error {
	return cmp.Or(r.outMarks.err, r.inMarks.err, r.refused, r.outSwaps.err, r.inSwaps.err)
}

// event searches an event, in the first pass, and in the second where lines have to be
// searched.
func (r *run) event(ev format.Event) {
	r.now = ev.Time
	switch ev.Code {
	case format.Output:
		r.out.tok.feed(ev.Data)
	case format.Input:
		r.out.draw()
		r.out.plain = false
		r.in.tok.feed(ev.Data)
	case format.Resize:
		if size, err := ev.Size(); err == nil {
			r.out.draw()
			r.out.resize(size)
		}
	}
}

// odd searches a line that was kept.
func (r *run) odd(l oddLine) {
	spans := r.m.look(l.text, l.start)
	if len(spans) > 0 {
		r.here = r.out.around(l.text, l.tags)
	}
	for _, sp := range spans {
		r.mark(sp, l.tags[sp.from:sp.to], where{kind: "output"})
	}
}

// dressed reports whether a span of the text in here has escapes, and a rule has
// replaced all of it but quotes, which stay between the parts that it reads.
func (r *run) dressed(sp span) bool {
	if !sp.escaped {
		return false
	}
	for i, c := range r.here.text[sp.from:sp.to] {
		at := r.here.at[sp.from+i]
		if c != '"' && c != '\'' && c != '\\' && at >= 0 && !r.here.marks.hides(at) {
			return false
		}
	}
	return true
}

// mark replaces the characters that tags identify.
func (r *run) mark(sp span, tags []uint64, w where) {
	if r.dressed(sp) {
		return
	}
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

// markBytes replaces the characters of text. at has the offset of each byte in the
// output.
func (r *run) markBytes(sp span, text []byte, at []int64, w where) {
	if r.dressed(sp) {
		return
	}
	fresh := false
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		size := int(at[min(i+n, len(at))-1]-at[i]) + 1
		fresh = r.outMarks.char(at[i], size, vt.RuneWidth(c)) || fresh
		i += n
	}
	r.count(sp, w, fresh)
}

// otherEvent searches an event that is neither output nor input.
func (r *run) otherEvent(ev format.Event) {
	if ev.Code != format.Output && ev.Code != format.Input {
		r.now = ev.Time
		r.other(ev, true)
	}
}

// other returns an event that is neither output nor input with its secrets
// replaced. report counts them.
func (r *run) other(ev format.Event, report bool) format.Event {
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
		ev.Data = r.json("", ev.Data, where{kind: kind}, report)
	} else {
		ev.Data = r.text(ev.Data, where{kind: kind}, report)
	}
	return ev
}

// text returns s with the secrets in its lines replaced, or unchanged in the first
// pass. report counts them.
func (r *run) text(s string, w where, report bool) string {
	if s == "" {
		return s
	}
	if r.m.replacer != nil {
		return r.m.replacer.text(s, nil)
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
		fresh := make([]bool, len(spans))
		for n, sp := range spans {
			for i := sp.from; i < sp.to; i++ {
				fresh[n] = fresh[n] || !hide[i]
				hide[i] = true
			}
		}
		if report {
			r.here = around{text: line, hide: hide}
			for n, sp := range spans {
				r.count(sp, w, fresh[n])
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

// json returns a JSON value with the secrets in its strings replaced. name is its
// key.
func (r *run) json(name, text string, w where, report bool) string {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return r.text(text, w, report)
	}
	changed := false
	value = r.walk(name, value, w, report, &changed, 0)
	if !changed {
		return text
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return `"*"` // never the original
	}
	return string(bytes.TrimRight(out.Bytes(), "\n"))
}

// walk is json for a decoded value. It sets changed if it replaced anything.
func (r *run) walk(name string, value any, w where, report bool, changed *bool, depth int) any {
	switch v := value.(type) {
	case string:
		if now := r.named(name, v, w, report); now != v {
			*changed = true
			return now
		}
	case []any:
		for i := range v {
			v[i] = r.walk(name, v[i], w, report, changed, depth+1)
		}
	case map[string]any:
		for key, inner := range v {
			v[key] = r.walk(key, inner, w, report, changed, depth+1)
		}
	}
	return value
}

// named is text for the value of a name. If the name is that of a secret, all of
// the value is replaced.
func (r *run) named(name, value string, w where, report bool) string {
	switch {
	case name == "" || value == "" || r.m.replacer != nil || !secretName(name):
		return r.text(value, w, report)
	case !r.names || len(value) < 4 || isPlaceholder(value, name):
		head := len(name) + 1
		if now := r.text(name+"="+value, w, report); r.m.frozen && len(now) >= head && now[head:] != value {
			return now[head:]
		}
		return r.text(value, w, report)
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
		if report && r.m.frozen {
			hide := make([]bool, len(text))
			for i := len(head); i < len(hide); i++ {
				hide[i] = true
			}
			r.here = around{text: text, hide: hide}
			r.count(sp, w, true)
		}
		out = appendStars(out, text[len(head):])
	}
	if !r.m.frozen {
		return value
	}
	return string(out)
}

// appendStars appends the replacement of text: a star for each character.
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

// header returns a copy of h with its secrets replaced, or unchanged in the first
// pass.
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
	// A new Header does not have the text that this one was read from, in which
	// the same key may occur twice.
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
