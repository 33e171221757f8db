package cli

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/screen"
)

// secretsPolicy is what is done about secrets in what is published.
type secretsPolicy string

const (
	secretsWarn   secretsPolicy = "warn"   // say so, and go on
	secretsRefuse secretsPolicy = "refuse" // publish nothing
	secretsRedact secretsPolicy = "redact" // publish it without them
	secretsAllow  secretsPolicy = "allow"  // do not look
)

// secretsFlag returns the flag --secrets.
func secretsFlag(p *secretsPolicy) *flag {
	return oneOf((*string)(p), "secrets", "if secrets would show, `DO`: warn, refuse, redact or allow",
		string(secretsWarn), string(secretsRefuse), string(secretsRedact), string(secretsAllow))
}

// shownParts is what a target shows of a recording, beside the text on the screen.
type shownParts struct {
	still    bool // only the last screen is shown
	title    bool // of the header
	links    bool // the hyperlinks' targets
	captions bool // the markers
	keys     bool // the input
	all      bool // the target is a recording: it holds all that this one does
}

// holds reports whether a target shows a place of [redact.Finding].
func (s shownParts) holds(where string) bool {
	switch where {
	case "output":
		return true
	case "header.title":
		return s.title || s.all
	case "osc 8":
		return s.links || s.all
	case "marker":
		return s.captions || s.all
	case "input":
		return s.keys || s.all
	}
	return s.all
}

// looked is a recording that was searched before it is published.
type looked struct {
	// open opens it, any number of times, without secrets if that was asked for.
	open func() (format.Cast, error)
	// warnings and notes are what the user should know; the caller prints them.
	warnings, notes []string
	// done removes what open reads from.
	done func()
}

// publicRedactor returns a redactor with the built-in rules. It takes more memory than
// most pictures, so it is only kept while somebody uses it.
func publicRedactor() (*redact.Redactor, error) {
	publicRules.Lock()
	defer publicRules.Unlock()
	if r := publicRules.kept.Value(); r != nil {
		return r, nil
	}
	r, err := redact.New(redact.Options{})
	publicRules.kept = weak.Make(r)
	return r, err
}

var publicRules struct {
	sync.Mutex
	kept weak.Pointer[redact.Redactor]
}

// lookAt searches the recording that open opens before it is published as name, and does
// as the policy says. The secrets are those that the target shownParts, but all of the
// recording is searched: what was typed and is not shown may be a secret elsewhere. The
// warnings name no secret.
//
// A policy that guards is safe: if the search fails or is incomplete, lookAt returns an
// error. If the recording ends in an error, so does what is returned, after all events.
func lookAt(ctx context.Context, policy secretsPolicy, name string, what shownParts, open func() (format.Cast, error)) (looked, error) {
	l := looked{open: open, done: func() {}}
	if policy == secretsAllow {
		return l, nil
	}
	guards := policy != secretsWarn
	report, clean, meta, err := search(ctx, what, open)
	if err != nil {
		if ctxErr := context.Cause(ctx); ctxErr != nil {
			return l, ctxErr
		}
		if failed, ok := errors.AsType[openError](err); ok {
			return l, failed.error
		}
		err = fmt.Errorf("cannot look for secrets: %w", err)
		if guards {
			return l, withHint(err, "--secrets allow does without the search")
		}
		l.warnings = append(l.warnings, name+": "+message(err))
		return l, nil
	}
	defer func() {
		if clean.Events != nil {
			for range clean.Events { // removes its temporary file
				break
			}
		}
	}()
	found := shown(report, what)
	if what.still && len(found) > 0 {
		if found, err = stillShown(ctx, found, open, &clean); err != nil {
			return l, err
		}
	}
	incomplete := redactWarnings(report)
	if guards && len(incomplete) > 0 {
		return l, withHint(fmt.Errorf("%s: %s", name, incomplete[0]), "look at it, then use --secrets allow")
	}
	l.warnings = append(l.warnings, incomplete...)
	switch policy {
	case secretsRefuse:
		if len(found) > 0 {
			return l, withHint(errors.New(strings.Join(findingLines(name, "would show", found, what), "\n")),
				"--secrets redact hides them, and --secrets allow shows them; ttydeck redact lists them")
		}
	case secretsWarn:
		lines := findingLines(name, "shows", found, what)
		if n := len(lines); n > 0 {
			lines[n-1] += "; --secrets redact hides them"
		}
		l.warnings = append(l.warnings, lines...)
	case secretsRedact:
		if len(report.Findings) == 0 {
			break
		}
		if what.still { // it was read for the comparison
			if clean, err = redacted(ctx, open); err != nil {
				return l, fmt.Errorf("cannot redact: %w", err)
			}
		}
		if l.open, l.done, err = spool(ctx, clean); err != nil {
			return l, fmt.Errorf("cannot redact: %w", err)
		}
		if len(found) > 0 {
			secrets := map[int]bool{}
			for _, f := range found {
				secrets[f.Secret] = true
			}
			l.notes = append(l.notes, fmt.Sprintf("%s: %s redacted", name, count(len(secrets), "secret")))
		}
	}
	if what.all {
		if text := metadataText(metadataCounts(meta)); text != "" {
			l.warnings = append(l.warnings, name+" also holds what no picture shows: "+text+"; --remove-metadata leaves it out")
		}
	}
	return l, nil
}

