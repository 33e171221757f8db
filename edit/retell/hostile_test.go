package retell

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
)

// TestHostile gives random points of random recordings for those of commands: also inside
// sequences and characters, behind the end, and without what should be there.
func TestHostile(t *testing.T) {
	pieces := []string{"$ ", "ls", "exit", "\r\n", "\n", "\r", "a line that wraps around", "\x1b[31m", "\x1b[A", "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[?1049h", "\x1b[?1049l",
		"\x1b]133;A\a", "\x1b]133;D;1\a", "\x1b]7;x\x1b\\", "\x1b]133;", "\x1b[", "日本", "\xe6", "e\u0301", "\b \b", "\x1bc", "> "}
	texts := []string{"", "ls", "exit", "logout 1", "a\nb", "日本", "\n", "\x1b", "a line that wraps around", "\xff", "$ ls"}
	codes := []format.Code{format.Output, format.Output, format.Output, format.Output, format.Input, format.Marker, format.Resize, format.Comment, "z"}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		var events []format.Event
		for n := range r.IntN(30) {
			ev := format.Event{Time: time.Duration(n/2) * time.Second, Code: codes[r.IntN(len(codes))]}
			switch ev.Code {
			case format.Resize:
				ev.Data = []string{"20x5", "9x3", "1x1", "no size"}[r.IntN(4)]
			default:
				for range r.IntN(5) {
					ev.Data += pieces[r.IntN(len(pieces))]
				}
			}
			events = append(events, ev)
		}
		cast := testcast.Of(format.Header{Size: format.Size{Cols: 2 + r.IntN(20), Rows: 1 + r.IntN(6)}}, events...)
		var points []place.Point
		for range 4 * r.IntN(5) {
			at := place.Point{Event: r.IntN(len(events) + 2), Byte: r.IntN(12) * r.IntN(2)}
			if at.Event < len(events) {
				at.Time = events[at.Event].Time
				at.Byte = min(at.Byte, len(events[at.Event].Data))
			}
			points = append(points, at)
		}
		slices.SortFunc(points, func(a, b place.Point) int {
			if before(a, b) {
				return -1
			}
			return 1
		})
		var cmds []place.Command
		for p := range slices.Chunk(points, 4) {
			cmds = append(cmds, place.Command{PromptAt: p[0], Start: p[1], End: p[2], Over: p[3], Depth: r.IntN(3), Cancelled: r.IntN(5) == 0,
				Prompt: []string{"$ ", "", "~\n$ ", "> "}[r.IntN(4)], Text: texts[r.IntN(len(texts))]})
		}
		inserts, _, err := Tidy(cast, cmds, time.Second)
		for i, in := range inserts {
			if before(in.To, in.From) || i > 0 && before(in.From, inserts[i-1].To) {
				t.Errorf("seed %d: inserts %+v", seed, inserts)
			}
		}
		if err != nil {
			t.Error(err)
		}
		if r, err := Exit(cast, cmds); err == nil && before(r.To, r.From) {
			t.Errorf("seed %d: exit %+v", seed, r)
		}
		if hurries, err := Shorten(cast, cmds, 2); err != nil || slices.ContainsFunc(hurries, func(h Hurry) bool { return before(h.To, h.From) }) {
			t.Errorf("seed %d: hurries %+v, %v", seed, hurries, err)
		}
		gaps, err := Dropped(cast, cmds, func(int) bool { return r.IntN(2) == 0 })
		for i, g := range gaps {
			if before(g.To, g.From) || i > 0 && before(g.From, gaps[i-1].To) {
				t.Errorf("seed %d: gaps %+v of %+v", seed, gaps, cmds)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
}
