package play

import (
	"context"
	"io"
	"os"
	"time"
)

// followEvery is how often a file is looked at for more.
const followEvery = 50 * time.Millisecond

// Follow gives a reader of file that waits for more where the file ends, for a
// recording that is still being written, until ctx ends. It ends like any
// reader when the file has been replaced or cut short: what was written is no
// longer there to be read. Give what it reads to [format.Open] and the Cast to
// a [Player] with Follow.
func Follow(ctx context.Context, file *os.File) io.Reader { return &follower{ctx: ctx, file: file} }

type follower struct {
	ctx  context.Context
	file *os.File
	read int64
}

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
