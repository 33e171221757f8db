package play

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/place"
)

// Whatever is done to a recording, by our own programs or by strangers, the recipe that is
// written can be carried out, and the viewer's terminal gets only drawing.
func TestEditRecordings(t *testing.T) {
	t.Run("ours", func(t *testing.T) { editRecordings(t, testcorpus.Glob(t, "../testdata/sessions/*.cast.gz", 44)) })
	t.Run("strangers", func(t *testing.T) { editRecordings(t, testcorpus.Files(t, "casts/*.cast", 68)) })
}

func editRecordings(t *testing.T, paths []string) {
	for seed, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			cast, _, err := format.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			var events []format.Event
			for ev, err := range cast.Events {
				if err != nil {
					break // what came before is the recording
				}
				events = append(events, ev)
			}
			w := &work{header: cast.Header, events: events, commands: someCommands(events)}
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				v, got := startEdit(t, w, Editor{}, 120, 30)
				var keys []string
				for range 12 {
					k := randomKeys(r)
					keys = append(keys, k...)
					v.press(k...)
				}
				v.press("p")
				v.wait(time.Second)
				recipe := v.written(got)
				v.leave()
				onlyDrawing(t, v)
				plan, err := recipe.Plan(t.Context(), w.source())
				if err != nil {
					t.Fatalf("the keys %q make %+v: %v", keys, recipe, err)
				}
				for _, err := range plan.Filter()(w.cast()).Events {
					if err != nil {
						t.Errorf("the keys %q make %+v: %v", keys, recipe, err)
					}
				}
			})
		})
	}
}

// someCommands makes commands out of the events of a recording: one of each twenty.
func someCommands(events []format.Event) (list []place.Command) {
	point := func(i int) place.Point {
		if i < len(events) {
			return place.Point{Time: events[i].Time, Event: i}
		}
		return place.Point{Time: events[len(events)-1].Time, Event: len(events)}
	}
	for i := 0; i < len(events); i += 20 {
		c := place.Command{Text: fmt.Sprint("command ", i), PromptAt: point(i), Start: point(min(i+10, len(events))), End: point(i + 20)}
		c.Over, c.Failed, c.Cancelled = c.End, i%3 == 0, i%7 == 0
		list = append(list, c)
	}
	return list
}
