package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"runtime"
	"sync"

	"github.com/ttydeck/ttydeck/render/raster"
)

// job is something to compress, and to write afterwards.
type job struct {
	fill  func(raw []byte) []byte   // returns raw, enlarged, with the rows and their filters
	write func(packed []byte) error // called in the order of the jobs

	raw     []byte // kept for the next use of the job
	packed  bytes.Buffer
	changes []raster.Change // for fill
	ready   chan struct{}
	err     error
}

// poolMemory is about the most memory of all jobs together, if one does not take more.
const poolMemory = 128 << 20

// pool compresses jobs in parallel and writes them in order. Its memory is that of the
// jobs that are under way: two for each processor, and fewer if they are large.
type pool struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	free   chan *job
	work   chan *job
	queue  chan *job // in order
	all    sync.WaitGroup
}

// newPool returns a pool that compresses to that level jobs of that many bytes.
func newPool(ctx context.Context, level, bytes int) *pool {
	workers := runtime.GOMAXPROCS(0)
	jobs := max(min(2*workers, poolMemory/max(bytes, 1)), 1)
	workers = min(workers, jobs)
	p := &pool{free: make(chan *job, jobs), work: make(chan *job, jobs), queue: make(chan *job, jobs)}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	for range cap(p.free) {
		p.free <- &job{ready: make(chan struct{}, 1)}
	}
	for range workers {
		p.all.Go(func() { p.compress(level) })
	}
	p.all.Go(p.writeAll)
	return p
}

func (p *pool) compress(level int) {
	z, err := zlib.NewWriterLevel(nil, level)
	for j := range p.work {
		if j.err = err; err == nil {
			j.raw = j.fill(j.raw)
			j.packed.Reset()
			z.Reset(&j.packed)
			if _, j.err = z.Write(j.raw); j.err == nil {
				j.err = z.Close()
			}
		}
		j.ready <- struct{}{}
	}
}

func (p *pool) writeAll() {
	for j := range p.queue {
		<-j.ready
		if j.err == nil && p.ctx.Err() == nil {
			j.err = j.write(j.packed.Bytes())
		}
		if j.err != nil {
			p.cancel(j.err)
		}
		p.free <- j
	}
}

// job returns a free job, or nil once the pool has failed.
func (p *pool) job() *job {
	select {
	case j := <-p.free:
		return j
	case <-p.ctx.Done():
		return nil
	}
}

// submit passes a filled job on.
func (p *pool) submit(j *job) {
	p.work <- j
	p.queue <- j
}

// close waits until all jobs are written, and returns the first error.
func (p *pool) close() error {
	close(p.work)
	close(p.queue)
	p.all.Wait()
	err := context.Cause(p.ctx)
	p.cancel(nil)
	return err
}
