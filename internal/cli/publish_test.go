package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// leaky is a recording with a secret in each kind of place.
func leaky() format.Cast {
	token := func(seed uint64) string {
		r := rand.New(rand.NewPCG(seed, 1))
		b := []byte("ghp_")
		for range 36 {
			b = append(b, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.IntN(62)])
		}
		return string(b)
	}
	out := func(at time.Duration, s string) format.Event {
		return format.Event{Time: at, Code: format.Output, Data: s}
	}
	events := []format.Event{
		out(time.Second, "$ login "+token(1)+"\r\n"),
		out(12*time.Second, "\x1b]8;;https://host/?t="+token(2)+"\x1b\\page\x1b]8;;\x1b\\\r\n"),
		out(13*time.Second, "\x1b]0;"+token(3)+"\x07"),
		{Time: 14 * time.Second, Code: format.Marker, Data: "set " + token(4)},
		{Time: 15 * time.Second, Code: format.Input, Data: "x=" + token(5) + "\r"},
		{Time: 16 * time.Second, Code: format.Comment, Data: token(6)},
		out(20*time.Second, "\x1b[2J\x1b[Hdone\r\n"),
	}
	h := format.Header{Size: format.Size{Cols: 80, Rows: 24}, Title: "with " + token(7), Command: "login " + token(8), Env: map[string]string{"SHELL": "/bin/sh"}}
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

func TestLookAt(t *testing.T) {
	tests := []struct {
		name     string
		policy   secretsPolicy
		what     shownParts
		warnings []string
		notes    []string
		err      string
	}{
		{"nothing is searched", secretsAllow, shownParts{}, nil, nil, ""},
		{"the screen", secretsWarn, shownParts{}, []string{"x.gif shows 1 secret (github-pat at 0:01); --secrets redact hides them"}, nil, ""},
		{"a picture with all", secretsWarn, shownParts{title: true, links: true, captions: true, keys: true}, []string{
			"x.gif shows 1 secret (github-pat at 0:01)",
			"x.gif shows 1 secret in its title (github-pat)",
			"x.gif shows 1 secret in its captions (github-pat at 0:14)",
			"x.gif shows 1 secret among the keys (github-pat at 0:15)",
			"x.gif shows 1 secret in its links (github-pat at 0:12); --secrets redact hides them",
		}, nil, ""},
		{"a recording", secretsWarn, shownParts{all: true}, []string{
			"x.gif shows 1 secret (github-pat at 0:01)",
			"x.gif shows 1 secret in its title (github-pat)",
			"x.gif shows 1 secret in its markers (github-pat at 0:14)",
			"x.gif shows 1 secret in its input (github-pat at 0:15)",
			"x.gif shows 1 secret in its links (github-pat at 0:12)",
			"x.gif shows 3 secrets in what no picture shows (github-pat, github-pat at 0:13, github-pat at 0:16); --secrets redact hides them",
			"x.gif also holds what no picture shows: 1 title, 1 input event, 1 variable in the header, the command; --remove-metadata leaves it out",
		}, nil, ""},
		{"a still without them", secretsWarn, shownParts{still: true}, nil, nil, ""},
		{"refused", secretsRefuse, shownParts{title: true}, nil, nil, "x.gif would show 1 secret (github-pat at 0:01)\nx.gif would show 1 secret in its title (github-pat)"},
		{"nothing to refuse", secretsRefuse, shownParts{still: true}, nil, nil, ""},
		{"redacted", secretsRedact, shownParts{title: true}, nil, []string{"x.gif: 2 secrets redacted"}, ""},
		{"redacted where nothing shows", secretsRedact, shownParts{still: true}, nil, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opened := 0
			l, err := lookAt(context.Background(), tt.policy, "x.gif", tt.what, func() (format.Cast, error) {
				opened++
				return leaky(), nil
			})
			defer l.done()
			if text := fmt.Sprint(err); err == nil && tt.err != "" || err != nil && text != tt.err {
				t.Fatalf("error %v; want %q", err, tt.err)
			}
			if !slices.Equal(l.warnings, tt.warnings) || !slices.Equal(l.notes, tt.notes) {
				t.Errorf("warnings %q\nnotes %q\nwant %q\n%q", l.warnings, l.notes, tt.warnings, tt.notes)
			}
			if tt.policy == secretsAllow && opened > 0 {
				t.Error("the recording was opened")
			}
			for range 2 {
				cast, err := l.open()
				if err != nil {
					t.Fatal(err)
				}
				text := fmt.Sprint(cast.Header.Title, cast.Header.Command)
				n := 0
				for ev, err := range cast.Events {
					if err != nil {
						t.Fatal(err)
					}
					n++
					text += ev.Data
				}
				if got, want := strings.Contains(text, "ghp_"), tt.policy != secretsRedact; got != want || n != 7 {
					t.Errorf("the recording has secrets: %v, and %d events; want %v and 7", got, n, want)
				}
			}
		})
	}
}

// A search that fails, or cannot be complete, guards nothing, so nothing is published.
func TestLookAtFailsClosed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "missing"))
	large := func() (format.Cast, error) { // needs a temporary file
		cast := leaky()
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			line := strings.Repeat("x", 70) + "\r\n"
			for i := range 8 << 20 / len(line) {
				if !yield(format.Event{Code: format.Output, Data: fmt.Sprintf("%d %s", i, line)}, nil) {
					return
				}
			}
			events(yield)
		}
		return cast, nil
	}
	for _, policy := range []secretsPolicy{secretsRefuse, secretsRedact} {
		if _, err := lookAt(context.Background(), policy, "x.gif", shownParts{}, large); err == nil || !strings.Contains(err.Error(), "cannot look for secrets") {
			t.Errorf("%s: error %v; want that of the search", policy, err)
		}
	}
	l, err := lookAt(context.Background(), secretsWarn, "x.gif", shownParts{}, large)
	if err != nil || len(l.warnings) != 1 || !strings.Contains(l.warnings[0], "cannot look for secrets") {
		t.Errorf("warn: warnings %q, error %v; want a warning", l.warnings, err)
	}
	// Few secrets fit into memory, but the redacted recording is a file.
	if _, err := lookAt(context.Background(), secretsRedact, "x.gif", shownParts{}, func() (format.Cast, error) { return leaky(), nil }); err == nil {
		t.Error("redact without a temporary directory: no error")
	}
	broken := errors.New("broken")
	for _, policy := range []secretsPolicy{secretsWarn, secretsRefuse, secretsRedact} {
		if _, err := lookAt(context.Background(), policy, "x.gif", shownParts{}, func() (format.Cast, error) { return format.Cast{}, broken }); err != broken {
			t.Errorf("%s: error %v; want that of opening", policy, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := lookAt(ctx, policy, "x.gif", shownParts{}, func() (format.Cast, error) { return leaky(), nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v after ctx has ended", policy, err)
		}
	}
}

// What comes before an error in the recording is kept, without secrets, and so is the
// error. Nothing stays in the temporary directory.
func TestLookAtDamaged(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	damage := &format.SyntaxError{Err: errors.New("cut off")}
	l, err := lookAt(context.Background(), secretsRedact, "x.gif", shownParts{}, func() (format.Cast, error) {
		cast := leaky()
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			events(yield)
			yield(format.Event{}, damage)
		}
		return cast, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cast, err := l.open()
		if err != nil {
			t.Fatal(err)
		}
		var end error
		n := 0
		for _, err := range cast.Events {
			if end = err; err == nil {
				n++
			}
		}
		if n != 7 || !errors.Is(end, damage) {
			t.Errorf("%d events and %v; want 7 and the error", n, end)
		}
	}
	l.done()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
