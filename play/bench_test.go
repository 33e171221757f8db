package play

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcast"
)

func BenchmarkLoad(b *testing.B) {
	const size = 10 << 20
	for b.Loop() {
		tp, err := newTape()
		if err != nil {
			b.Fatal(err)
		}
		l := newLoader(tp)
		l.run(testcast.Work(size, time.Hour), nil)
		tp.close()
	}
	b.SetBytes(size)
}

func BenchmarkIndex(b *testing.B) {
	const size = 10 << 20
	tp, err := newTape()
	if err != nil {
		b.Fatal(err)
	}
	defer tp.close()
	l := newLoader(tp)
	cast := testcast.Work(size, time.Hour)
	l.run(cast, nil)
	for b.Loop() {
		x, err := newIndex(tp)
		if err != nil {
			b.Fatal(err)
		}
		if err := x.run(l, cast.Header, nil); err != nil {
			b.Fatal(err)
		}
		x.close()
	}
	b.SetBytes(size)
}
