package gif

import (
	"bytes"
	"compress/lzw"
	"io"
	"math/rand/v2"
	"testing"
)

// unpack undoes compress with the standard library.
func unpack(t testing.TB, data []byte, width int) []byte {
	t.Helper()
	var packed []byte
	for len(data) > 0 && data[0] > 0 {
		n := int(data[0])
		packed = append(packed, data[1:n+1]...)
		data = data[n+1:]
	}
	if len(data) != 1 || data[0] != 0 {
		t.Fatalf("%d bytes follow the blocks; want a 0", len(data))
	}
	r := lzw.NewReader(bytes.NewReader(packed), lzw.LSB, width)
	px, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return px
}

// packed returns what compress/lzw makes of pixels, in blocks.
func packedByStd(px []byte, width int) []byte {
	var b bytes.Buffer
	w := lzw.NewWriter(&b, lzw.LSB, width)
	w.Write(px)
	w.Close()
	var out []byte
	for b.Len() > 0 {
		block := b.Next(255)
		out = append(append(out, byte(len(block))), block...)
	}
	return append(out, 0)
}

func checkCompress(t testing.TB, z *compressor, px []byte, width int) {
	t.Helper()
	got := z.compress([]byte("before"), px, width)
	if !bytes.HasPrefix(got, []byte("before")) {
		t.Fatal("compress does not append")
	}
	got = got[6:]
	if back := unpack(t, got, width); !bytes.Equal(back, px) {
		t.Fatalf("%d pixels of %d bits come back as %d others", len(px), width, len(back))
	}
	if std := packedByStd(px, width); len(got) > len(std)+len(std)/5+8 {
		t.Errorf("%d pixels of %d bits take %d bytes; compress/lzw needs %d", len(px), width, len(got), len(std))
	}
}

func randomPixels(r *rand.Rand, n, width int) []byte {
	px := make([]byte, 0, n)
	colors := 1 + r.IntN(1<<width)
	for len(px) < n {
		c := byte(r.IntN(colors))
		for range 1 + r.IntN(1+r.IntN(200)) {
			px = append(px, c)
		}
		if k := r.IntN(40); k < len(px) && r.IntN(3) == 0 {
			px = append(px, px[len(px)-k:]...)
		}
	}
	return px[:n]
}

func TestCompress(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var z compressor
	tries := 30
	if testing.Short() {
		tries = 3
	}
	for width := 2; width <= 8; width++ {
		for n := 1; n < 100; n++ {
			checkCompress(t, &z, randomPixels(r, n, width), width)
		}
		for range tries {
			checkCompress(t, &z, randomPixels(r, 1+r.IntN(100000), width), width)
		}
		noise := make([]byte, 50000)
		for i := range noise {
			noise[i] = byte(r.IntN(1 << width))
		}
		for n := len(noise) - 10*tries; n < len(noise); n++ {
			checkCompress(t, &z, noise[n-4200:n], width) // the table is full at each place
		}
		checkCompress(t, &z, noise, width)
		checkCompress(t, &z, make([]byte, 1<<20), width)
	}
}

func FuzzCompress(f *testing.F) {
	f.Add([]byte("aaaaaaaaabbbbbaaaaaaab"), uint8(8))
	f.Add([]byte{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0}, uint8(2))
	var z compressor
	f.Fuzz(func(t *testing.T, px []byte, width uint8) {
		w := 2 + int(width%7)
		for i := range px {
			px[i] &= 1<<w - 1
		}
		if len(px) == 0 {
			return
		}
		// Again and again, so that tables fill.
		for len(px) < 20000 {
			px = append(px, px...)
		}
		checkCompress(t, &z, px, w)
	})
}
