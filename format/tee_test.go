package format

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// full is a disk with room for n bytes.
type full struct{ n int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func newWriter(t *testing.T, f *Format, w io.Writer) Writer {
	t.Helper()
	writer, err := f.NewWriter(w)
	if err != nil {
		t.Fatal(err)
	}
	return writer
}

func TestTee(t *testing.T) {
	cast := func() Cast {
		return Cast{Header{Size: Size{80, 24}}, func(yield func(Event, error) bool) {
			_ = yield(Event{Code: Output, Data: "a\r\n"}, nil) &&
				yield(Event{Time: time.Second, Code: Marker, Data: "here"}, nil)
		}}
	}
	var want, v3, ttyrec bytes.Buffer
	if err := Copy(newWriter(t, AsciicastV3, &want), cast()); err != nil {
		t.Fatal(err)
	}
	if err := Copy(Tee(newWriter(t, AsciicastV3, &v3), newWriter(t, Ttyrec, &ttyrec)), cast()); err != nil {
		t.Fatal(err)
	}
	if v3.String() != want.String() {
		t.Errorf("Tee wrote\n%s\nwant\n%s", v3.String(), want.String())
	}
	if got := readString(ttyrec.String()); got.Err != nil || len(got.Events) != 1 || got.Events[0].Data != "a\r\n" {
		t.Errorf("the ttyrec reads as %v, %v", got.Events, got.Err)
	}
}

// A Writer that fails stops the copy. Close still closes all Writers.
func TestTeeWithoutRoom(t *testing.T) {
	var before, after bytes.Buffer
	w := Tee(newWriter(t, AsciicastV3, &before), newWriter(t, Raw, &full{}), newWriter(t, AsciicastV3, &after))
	events := 0
	err := Copy(w, Cast{Header{Size: Size{80, 24}}, func(yield func(Event, error) bool) {
		for range 1000 {
			events++
			if !yield(Event{Code: Output, Data: strings.Repeat("x", 1<<10)}, nil) {
				return
			}
		}
	}})
	if !errors.Is(err, errFull) {
		t.Errorf("Copy = %v; want %v", err, errFull)
	}
	if events == 1000 {
		t.Error("Copy continued after the error")
	}
	for _, b := range []*bytes.Buffer{&before, &after} {
		if got := readString(b.String()); got.Err != nil || len(got.Warnings) > 0 {
			t.Errorf("another recording reads with error %v, warnings %v", got.Err, got.Warnings)
		}
	}
	if got := LossesOf(w); got != nil {
		t.Errorf("losses = %v; want none", got)
	}
}
