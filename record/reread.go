package record

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/ttydeck/ttydeck/format"
)

// Recorded returns a function that opens the recording as far as it is flushed
// at the time of the call; see [Recorder.Recorded]. Any goroutine may call the
// function; its caller closes the Closer. Recorded returns nil if the recording
// cannot be read again: for a stream, a pipe, or a format without sizes.
func (f *File) Recorded() func() (format.Cast, io.Closer, error) {
	if f.f == nil || f.Format == format.Raw {
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
		return cast, in, nil
	}
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