// hiddenByEdit looks for secrets that a target shows and that cannot be recognized there,
// as an edit has removed what marks them. open opens the result of the edit, and clean that
// of the recording without its secrets. Under the policy redact, it returns what opens the
// latter, and a function that removes what that reads from.
func hiddenByEdit(ctx context.Context, policy secretsPolicy, name string, what shownParts, open, clean func() (format.Cast, error)) (opened func() (format.Cast, error), done func(), warnings []string, err error) {
	done = func() {}
	without, err := clean()
	if err != nil {
		return nil, done, nil, err
	}
	opened, done, err = spool(ctx, without)
	if err != nil {
		return nil, done, nil, err
	}
	if policy == secretsRedact {
		return opened, done, nil, nil
	}
	defer func() { done(); done = func() {} }()
	differ, err := showDifferently(ctx, what, open, opened)
	switch {
	case err != nil || !differ:
		return nil, done, nil, err
	case policy == secretsRefuse:
		return nil, done, nil, withHint(fmt.Errorf("%s would show secrets, or parts of them", name),
			"--secrets redact hides them, and --secrets allow shows them; ttydeck redact lists them")
	}
	return nil, done, []string{name + " shows secrets, or parts of them; --secrets redact hides them"}, nil
}

// showDifferently reports whether a target shows two recordings, which have the same
// events, differently.
func showDifferently(ctx context.Context, what shownParts, a, b func() (format.Cast, error)) (bool, error) {
	left, err := a()
	if err != nil {
		return false, err
	}
	right, err := b()
	if err != nil {
		return false, err
	}
	if what.title && left.Header.Title != right.Header.Title {
		return true, nil
	}
	next, stop := iter.Pull2(untilCancelled(ctx, right.Events))
	defer stop()
	screens := [2]screen.Screen{screen.New(left.Header), screen.New(right.Header)}
	for ev, err := range untilCancelled(ctx, left.Events) {
		other, otherErr, more := next()
		if err = errors.Join(err, otherErr); err != nil || !more {
			if err == nil || errors.As(err, new(*format.SyntaxError)) {
				break
			}
			return false, err
		}
		screens[0].Feed(ev)
		screens[1].Feed(other)
		switch {
		case ev.Data == other.Data || what.still && ev.Code == format.Output:
		case ev.Code == format.Output && !looksSame(screens[0], screens[1], what.links),
			ev.Code == format.Input && what.keys, ev.Code == format.Marker && what.captions:
			return true, nil
		}
	}
	return !looksSame(screens[0], screens[1], what.links), nil
}

