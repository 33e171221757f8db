package replay

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// wantPieces returns the pieces that a tape should hold for events.
func wantPieces(events []format.Event) (want []Piece) {
	for _, ev := range events {
		switch ev.Code {
		case format.Output:
			data := ev.Data
			for ; len(data) > maxPiece; data = data[maxPiece:] {
				want = append(want, Piece{ev.Time, format.Output, []byte(data[:maxPiece]), true})
			}
			want = append(want, Piece{ev.Time, format.Output, []byte(data), false})
		case format.Marker, format.Resize, format.Exit:
			want = append(want, Piece{ev.Time, ev.Code, []byte(ev.Data), false})
		}
	}
	return want
}

func randomEvents(r *rand.Rand, n int) []format.Event {
	var at time.Duration
	var events []format.Event
	for i := range n {
		if r.IntN(4) > 0 { // often several at the same time
			at += time.Duration(r.Int64N(int64(time.Second)))
		}
		ev := out(at, strings.Repeat(fmt.Sprint(i, ";"), r.IntN(200)))
		switch r.IntN(40) {
		case 0:
			ev.Data = strings.Repeat("large", r.IntN(maxPiece))
		case 1:
			ev = marker(at, fmt.Sprint("marker ", i))
		case 2:
			ev = format.Event{Time: at, Code: format.Resize, Data: "80x24"}
		case 3:
			ev = format.Event{Time: at, Code: format.Input, Data: "not kept"}
		}
		events = append(events, ev)
	}
	return events
}

func TestTape(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	events := randomEvents(r, 3000)
	tp := New(format.Cast{})
	defer tp.Close()
	want := wantPieces(events)
	// A reader that keeps up with the end reads every piece, wherever blocks end.
	rd := &reader{t: tp}
	n := 0
	follow := func() {
		for {
			peeked, ok1, _ := rd.peek()
			p, ok, err := rd.next()
			if err != nil {
				t.Fatal(err)
			}
			if ok != ok1 || ok && string(peeked.Data) != string(p.Data) {
				t.Fatalf("piece %d: peek and next differ", n)
			}
			if !ok {
				return
			}
			samePiece(t, n, p, want[n])
			n++
		}
	}
	for i, ev := range events {
		tp.add(ev)
		if i%17 == 0 {
			follow()
		}
	}
	follow()
	if n != len(want) || tp.End().Number != n {
		t.Fatalf("read %d pieces, the tape has %d; want %d", n, tp.End().Number, len(want))
	}
	// to(at) goes to the first piece that is not before the time at.
	forward := &reader{t: tp}
	for i := 0; i <= len(want); i += 1 + r.IntN(len(want)/50) {
		at := tp.End().Time + 1
		if i < len(want) {
			at = want[i].Time
		}
		first := sort.Search(len(want), func(j int) bool { return want[j].Time >= at })
		if err := forward.to(at); err != nil || forward.pos.Number != first {
			t.Fatalf("to(%v) went to piece %d, %v; want %d", at, forward.pos.Number, err, first)
		}
	}
	if len(tp.blocks) < 5 {
		t.Fatalf("the tape has only %d blocks; the test needs 5", len(tp.blocks))
	}
	for range 200 {
		n := r.IntN(len(want))
		var rd = &reader{t: tp}
		if err := rd.seekBlock(tp.blockOf(n)); err != nil {
			t.Fatal(err)
		}
		if rd.pos.Number > n {
			t.Fatalf("blockOf(%d) begins at %d", n, rd.pos.Number)
		}
		for rd.pos.Number < n {
			rd.next()
		}
		p, ok, err := rd.next()
		if !ok || err != nil {
			t.Fatalf("piece %d: %v, %v", n, ok, err)
		}
		samePiece(t, n, p, want[n])

		at := want[n].Time
		if err := rd.seekBlock(tp.blockAt(at)); err != nil {
			t.Fatal(err)
		}
		if rd.pos.Time > at {
			t.Fatalf("blockAt(%v) begins at %v", at, rd.pos.Time)
		}
		// The block holds the last piece at that time.
		last := Point{}
		for {
			p, ok, _ := rd.peek()
			if !ok || p.Time > at {
				break
			}
			rd.next()
			last = rd.pos
		}
		if b := tp.blockOf(last.Number - 1); b != tp.blockAt(at) {
			t.Errorf("the last piece at %v is in block %d; blockAt = %d", at, b, tp.blockAt(at))
		}
	}
	if got := len(tp.Markers()); got == 0 || string(want[tp.Markers()[0].Number].Data) != tp.Markers()[0].Label {
		t.Errorf("the tape has %d markers, the first %+v", got, tp.Markers()[0])
	}
}

func samePiece(t *testing.T, n int, got, want Piece) {
	t.Helper()
	if got.Time != want.Time || got.Code != want.Code || got.Partial != want.Partial || string(got.Data) != string(want.Data) {
		t.Fatalf("piece %d = %v %s %v %.40q; want %v %s %v %.40q", n, got.Time, got.Code, got.Partial, got.Data, want.Time, want.Code, want.Partial, want.Data)
	}
}

// Pieces beyond the memory budget are read back from a file.
func TestTapeSpills(t *testing.T) {
	tp := New(format.Cast{})
	defer tp.Close()
	tp.vault.Budget = 4 << 20
	r := rand.NewChaCha8([32]byte{1})
	want := ""
	for i := range 200 {
		noise := make([]byte, maxPiece)
		r.Read(noise)
		if i == 150 {
			want = string(noise)
		}
		tp.add(out(time.Duration(i)*time.Second, string(noise)))
	}
	if memory, file := tp.vault.Sizes(); file == 0 || memory > tp.vault.Budget {
		t.Fatalf("the vault has %d bytes in memory, %d in a file; want both, within the budget", memory, file)
	}
	rd := &reader{t: tp}
	if err := rd.seekBlock(tp.blockOf(150)); err != nil {
		t.Fatal(err)
	}
	for {
		p, ok, err := rd.next()
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if p.Time == 150*time.Second {
			if string(p.Data) != want {
				t.Error("the piece read back differs from the piece added")
			}
			return
		}
	}
}
