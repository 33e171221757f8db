package edit_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

// BenchmarkPlan edits 8 MB of a user's work, from bytes to bytes, beside reading and
// writing it without a plan, and reading and drawing it.
func BenchmarkPlan(b *testing.B) {
	var text bytes.Buffer
	w, err := format.AsciicastV3.NewWriter(&text)
	if err != nil {
		b.Fatal(err)
	}
	if err := format.Copy(w, testcast.Work(8<<20, 1000*second)); err != nil {
		b.Fatal(err)
	}
	open := func() format.Cast {
		c, _, err := format.Open(bytes.NewReader(text.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	b.Run("draw", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		b.ReportAllocs()
		for b.Loop() {
			c := open()
			s := screen.New(c.Header)
			for ev, err := range c.Events {
				if err != nil {
					b.Fatal(err)
				}
				s.Feed(ev)
			}
		}
	})
	for _, bench := range []struct {
		name   string
		recipe edit.Recipe
	}{
		{"nothing", edit.Recipe{}},
		{"times", edit.Recipe{Speed: []string{"2", "4@100..200"}, IdleTimeLimit: []string{"0.01"}, Pause: []string{"1@500"}, Marker: []string{"600=x"}}},
		{"cuts", edit.Recipe{Cut: []string{"100..110", "500..600", "900..990"}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			plan, err := bench.recipe.Plan(context.Background(), place.Source{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				w, err := format.AsciicastV3.NewWriter(io.Discard)
				if err != nil {
					b.Fatal(err)
				}
				if err := format.Copy(w, plan.Filter()(open())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
