package png

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	stdpng "image/png"
	"testing"
	"time"
)

func TestAnimation(t *testing.T) {
	fonts := fontsOf(t, 12)
	for _, f := range films {
		for _, p := range pictures {
			t.Run(f.name+"/"+p.name, func(t *testing.T) {
				film := f.film
				film.Open = filmOf(f.cast).Open
				var out bytes.Buffer
				if err := (&Animation{Film: &film, Picture: &p.Picture, Fonts: fonts, Loops: 2}).Write(t.Context(), &out); err != nil {
					t.Fatal(err)
				}
				got, err := decode(out.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				if want := f.bits; p.name == "bare" && got.bits != want {
					t.Errorf("a pixel has %d bits; want %d", got.bits, want)
				}
				if got.loops != 2 {
					t.Errorf("the film is shown %d times; want 2", got.loops)
				}
				measured, err := film.Measure(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var at time.Duration // of the next frame
				next := 0
				for fr, err := range film.Frames(t.Context(), measured.Size) {
					if err != nil {
						t.Fatal(err)
					}
					want := reference(t, &p.Picture, fonts, fr.Canvas)
					for end := film.Time(fr.Till); at < end; next++ {
						if next == len(got.frames) {
							t.Fatalf("there are only %d frames", next)
						}
						compare(t, got.frames[next].picture, want)
						at += got.frames[next].delay
						if diff := at - end; diff > -time.Microsecond && diff < time.Microsecond {
							at = end
						}
					}
					if at != film.Time(fr.Till) {
						t.Fatalf("frame %d is shown until %v; want %v", fr.Number, at, film.Time(fr.Till))
					}
				}
				if next != len(got.frames) {
					t.Errorf("there are %d frames; want %d", len(got.frames), next)
				}
			})
		}
	}
}

// animation is a decoded APNG file.
type animation struct {
	bits, loops int
	frames      []frame
}

type frame struct {
	picture *image.NRGBA // the whole one
	delay   time.Duration
}

// decode decodes an APNG file, of which each part must be as the specification has it.
func decode(b []byte) (*animation, error) {
	b, ok := bytes.CutPrefix(b, []byte(signature))
	if !ok {
		return nil, fmt.Errorf("no signature")
	}
	a := new(animation)
	var ihdr, colors []byte // the header; the chunks that each picture needs
	var canvas *image.NRGBA
	var control, packed []byte // of the current frame
	var seq uint32
	promised := 0
	number := func(data []byte) ([]byte, error) {
		if len(data) < 4 || binary.BigEndian.Uint32(data) != seq {
			return nil, fmt.Errorf("%x is not the sequence number %d", data, seq)
		}
		seq++
		return data[4:], nil
	}
	flush := func() error {
		if control == nil {
			return nil
		}
		var n [4]int
		for i := range n {
			n[i] = int(binary.BigEndian.Uint32(control[4*i:]))
		}
		rect := image.Rect(n[2], n[3], n[2]+n[0], n[3]+n[1])
		if rect.Empty() || !rect.In(canvas.Rect) {
			return fmt.Errorf("the frame's %v is not within %v", rect, canvas.Rect)
		}
		head := bytes.Clone(ihdr)
		copy(head, control[:8])
		file := append([]byte(signature), chunk("IHDR", head)...)
		file = append(append(append(file, colors...), chunk("IDAT", packed)...), chunk("IEND", nil)...)
		m, err := stdpng.Decode(bytes.NewReader(file))
		if err != nil {
			return err
		}
		if control[20] != disposeNone {
			return fmt.Errorf("disposed by %d", control[20])
		}
		switch control[21] {
		case blendSource:
			draw.Draw(canvas, rect, m, image.Point{}, draw.Src)
		case blendOver:
			for y := range rect.Dy() {
				for x := range rect.Dx() {
					switch _, _, _, alpha := m.At(x, y).RGBA(); alpha {
					case 0xffff:
						canvas.Set(rect.Min.X+x, rect.Min.Y+y, m.At(x, y))
					case 0:
					default:
						return fmt.Errorf("a translucent pixel in a frame that is drawn over others")
					}
				}
			}
		}
		num, den := binary.BigEndian.Uint16(control[16:]), binary.BigEndian.Uint16(control[18:])
		if num == 0 || den == 0 {
			return fmt.Errorf("a delay of %d/%d", num, den)
		}
		kept := image.NewNRGBA(canvas.Rect)
		copy(kept.Pix, canvas.Pix)
		a.frames = append(a.frames, frame{kept, time.Duration(float64(num) / float64(den) * float64(time.Second))})
		control, packed = nil, nil
		return nil
	}
	for len(b) > 0 {
		if len(b) < 12 {
			return nil, fmt.Errorf("%d bytes at the end", len(b))
		}
		n, name := int(binary.BigEndian.Uint32(b)), string(b[4:8])
		if len(b) < 12+n {
			return nil, fmt.Errorf("%s is cut off", name)
		}
		data, rest := b[8:8+n], b[12+n:]
		if !bytes.Equal(b[:12+n], chunk(name, data)) {
			return nil, fmt.Errorf("the checksum of %s is wrong", name)
		}
		b = rest
		var err error
		switch name {
		case "IHDR":
			ihdr = data
			canvas = image.NewNRGBA(image.Rect(0, 0, int(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint32(data[4:]))))
			a.bits = int(data[8]) * map[byte]int{trueColor: 3, paletted: 1, trueColorAlpha: 4}[data[9]]
		case "acTL":
			promised, a.loops = int(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint32(data[4:]))
		case "PLTE", "tRNS":
			colors = append(colors, chunk(name, data)...)
		case "fcTL":
			if err = flush(); err == nil {
				control, err = number(data)
			}
		case "fdAT":
			if data, err = number(data); err == nil && len(a.frames) == 0 {
				err = fmt.Errorf("fdAT before IDAT")
			}
			packed = append(packed, data...)
		case "IDAT":
			if len(a.frames) > 0 {
				err = fmt.Errorf("IDAT after fdAT")
			}
			packed = append(packed, data...)
		case "IEND":
			if err = flush(); err == nil && len(b) > 0 {
				err = fmt.Errorf("%d bytes after the end", len(b))
			}
		default:
			err = fmt.Errorf("unknown")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if promised != len(a.frames) {
		return nil, fmt.Errorf("%d frames; acTL has %d", len(a.frames), promised)
	}
	return a, nil
}

// chunk returns a chunk.
func chunk(name string, data []byte) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), name...)
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
