package redact

import (
	"cmp"
	"slices"
	"time"
)

// Finding is one secret in one kind of place. It has the rule, the place and the
// times, but not the secret.
type Finding struct {
	// Secret numbers the secrets of a recording from 1. Findings with the same
	// number are of the same secret.
	Secret int
	// Rule is the name of the rule that found the secret: the ID of a gitleaks
	// rule, or "variable", "authorization", "url-password", "option", "netrc",
	// "private-key-line", "typed-password", "text" or "pattern".
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

// where is a kind of place.
type where struct {
	kind string
	// seen, unless nil, has the secrets already counted at this place, which is
	// searched in several ways.
	seen map[int]bool
}

// findingKey identifies a Finding.
type findingKey struct {
	secret int
	rule   string
	where  string
}

// count records that a span was replaced. fresh reports whether some of it was
// not replaced before.
func (r *run) count(sp span, w where, fresh bool) {
	if !fresh || sp.more {
		return
	}
	s := sp.s
	if s != nil && s.same != nil {
		s = s.same
	}
	for s != nil && s.root != nil {
		s = s.root
	}
	key := findingKey{where: w.kind}
	if s != nil {
		key.secret, key.rule = s.id, s.rule
	}
	if w.seen[key.secret] {
		return
	}
	if w.seen != nil {
		w.seen[key.secret] = true
	}
	f := r.findings[key]
	if f == nil {
		f = &Finding{Secret: key.secret, Rule: key.rule, Where: w.kind, First: r.now}
		r.findings[key] = f
	}
	f.Last = r.now
	f.Count++
}

// report returns the report of what was counted.
func (r *run) report() *Report {
	report := &Report{Overflow: r.m.known.full, Hurried: r.tired}
	seen := map[int]bool{}
	for _, f := range r.findings {
		report.Findings = append(report.Findings, *f)
		seen[f.Secret] = true
	}
	report.Secrets = len(seen)
	slices.SortFunc(report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Secret, b.Secret), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Rule, b.Rule))
	})
	return report
}
