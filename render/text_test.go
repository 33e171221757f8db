package render

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// The form is that of the files of VHS: all rows, blank ones too, and a line of 80
// columns below each screen.
func TestWriteText(t *testing.T) {
	line := strings.Repeat("─", 80)
	f := filmOf(format.Size{Cols: 12, Rows: 3},
		out(0, "> echo  \r\n"),
		out(1000, "\x1b[31m日本 e\u0301\x1b[8mhidden\x1b[m"),
		out(2000, "\x1b[H\x1b[1m"), // only the cursor moves
		out(3000, "\x1b[2J"),
		format.Event{Time: 4e9, Code: format.Resize, Data: "5x2"},
		out(4000, "x"))
	want := strings.Join([]string{
		"> echo", "", "", line,
		"> echo", "日本 e\u0301", "", line,
		"", "", "", line,
		"x", "", line,
		"",
	}, "\n")
	var got strings.Builder
	if err := WriteText(context.Background(), &got, f); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("WriteText (-want +got):\n%s", diff)
	}
}

func TestWriteTextOfDamaged(t *testing.T) {
	damage := &format.SyntaxError{Err: errors.New("cut off")}
	f := filmOf(format.Size{Cols: 12, Rows: 1}, out(0, "kept"))
	open := f.Open
	f.Open = func() (format.Cast, error) {
		cast, err := open()
		events := cast.Events
		cast.Events = func(yield func(format.Event, error) bool) {
			events(yield)
			yield(format.Event{}, damage)
		}
		return cast, err
	}
	var got strings.Builder
	if err := WriteText(context.Background(), &got, f); !errors.Is(err, damage) || !strings.HasPrefix(got.String(), "kept\n─") {
		t.Errorf("WriteText = %q, %v; want the text and the error", got.String(), err)
	}
}

// Whatever a recording prints, its text has no control characters.
func FuzzWriteText(f *testing.F) {
	for _, data := range testcast.Hostile {
		f.Add(data[:min(len(data), 2000)])
	}
	f.Fuzz(func(t *testing.T, data string) {
		var got strings.Builder
		if err := WriteText(context.Background(), &got, filmOf(format.Size{Cols: 20, Rows: 5}, out(0, data))); err != nil {
			t.Fatal(err)
		}
		for _, r := range got.String() {
			if r != '\n' && (unicode.IsControl(r) || isFormat(r)) {
				t.Fatalf("%q is written as %q", data, got.String())
			}
		}
		if !strings.HasSuffix(got.String(), "\n"+separator) {
			t.Errorf("%q is written as %q", data, got.String())
		}
	})
}
