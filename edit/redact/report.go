package redact

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Finding is one secret in one kind of place. It has the rule, the place and the
// times, but not the secret.
type Finding struct {
	// Secret numbers the secrets in the report from 1, without gaps. Findings with the same
	// number are of the same secret.
	Secret int
	// Rule is the name of the rule that found the secret: the ID of a gitleaks
	// rule, or "variable", "authorization", "url-password", "option", "prompt",
	// "sql", "cookie", "setting", "connection", "netrc", "pgpass", "kubeconfig",
	// "password-hash", "private-key-line", "typed-password", "text" or "pattern".
	Rule string
	// Where is the kind of place: "output", "input", "title", "osc 7" and so
	// on, "osc", "dcs", "sos", "pm", "apc", "marker", "comment", "event" for
	// any other event, or a field of the header as in "header.command".
	Where string
	// First and Last are the times, since the start of the recording, of the
	// first and the last event that completed the secret, or a part of it, in
	// such a place. They are zero in the header.
	First time.Duration
	Last  time.Duration
	// Count is the number of times that the secret, or a part of it, was
	// replaced in such a place.
	Count int
	// Context is the text around the secret, the first time that it was replaced in
	// such a place. All secrets in it are replaced.
	Context string
}

// Report lists what was replaced in a recording.
type Report struct {
	Findings []Finding // sorted by First, then by Secret
	// Secrets is the number of different secrets in Findings.
	Secrets int
	// Overflow reports that the recording has more secrets than are kept in
	// memory. The others are replaced only where a rule sees them.
	Overflow bool
	// Hurried reports that the output changes the screen too often to be
	// searched after each change, so secrets may be left. Only recordings made
	// for it are known to do that.
	Hurried bool
}

// finding is a Finding with the text around it.
type finding struct {
	Finding
	around around
}

// around is a text in which a secret was found. What is a secret in it is known when
// the recording was read to its end.
type around struct {
	text  []byte
	at    []int64 // offset of each byte in the stream; less than 0 if it is not from there
	marks *marks  // of the stream
	hide  []bool  // whether each byte is part of a secret, if marks is nil
}

// Bytes of a text before and behind the start of a secret that a report shows.
const (
	contextBefore = 40
	contextBehind = 56
)

// cut returns a copy of the text around index i.
func (a around) cut(i int) around {
	from, to := max(0, min(i, len(a.text))-contextBefore), min(len(a.text), i+contextBehind)
	for from > 0 && from < len(a.text) && !utf8.RuneStart(a.text[from]) {
		from++
	}
	for to > from && to < len(a.text) && !utf8.RuneStart(a.text[to]) {
		to--
	}
	from = min(from, to)
	a.text = slices.Clone(a.text[from:to])
	if a.marks != nil {
		a.at = slices.Clone(a.at[from:to])
	} else {
		a.hide = slices.Clone(a.hide[from:to])
	}
	return a
}

// masked returns the text with its secrets replaced.
func (a around) masked() string {
	out := make([]byte, 0, len(a.text))
	for i := 0; i < len(a.text); {
		_, n := utf8.DecodeRune(a.text[i:])
		hide := false
		for j := i; j < i+n; j++ {
			hide = hide || a.marks == nil && a.hide[j] || a.marks != nil && a.at[j] >= 0 && a.marks.hides(a.at[j])
		}
		if hide {
			out = appendStars(out, a.text[i:i+n])
		} else {
			out = append(out, a.text[i:i+n]...)
		}
		i += n
	}
	return strings.TrimSpace(string(out))
}

// where is a kind of place.
type where struct {
	kind string
	// seen, unless nil, has the secrets already counted at this place, which is
	// searched in several ways.
	seen map[*secret]bool
}

// findingKey identifies what is counted of a secret.
type findingKey struct {
	s     *secret
	where string
}

// count records that a span was replaced. fresh reports whether some of it was
// not replaced before.
func (r *run) count(sp span, w where, fresh bool) {
	if !fresh || sp.more || w.seen[sp.s] {
		return
	}
	if w.seen != nil {
		w.seen[sp.s] = true
	}
	key := findingKey{sp.s, w.kind}
	if r.journal != nil {
		r.journal.count(key, r.now, r.here, sp.from)
		return
	}
	r.add(key, func() around { return r.here.cut(sp.from) })
}

// add adds one to a finding, of which around returns the text.
func (r *run) add(key findingKey, around func() around) {
	f := r.findings[key]
	if f == nil {
		f = &finding{Finding: Finding{Where: key.where, First: r.now, Last: r.now}, around: around()}
		r.findings[key] = f
		r.found = append(r.found, key)
	}
	f.First, f.Last = min(f.First, r.now), max(f.Last, r.now)
	f.Count++
}

// main returns the secret that s is a half-typed form or a spelling of.
func (s *secret) main() *secret {
	if s.same != nil {
		s = s.same
	}
	for s.root != nil {
		s = s.root
	}
	return s
}

// report returns the report of what was counted.
func (r *run) report() *Report {
	type key struct {
		secret      int
		rule, where string
	}
	merged := map[key]*finding{}
	for _, at := range r.found {
		f, s := r.findings[at], at.s.main()
		f.Secret, f.Rule = s.id, s.rule
		k := key{s.id, s.rule, f.Where}
		all := merged[k]
		if all == nil {
			merged[k] = f
			continue
		}
		if f.First < all.First {
			all.First, all.around = f.First, f.around
		}
		all.Last = max(all.Last, f.Last)
		all.Count += f.Count
	}
	report := &Report{Overflow: r.m.known.full, Hurried: r.tired}
	for _, f := range merged {
		f.Context = f.around.masked()
		report.Findings = append(report.Findings, f.Finding)
	}
	slices.SortFunc(report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Secret, b.Secret), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Rule, b.Rule))
	})
	// Not all of the secrets that were found have a number of their own: some are
	// parts of others. Those that did not fit in memory have none, only a rule.
	type name struct {
		secret int
		rule   string
	}
	numbers := map[name]int{}
	for i := range report.Findings {
		f := &report.Findings[i]
		n := name{secret: f.Secret}
		if n.secret == 0 {
			n.rule = f.Rule
		}
		if numbers[n] == 0 {
			numbers[n] = len(numbers) + 1
		}
		f.Secret = numbers[n]
	}
	report.Secrets = len(numbers)
	return report
}
