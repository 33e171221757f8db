package observe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/ttydeck/ttydeck/format"
)

// runSysExit records by an eBPF program at the return of system calls.
func runSysExit(ctx context.Context, t *target, s *sink) error {
	if s.o.Input {
		// By the time that a key is seen here a password's prompt may be over.
		return errors.New("it cannot tell what is typed from passwords")
	}
	prog, err := loadExit()
	if err != nil {
		return err
	}
	defer prog.close()
	open := map[[2]uint32]bool{} // the master's descriptors, by process
	for _, h := range t.holders {
		for _, fd := range h.fds {
			key := [2]uint32{uint32(h.pid), uint32(fd)}
			open[key] = true
			if err := prog.targets.Put(key, uint32(1)); err != nil {
				return err
			}
		}
	}
	ring, err := ringbuf.NewReader(prog.rb)
	if err != nil {
		return err
	}
	defer ring.Close()
	tracing, err := link.AttachTracing(link.TracingOptions{Program: prog.prog})
	if err != nil {
		return mapError(err)
	}
	defer tracing.Close()
	if err := s.begin(); err != nil {
		return err
	}

	// Whoever waits for the ring is woken by a flush of it: when the recording
	// is to end, and when there is no holder left that could say so.
	var wake sync.WaitGroup
	defer wake.Wait()
	stop := make(chan struct{})
	defer close(stop)
	gone := make(chan struct{})
	wake.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for holders := slices.Clone(t.holders); ; {
			select {
			case <-stop:
				return
			case <-ctx.Done():
				ring.Flush()
			case <-tick.C:
				holders = slices.DeleteFunc(holders, func(h holder) bool {
					i, err := poll([]int{h.fd}, 0)
					return err == nil && i == 0
				})
				if len(holders) > 0 {
					continue
				}
				close(gone)
				ring.Flush()
			}
			return
		}
	})

	var rec ringbuf.Record
	for {
		err := ring.ReadInto(&rec)
		if errors.Is(err, ringbuf.ErrFlushed) {
			select {
			case <-gone:
				s.ended()
				return prog.finish(s)
			default:
			}
			if ctx.Err() != nil {
				return errors.Join(prog.finish(s), ctx.Err())
			}
			continue
		}
		if err != nil {
			return err
		}
		m := rec.RawSample
		if len(m) < headSize {
			return fmt.Errorf("a message of %d bytes from the kernel", len(m))
		}
		at, place := int64(binary.NativeEndian.Uint64(m[headTime:])), int64(binary.NativeEndian.Uint64(m[headPlace:]))
		data := m[headSize:]
		switch binary.NativeEndian.Uint32(m[headKind:]) {
		case kindOutput:
			err = s.output(at, place, data[:binary.NativeEndian.Uint32(m[headLen:])])
		case kindResize:
			s.resize(at, format.Size{Cols: int(binary.NativeEndian.Uint16(data[2:])), Rows: int(binary.NativeEndian.Uint16(data))})
		case kindClose:
			delete(open, [2]uint32{binary.NativeEndian.Uint32(m[headPID:]), binary.NativeEndian.Uint32(m[headFD:])})
			if len(open) > 0 {
				continue
			}
			fallthrough
		case kindEnd:
			s.ended()
			return prog.finish(s)
		}
		if err != nil {
			return err
		}
	}
}

// finish marks what was lost at the end, where no message follows that could
// tell.
func (p *exitProgram) finish(s *sink) error {
	var count uint64
	if err := p.count.Lookup(uint32(0), &count); err != nil {
		return err
	}
	s.upTo(monotonic(), int64(count))
	return nil
}
