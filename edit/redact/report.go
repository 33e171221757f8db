package redact

import (
	"cmp"
	"slices"
	"time"
)

// Finding is a secret in one kind of place: what was found by which rule, and
// where, but not what it is.
type Finding struct {
	// Secret numbers the secrets of a recording from 1. Findings with the same
	// number are of the same text.
	Secret int
	// Rule is the rule that found it: the ID of one of gitleaks' rules, or
	// "variable", "authorization", "url-password", "option", "netrc",
	// "private-key-line", "typed-password", "text" or "pattern".
	Rule string
	// Where is the kind of place: "output", "input", "title", "osc 7" and the
	// like, "dcs", "apc", "marker", "comment", "event" of an unknown code, or
	// a field of the header as "header.command".
	Where string
	// First and Last are the times of the events at which it was first and
	// last seen, as soon as it could be told. They are zero in the header.
	First time.Duration
	Last  time.Duration
	// Count is how often it was drawn, typed or told, parts of it included.
	Count int
}

// Report tells what was redacted.
type Report struct {
	Findings []Finding // by time of the first, then by secret
	// Secrets is the number of different secrets.
	Secrets int
	// Overflow tells that more secrets were found than are kept in mind. Those
	// beyond are redacted where a rule sees them, but not searched for
	// elsewhere.
	Overflow bool
	// Hurried tells that the output changes the screen so often that it was
	// not all looked at: a recording made to take time, not by a person.
	Hurried bool
}

// where is a kind of place.
type where struct {
	kind string
	// seen, unless nil, has the secrets that were counted there already: one
	// place is looked at in several ways.
	seen map[int]bool
}

type findingKey struct {
	secret int
	rule   string
	where  string
}

// count takes note of a secret that was redacted, if that is new.
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
