package redact

import (
	"context"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

func TestSmoke(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	data := "$ export GH_TOKEN=ghp_aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1eF3hI5k\r\n$ echo \x1b[31mghp_aB3dE5gH7j\x1b[0mK9mN1pQ3sT5vX7zA9cD1eF3hI5k\r\n\x1b]0;psql postgres://bob:hunter2@db/x\x07https://bob:hunter2@db/\r\n"
	cast := format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 10}}, Events: func(y func(format.Event, error) bool) {
		for i := range len(data) {
			if !y(format.Event{Code: "o", Data: data[i : i+1]}, nil) {
				return
			}
		}
	}}
	out, rep, err := r.Cast(context.Background(), cast)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for ev, err := range out.Events {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(ev.Data)
	}
	t.Logf("%q", b.String())
	t.Logf("%+v", rep)
}
