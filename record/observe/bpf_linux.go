package observe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"github.com/ttydeck/ttydeck/format"
	"golang.org/x/sys/unix"
)

// The eBPF programs are assembled at run time. They need no compiler, object
// file or headers, because the kernel's own BTF describes its structs.

// The layout of the head of a message. The bytes follow it.
const (
	headTime  = 0  // u64, CLOCK_MONOTONIC
	headPlace = 8  // u64, the position of the first byte in its stream
	headLen   = 16 // u32, the number of bytes that follow
	headKind  = 20 // u32
	headPID   = 24 // u32
	headFD    = 28 // u32
	headSize  = 32
	pieceSize = 16 << 10 // bytes of one message; larger reads take several
	pieces    = 16       // messages of a call's first part; bytes beyond are lost, and counted
	partsMax  = 4        // parts of a scattered call: libevent's maximum
	partLater = 4        // messages of each later part
)

// ringBytes bounds the bytes that wait to be written; tests make it small.
var ringBytes uint32 = 16 << 20

// wakeEvery bounds how long bytes wait in the ring. Its reader is woken by
// a timer or when much waits: waking it for each message would slow down
// the session.
const wakeEvery = 50 * time.Millisecond

// The kinds of messages.
const (
	kindOutput = iota
	kindInput
	kindHidden // input that the terminal does not show: its length only
	kindResize
	kindEnd
	kindClose
)

// The counters that the programs keep.
const (
	countOutput = iota // bytes
	countInput
	countEnd // not 0 after the end
	counts
)

// probe is a set of loaded programs with their maps. It refers to the maps
// because the garbage collector would close them.
type probe struct {
	progs              []*ebpf.Program
	maps               []*ebpf.Map
	scratch, count, rb *ebpf.Map
	links              []io.Closer
}

