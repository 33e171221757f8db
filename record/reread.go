package record

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/ttydeck/ttydeck/format"
)

// Recorded returns a function that opens the recording as far as it is flushed
// at the time of the call; see [Recorder.Recorded]. Any goroutine may call the
// function; its caller closes the Closer. Recorded returns nil if the recording
// cannot be read again: for a stream, or a pipe.
func (f *File) Recorded() func() (format.Cast, io.Closer, error) {
	if f.f == nil {
		return nil
	}
	began, err := f.f.Stat()
	if err != nil || !began.Mode().IsRegular() {
		return nil
	}
	return func() (format.Cast, io.Closer, error) {
		in, err := f.reopen(began)
		if err != nil {
			return format.Cast{}, nil, err
		}
		var cast format.Cast
		info, err := in.Stat()
		if err == nil {
			// Do not read events that are written later.
			cast, _, err = format.Open(io.LimitReader(in, info.Size()), format.As(f.Format))
		}
		if err != nil {
			in.Close()
			return format.Cast{}, nil, err
		}
		if f.Format == format.Raw {
			cast = f.sizes.insert(cast)
		}
		return cast, in, nil
	}
}

// sizes remembers the sizes of a recording whose format stores none.
type sizes struct {
	mu   sync.Mutex
	list []sizeAt // guarded by mu
	at   int64    // bytes of output so far; of the writer
}

// sizeAt is a size from a place in the output on.
type sizeAt struct {
	size format.Size
	at   int64
}

func (z *sizes) add(size format.Size) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.list = append(z.list, sizeAt{size, z.at})
}

// insert adds the sizes to a recording.
func (z *sizes) insert(cast format.Cast) format.Cast {
	z.mu.Lock()
	list := slices.Clone(z.list)
	z.mu.Unlock()
	if len(list) == 0 {
		return cast
	}
	events := cast.Events
	cast.Header.Size = list[0].size
	cast.Events = func(yield func(format.Event, error) bool) {
		list := list[1:]
		var at int64
		// resize yields the sizes at the present place.
		resize := func() bool {
			for len(list) > 0 && list[0].at <= at {
				if !yield(format.Event{Code: format.Resize, Data: list[0].size.String()}, nil) {
					return false
				}
				list = list[1:]
			}
			return true
		}
		for ev, err := range events {
			for err == nil && len(list) > 0 && at+int64(len(ev.Data)) > list[0].at {
				first := ev
				n := list[0].at - at
				first.Data, ev.Data = ev.Data[:n], ev.Data[n:]
				at += n
				if n > 0 && !yield(first, nil) || !resize() {
					return
				}
			}
			at += int64(len(ev.Data))
			if !yield(ev, err) {
				return
			}
		}
		resize()
	}
	return cast
}

// reopen opens the file for reading. If it was renamed, and Path is perhaps another
// recording by now, reopen finds it by its descriptor, which only Linux can.
func (f *File) reopen(began os.FileInfo) (*os.File, error) {
	in, err := os.Open(f.Path)
	if err == nil {
		if info, err := in.Stat(); err == nil && os.SameFile(info, began) {
			return in, nil
		}
		in.Close()
		err = fmt.Errorf("%s: another file has taken the recording's name", f.Path)
	}
	raw, rawErr := f.f.SyscallConn()
	if rawErr != nil {
		return nil, err
	}
	ctlErr := raw.Control(func(fd uintptr) {
		if moved, openErr := os.Open("/proc/self/fd/" + strconv.Itoa(int(fd))); openErr == nil {
			in, err = moved, nil
		}
	})
	if ctlErr != nil || err != nil {
		return nil, cmp.Or(err, ctlErr)
	}
	return in, nil
}