// looksSame reports whether two screens have the same text and, if they count, the same
// hyperlinks.
func looksSame(a, b screen.Screen, links bool) bool {
	if a.Text() != b.Text() {
		return false
	}
	cols, rows := a.Size()
	for y := 0; links && y < rows; y++ {
		for x := range cols {
			_, left := a.CellLink(a.Cell(x, y))
			if _, right := b.CellLink(b.Cell(x, y)); left != right {
				return false
			}
		}
	}
	return true
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// search searches a recording. clean is it without its secrets; its events have to be
// read, or at least the first.
func search(ctx context.Context, what shownParts, open func() (format.Cast, error)) (report *redact.Report, clean format.Cast, meta edit.Metadata, err error) {
	r, err := publicRedactor()
	if err != nil {
		return nil, clean, meta, err
	}
	src, err := open()
	if err != nil {
		return nil, clean, meta, openError{err}
	}
	if what.all {
		meta.AddHeader(src.Header)
		events := src.Events
		src.Events = func(yield func(format.Event, error) bool) {
			for ev, err := range events {
				if err == nil {
					meta.Add(ev)
				}
				if !yield(ev, err) {
					return
				}
			}
		}
	}
	clean, report, err = r.Cast(ctx, src)
	return report, clean, meta, err
}

// withoutSecrets returns a line of text with its secrets masked.
func withoutSecrets(ctx context.Context, line string) (string, error) {
	r, err := publicRedactor()
	if err != nil {
		return "", err
	}
	clean, _, err := r.Cast(ctx, format.Cast{Events: func(yield func(format.Event, error) bool) {
		yield(format.Event{Code: format.Marker, Data: line}, nil)
	}})
	if err != nil {
		return "", err
	}
	line = ""
	for ev, err := range clean.Events {
		if err != nil {
			return "", err
		}
		line += ev.Data
	}
	return line, nil
}

// openError is an error of opening the recording, which its reader reports as well.
type openError struct{ error }

// redacted returns the recording without its secrets.
func redacted(ctx context.Context, open func() (format.Cast, error)) (format.Cast, error) {
	_, clean, _, err := search(ctx, shownParts{}, open)
	return clean, err
}

// shown returns the findings that a target shows.
func shown(report *redact.Report, what shownParts) (found []redact.Finding) {
	for _, f := range report.Findings {
		if what.holds(f.Where) {
			found = append(found, f)
		}
	}
	return found
}

// stillShown returns the findings without those in the output, if the last screen is the
// same without secrets.
func stillShown(ctx context.Context, found []redact.Finding, open func() (format.Cast, error), clean *format.Cast) ([]redact.Finding, error) {
	last := func(c format.Cast) (string, error) {
		s := screen.New(c.Header)
		for ev, err := range untilCancelled(ctx, c.Events) {
			if err != nil && !errors.As(err, new(*format.SyntaxError)) {
				return "", err
			}
			s.Feed(ev)
		}
		return s.Text(), nil
	}
	src, err := open()
	if err != nil {
		return nil, err
	}
	with, err := last(src)
	if err != nil {
		return nil, err
	}
	without, err := last(*clean)
	if err != nil {
		return nil, err
	}
	if with == without {
		found = slices.DeleteFunc(found, func(f redact.Finding) bool { return f.Where == "output" })
	}
	return found, nil
}

// findingLines returns what is said of secrets: a line for each kind of place.
func findingLines(name, verb string, found []redact.Finding, what shownParts) (lines []string) {
	places := []struct{ where, in string }{
		{"output", ""}, {"header.title", " in its title"}, {"marker", " in its captions"},
		{"input", " among the keys"}, {"osc 8", " in its links"}, {"", " in what no picture shows"},
	}
	if what.all {
		places[2].in, places[3].in = " in its markers", " in its input"
	}
	const most = 3
	rest := slices.Clone(found)
	for _, p := range places {
		var parts []string
		secrets := map[int]bool{}
		rest = slices.DeleteFunc(rest, func(f redact.Finding) bool {
			if p.where != "" && f.Where != p.where {
				return false
			}
			part := f.Rule
			if !what.still && !strings.HasPrefix(f.Where, "header.") {
				part += " at " + timecode.Format(f.First, time.Second)
			}
			if !secrets[f.Secret] && !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
			secrets[f.Secret] = true
			return true
		})
		if len(parts) == 0 {
			continue
		}
		if n := len(parts) - most; n > 0 {
			parts = append(parts[:most], fmt.Sprintf("and %d more", n))
		}
		lines = append(lines, fmt.Sprintf("%s %s %s%s (%s)", name, verb, count(len(secrets), "secret"), p.in, strings.Join(parts, ", ")))
	}
	return lines
}

// spool writes a recording to a temporary file that only the user can read. open opens
// it, any number of times, and remove removes it. An error at the recording's end is kept
// with it.
func spool(ctx context.Context, cast format.Cast) (open func() (format.Cast, error), remove func(), err error) {
	f, err := os.CreateTemp("", "ttydeck-redacted-*")
	if err != nil {
		return nil, func() {}, err
	}
	remove = func() { os.Remove(f.Name()) }
	var end error
	w := bufio.NewWriter(f)
	enc := gob.NewEncoder(w)
	for ev, evErr := range untilCancelled(ctx, cast.Events) {
		if evErr != nil {
			end = evErr
			break
		}
		if err = enc.Encode(ev); err != nil {
			break
		}
	}
	if end != nil && !errors.As(end, new(*format.SyntaxError)) {
		err = end
	}
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		remove()
		return nil, func() {}, err
	}
	open = func() (format.Cast, error) {
		f, err := os.Open(f.Name())
		if err != nil {
			return format.Cast{}, err
		}
		events := func(yield func(format.Event, error) bool) {
			dec := gob.NewDecoder(f)
			for {
				var ev format.Event
				err := dec.Decode(&ev)
				if err == io.EOF {
					if err = end; err == nil {
						return
					}
				}
				if err != nil {
					yield(format.Event{}, err)
					return
				}
				if !yield(ev, nil) {
					return
				}
			}
		}
		return format.Cast{Header: cast.Header, Events: closing(events, f.Close)}, nil
	}
	return open, remove, nil
}