// newProbe makes the maps of all methods.
func newProbe() (*probe, error) {
	_ = rlimit.RemoveMemlock() // Linux before 5.11 counts maps against it
	p := &probe{}
	for _, m := range []struct {
		to   **ebpf.Map
		spec ebpf.MapSpec
	}{
		{&p.scratch, ebpf.MapSpec{Name: "ttydeck_buf", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: headSize + pieceSize, MaxEntries: 1}},
		{&p.count, ebpf.MapSpec{Name: "ttydeck_count", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: counts}},
		{&p.rb, ebpf.MapSpec{Name: "ttydeck_ring", Type: ebpf.RingBuf, MaxEntries: ringBytes}},
	} {
		var err error
		if *m.to, err = p.newMap(m.spec); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

func (p *probe) newMap(spec ebpf.MapSpec) (*ebpf.Map, error) {
	m, err := ebpf.NewMap(&spec)
	if err != nil {
		return nil, mapError(err)
	}
	p.maps = append(p.maps, m)
	return m, nil
}

// load loads a program for the kernel function or tracepoint to.
func (p *probe) load(name string, at ebpf.AttachType, to string, code asm.Instructions) error {
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: name, Type: ebpf.Tracing, AttachType: at, AttachTo: to,
		License:      "GPL", // bpf_probe_read_user requires it
		Instructions: code,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", to, mapError(err))
	}
	p.progs = append(p.progs, prog)
	return nil
}

// attach attaches the programs.
func (p *probe) attach() error {
	for _, prog := range p.progs {
		l, err := link.AttachTracing(link.TracingOptions{Program: prog})
		if err != nil {
			return mapError(err)
		}
		p.links = append(p.links, l)
	}
	return nil
}

func (p *probe) close() error {
	var errs []error
	for _, l := range slices.Backward(p.links) {
		errs = append(errs, l.Close())
	}
	for _, prog := range p.progs {
		errs = append(errs, prog.Close())
	}
	for _, m := range p.maps {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// mapError adds the missing privilege to an error.
func mapError(err error) error {
	if errors.Is(err, unix.EPERM) {
		// The library's own text blames limits that are not the reason.
		if hasCapability(unix.CAP_BPF) && hasCapability(unix.CAP_PERFMON) {
			return fmt.Errorf("%w: forbidden by the kernel's configuration or a security module", unix.EPERM)
		}
		return fmt.Errorf("%w: needs CAP_BPF and CAP_PERFMON (or root)", unix.EPERM)
	}
	return err
}

// run records the messages of the attached programs until the end. If open is
// not nil, it holds the master's descriptors by process; the end comes when all
// are closed, or when all holders are gone.
func (p *probe) run(ctx context.Context, t *target, s *sink, open map[[2]uint32]bool) error {
	ring, err := ringbuf.NewReader(p.rb)
	if err != nil {
		return err
	}
	defer ring.Close()
	var helpers sync.WaitGroup
	defer helpers.Wait()
	stop := make(chan struct{})
	defer close(stop)
	if s.o.Lossless {
		brake, err := newBrake(t, s.o.Guard)
		if err != nil {
			return err
		}
		helpers.Go(func() { brake.run(ring, stop) })
	}
	if err := s.begin(); err != nil {
		return err
	}
	gone := make(chan struct{})
	helpers.Go(func() {
		tick := time.NewTicker(wakeEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if p.number(countEnd) != 0 || open != nil && t.unheld() {
				close(gone) // the message of the end was lost, or no process is left to cause one
				ring.Flush()
				return
			}
			ring.Flush()
		}
	})

	var missed uint64
	var rec ringbuf.Record
	for {
		err := ring.ReadInto(&rec)
		if errors.Is(err, ringbuf.ErrFlushed) {
			if n := p.missed(); n > missed {
				s.missed(n - missed)
				missed = n
			}
			select {
			case <-gone:
				s.ended()
				return p.finish(s)
			default:
			}
			if ctx.Err() != nil {
				return errors.Join(p.finish(s), ctx.Err())
			}
			continue
		}
		if err != nil {
			return err
		}
		m := rec.RawSample
		if len(m) < headSize {
			return fmt.Errorf("malformed message of %d bytes from the kernel", len(m))
		}
		at, place := int64(binary.NativeEndian.Uint64(m[headTime:])), int64(binary.NativeEndian.Uint64(m[headPlace:]))
		n, data := binary.NativeEndian.Uint32(m[headLen:]), m[headSize:]
		switch binary.NativeEndian.Uint32(m[headKind:]) {
		case kindOutput:
			err = s.output(at, place, data[:n])
		case kindInput:
			err = s.input(at, place, data[:n])
		case kindHidden:
			s.hidden(place, int(n))
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
			return p.finish(s)
		}
		if err != nil {
			return err
		}
	}
}

// number returns one of the counters.
func (p *probe) number(i uint32) (n uint64) {
	_ = p.count.Lookup(i, &n)
	return n
}

// missed returns how often the kernel skipped a program because it would have
// interrupted another one of them.
func (p *probe) missed() (n uint64) {
	for _, prog := range p.progs {
		if stats, err := prog.Stats(); err == nil {
			n += stats.RecursionMisses
		}
	}
	return n
}

// finish marks the bytes that were lost at the end: no later message reveals
// them.
func (p *probe) finish(s *sink) error {
	s.upTo(monotonic(), int64(p.number(countOutput)))
	return nil
}

// structField is the location of a field in a struct of the kernel.
type structField struct {
	off  int32 // bytes
	size asm.Size
}

// findField finds a field by its path of names, also inside the anonymous
// unions that newer kernels have.
func findField(spec *btf.Spec, name string, path ...string) (structField, error) {
	var s *btf.Struct
	if err := spec.TypeByName(name, &s); err != nil {
		return structField{}, err
	}
	var find func(members []btf.Member, name string) (btf.Member, bool)
	find = func(members []btf.Member, name string) (btf.Member, bool) {
		for _, m := range members {
			if m.Name == name {
				return m, true
			}
			if m.Name != "" {
				continue
			}
			if inner, ok := find(membersOf(m.Type), name); ok {
				inner.Offset += m.Offset
				return inner, true
			}
		}
		return btf.Member{}, false
	}
	var f structField
	members := s.Members
	for _, part := range path {
		m, ok := find(members, part)
		if !ok {
			return f, fmt.Errorf("struct %s of this kernel has no field %s", name, part)
		}
		f.off += int32(m.Offset.Bytes())
		members = membersOf(m.Type)
		if size, err := btf.Sizeof(m.Type); err == nil {
			switch size {
			case 1:
				f.size = asm.Byte
			case 2:
				f.size = asm.Half
			case 4:
				f.size = asm.Word
			default:
				f.size = asm.DWord
			}
		}
	}
	return f, nil
}

func membersOf(t btf.Type) []btf.Member {
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		return t.Members
	case *btf.Union:
		return t.Members
	}
	return nil
}
