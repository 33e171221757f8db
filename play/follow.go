package play

import (
	"context"
	"io"
	"os"
	"time"
)

// followEvery is the interval at which a file is checked for more.
const followEvery = 50 * time.Millisecond

// Follow returns a reader of a recording that is still being written: at the end
// of file it waits for more, and reports io.EOF only when ctx is done or the file
// was truncated. The caller closes file. Pass the reader to [format.Open], and the
// Cast to a [Player] with Follow set.
func Follow(ctx context.Context, file *os.File) io.Reader { return &follower{ctx: ctx, file: file} }

type follower struct {
	ctx  context.Context
	file *os.File
	read int64
}

// Read implements [io.Reader].
func (f *follower) Read(p []byte) (int, error) {
	for {
		n, err := f.file.Read(p)
		f.read += int64(n)
		if n > 0 || err != nil && err != io.EOF {
			return n, err
		}
		if info, err := f.file.Stat(); err != nil || info.Mode().IsRegular() && info.Size() < f.read {
			return 0, io.EOF
		}
		select {
		case <-f.ctx.Done():
			return 0, io.EOF
		case <-time.After(followEvery):
		}
	}
}
