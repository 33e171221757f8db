package replay

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcast"
)

func BenchmarkRun(b *testing.B) {
	const size = 10 << 20
	for b.Loop() {
		t := New(testcast.Work(size, time.Hour))
		if err := t.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		t.Close()
	}
	b.SetBytes(size)
}
