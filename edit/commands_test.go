package edit

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

// Of many commands that stay as they were typed, the first are named.
func TestWarningsAreFew(t *testing.T) {
	var evs []format.Event
	for i := range 30 {
		evs = append(evs, out(float64(i), "$ \r\n"))
	}
	src := place.Source{
		Open: func() (format.Cast, error) { return cast(format.Header{}, evs...), nil },
		Commands: func(format.Cast) iter.Seq2[place.Command, error] {
			return func(yield func(place.Command, error) bool) {
				for i := range 29 {
					point := func(n int) place.Point { return place.Point{Time: time.Duration(n) * time.Second, Event: n} }
					c := place.Command{Text: fmt.Sprint("unseen ", i), PromptAt: point(i), Start: point(i + 1), End: point(i + 1), Cancelled: i == 1}
					if !yield(c, nil) {
						return
					}
				}
			}
		},
	}
	plan, err := Recipe{TidyTyping: true}.Plan(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	got := plan.Warnings()
	if len(got) != 11 || !strings.HasPrefix(got[2], `tidy-typing: command 2, "unseen 2", stays as it was typed: `) ||
		got[10] != "tidy-typing: 19 more commands stay as they were typed" {
		t.Errorf("the warnings are %q; want ten, and how many more", got)
	}
}

// A message names labels of the recording, but not all of a long one.
func TestLongLabels(t *testing.T) {
	src := cast(format.Header{}, format.Event{Code: format.Marker, Data: strings.Repeat("long\x1b", 1000)})
	plan, err := Recipe{RemoveMarker: []string{"other"}}.Plan(context.Background(), place.Source{})
	if err != nil {
		t.Fatal(err)
	}
	list := slices.Collect(func(yield func(error) bool) {
		for _, err := range plan.Filter()(src).Events {
			if err != nil {
				yield(err)
				return
			}
		}
	})
	if len(list) != 1 || len(list[0].Error()) > 120 || strings.Contains(list[0].Error(), "\x1b") {
		t.Errorf("the error is %q; want a short one", list)
	}
}
