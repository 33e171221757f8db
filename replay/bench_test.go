package replay

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcast"
)

func BenchmarkLoad(b *testing.B) {
	const size = 10 << 20
	for b.Loop() {
		t, err := New(testcast.Work(size, time.Hour))
		if err != nil {
			b.Fatal(err)
		}
		t.load(b.Context())
		t.Close()
	}
	b.SetBytes(size)
}

func BenchmarkIndex(b *testing.B) {
	const size = 10 << 20
	t, err := New(testcast.Work(size, time.Hour))
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	t.load(b.Context())
	for b.Loop() {
		x, err := newIndex(t)
		if err != nil {
			b.Fatal(err)
		}
		if err := x.run(b.Context()); err != nil {
			b.Fatal(err)
		}
		x.close()
	}
	b.SetBytes(size)
}
