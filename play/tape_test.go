package play

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
func wantPieces(events []format.Event) (want []piece) {
	for _, ev := range events {
		switch ev.Code {
		case format.Output:
			data := ev.Data
			for ; len(data) > maxPiece; data = data[maxPiece:] {
				want = append(want, piece{ev.Time, piecePartial, []byte(data[:maxPiece])})
			}
			want = append(want, piece{ev.Time, pieceOutput, []byte(data)})
		case format.Marker, format.Resize, format.Exit:
			want = append(want, piece{ev.Time, ev.Code[0], []byte(ev.Data)})
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
	tp, err := newTape()
	if err != nil {
		t.Fatal(err)
	}
	defer tp.close()
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
			if ok != ok1 || ok && string(peeked.data) != string(p.data) {
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
	if n != len(want) || tp.end().number != n {
		t.Fatalf("read %d pieces, the tape has %d; want %d", n, tp.end().number, len(want))
	}
	// to(at) goes to the first piece that is not before the time at.
	forward := &reader{t: tp}
	for i := 0; i <= len(want); i += 1 + r.IntN(len(want)/50) {
		at := tp.end().at + 1
		if i < len(want) {
			at = want[i].at
		}
		first := sort.Search(len(want), func(j int) bool { return want[j].at >= at })
		if err := forward.to(at); err != nil || forward.pos.number != first {
			t.Fatalf("to(%v) went to piece %d, %v; want %d", at, forward.pos.number, err, first)
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
		if rd.pos.number > n {
			t.Fatalf("blockOf(%d) begins at %d", n, rd.pos.number)
		}
		for rd.pos.number < n {
			rd.next()
		}
		p, ok, err := rd.next()
		if !ok || err != nil {
			t.Fatalf("piece %d: %v, %v", n, ok, err)
		}
		samePiece(t, n, p, want[n])

		at := want[n].at
		if err := rd.seekBlock(tp.blockAt(at)); err != nil {
			t.Fatal(err)
		}
		if rd.pos.at > at {
			t.Fatalf("blockAt(%v) begins at %v", at, rd.pos.at)
		}
		// The block holds the last piece at that time.
		last := pieceRef{}
		for {
			p, ok, _ := rd.peek()
			if !ok || p.at > at {
				break
			}
			rd.next()
			last = rd.pos
		}
		if b := tp.blockOf(last.number - 1); b != tp.blockAt(at) {
			t.Errorf("the last piece at %v is in block %d; blockAt = %d", at, b, tp.blockAt(at))
		}
	}
	if got := len(tp.markers()); got == 0 || string(want[tp.markers()[0].number].data) != tp.markers()[0].label {
		t.Errorf("the tape has %d markers, the first %+v", got, tp.markers()[0])
	}
}

func samePiece(t *testing.T, n int, got, want piece) {
	t.Helper()
	if got.at != want.at || got.kind != want.kind || string(got.data) != string(want.data) {
		t.Fatalf("piece %d = %v %c %.40q; want %v %c %.40q", n, got.at, got.kind, got.data, want.at, want.kind, want.data)
	}
}

// Pieces beyond the memory budget are read back from a file.
func TestTapeSpills(t *testing.T) {
	tp, err := newTape()
	if err != nil {
		t.Fatal(err)
	}
	defer tp.close()
	tp.vault.budget = 4 << 20
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
	if v := tp.vault; v.file == nil || v.memory > v.budget {
		t.Fatalf("the vault has %d bytes in memory, %d in a file; want both, within the budget", v.memory, v.length)
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
		if p.at == 150*time.Second {
			if string(p.data) != want {
				t.Error("the piece read back differs from the piece added")
			}
			return
		}
	}
}
