package format

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// encoded converts the events of cast from the encoding that the user named to
// UTF-8.
func (in *input) encoded(cast Cast) Cast {
	if in.encoding == nil {
		return cast
	}
	if in.format.text {
		in.note("encoding ignored", in.format.Name+" is always UTF-8")
		return cast
	}
	events := cast.Events
	cast.Events = func(yield func(Event, error) bool) {
		output, input := newRecoder(in.encoding), newRecoder(in.encoding)
		var last Event
		for ev, err := range events {
			if err != nil {
				yield(ev, err)
				return
			}
			last = ev
			switch ev.Code {
			case Output:
				ev.Data = output.recode(ev.Data, false)
			case Input:
				ev.Data = input.recode(ev.Data, false)
			}
			if ev.Data == "" && last.Data != "" {
				continue // half a character: the next event completes it
			}
			if !yield(ev, nil) {
				return
			}
		}
		if rest := output.recode("", true); rest != "" {
			yield(Event{Time: last.Time, Code: Output, Data: rest}, nil)
		}
	}
	return cast
}

// recoder decodes a stream of text that comes in pieces.
type recoder struct {
	t    transform.Transformer
	held []byte // the beginning of a character
	buf  []byte
}

func newRecoder(enc encoding.Encoding) *recoder {
	return &recoder{t: enc.NewDecoder().Transformer, buf: make([]byte, 4096)}
}

// recode decodes data, the next piece. If it is the last, recode also decodes
// the bytes still held back.
func (r *recoder) recode(data string, last bool) string {
	src := append(r.held, data...)
	var out []byte
	for {
		n, used, err := r.t.Transform(r.buf, src, last)
		out = append(out, r.buf[:n]...)
		src = src[used:]
		if err == transform.ErrShortDst && (n > 0 || used > 0) {
			continue
		}
		if err != nil && err != transform.ErrShortSrc && len(src) > 0 {
			// The decoder refuses these bytes.
			out = append(out, "\uFFFD"...)
			src = src[1:]
			continue
		}
		break
	}
	r.held = append(r.held[:0], src...)
	return string(out)
}
