package observe

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// The eBPF program is put together here, at run time: it needs no compiler, no
// object file, and no headers, for the kernel's own BTF tells where things are.

// What the program sends: this head, then the bytes.
const (
	headTime   = 0  // u64, CLOCK_MONOTONIC
	headPlace  = 8  // u64, the place of the first byte in its stream
	headLen    = 16 // u32, how many bytes follow
	headKind   = 20 // u32
	headPID    = 24 // u32
	headFD     = 28 // u32
	headSize   = 32
	pieceSize  = 16 << 10 // of one message: bigger reads come in several
	pieces     = 16       // of one call; what is beyond is lost, and counted
	maxHolders = 256      // descriptors
)

// ringBytes is how much may wait for being written; tests make it small.
var ringBytes uint32 = 16 << 20

// The kinds of messages.
const (
	kindOutput = iota
	kindResize
	kindEnd
	kindClose
)

// exitProgram is the loaded program with what it uses. The maps are kept, for
// collected they are closed.
type exitProgram struct {
	prog                        *ebpf.Program
	targets, scratch, count, rb *ebpf.Map
}

func (p *exitProgram) close() {
	for _, m := range []*ebpf.Map{p.targets, p.scratch, p.count, p.rb} {
		if m != nil {
			m.Close()
		}
	}
	if p.prog != nil {
		p.prog.Close()
	}
}

// registers is where the saved registers of a system call are in pt_regs.
type registers struct {
	nr, arg0, arg1, arg2 btf.Member
	nrSize               asm.Size
}

func findRegisters() (r registers, err error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return r, fmt.Errorf("the kernel's BTF: %w", err)
	}
	var regs *btf.Struct
	if err := spec.TypeByName("pt_regs", &regs); err != nil {
		return r, err
	}
	r.nrSize = asm.DWord
	switch runtime.GOARCH {
	case "amd64":
		for name, to := range map[string]*btf.Member{"orig_ax": &r.nr, "di": &r.arg0, "si": &r.arg1, "dx": &r.arg2} {
			if *to, err = member(regs, name); err != nil {
				return r, err
			}
		}
	case "arm64": // user_pt_regs is at the beginning; the first argument is overwritten by the result
		if r.nr, err = member(regs, "syscallno"); err != nil {
			return r, err
		}
		if r.arg0, err = member(regs, "orig_x0"); err != nil {
			return r, err
		}
		r.nrSize = asm.Word
		r.arg1.Offset, r.arg2.Offset = 8*8, 16*8 // regs[1], regs[2], in bits
	default:
		return r, fmt.Errorf("%w on %s", errors.ErrUnsupported, runtime.GOARCH)
	}
	return r, nil
}

// member finds a field, also in the unions without a name that newer kernels
// wrap some in.
func member(s *btf.Struct, name string) (btf.Member, error) {
	var find func(members []btf.Member, base btf.Bits) (btf.Member, bool)
	find = func(members []btf.Member, base btf.Bits) (btf.Member, bool) {
		for _, m := range members {
			m.Offset += base
			if m.Name == name {
				return m, true
			}
			if m.Name != "" {
				continue
			}
			var inner []btf.Member
			switch t := btf.UnderlyingType(m.Type).(type) {
			case *btf.Struct:
				inner = t.Members
			case *btf.Union:
				inner = t.Members
			}
			if found, ok := find(inner, m.Offset); ok {
				return found, true
			}
		}
		return btf.Member{}, false
	}
	if m, ok := find(s.Members, 0); ok {
		return m, nil
	}
	return btf.Member{}, fmt.Errorf("%s has no field %s here", s.Name, name)
}

// loadExit loads the program.
func loadExit() (p *exitProgram, err error) {
	_ = rlimit.RemoveMemlock() // Linux before 5.11 counts maps against it
	regs, err := findRegisters()
	if err != nil {
		return nil, err
	}
	p = &exitProgram{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for _, m := range []struct {
		to   **ebpf.Map
		spec ebpf.MapSpec
	}{
		{&p.targets, ebpf.MapSpec{Name: "ttydeck_fds", Type: ebpf.Hash, KeySize: 8, ValueSize: 4, MaxEntries: maxHolders}},
		{&p.scratch, ebpf.MapSpec{Name: "ttydeck_buf", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: headSize + pieceSize, MaxEntries: 1}},
		{&p.count, ebpf.MapSpec{Name: "ttydeck_count", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}},
		{&p.rb, ebpf.MapSpec{Name: "ttydeck_ring", Type: ebpf.RingBuf, MaxEntries: ringBytes}},
	} {
		if *m.to, err = ebpf.NewMap(&m.spec); err != nil {
			return p, mapError(err)
		}
	}
	arch := byArch[unix.AUDIT_ARCH_X86_64]
	if runtime.GOARCH == "arm64" {
		arch = byArch[unix.AUDIT_ARCH_AARCH64]
	}
	p.prog, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "ttydeck_exit", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "sys_exit",
		License:      "GPL", // bpf_probe_read_user is for such programs alone
		Instructions: p.code(regs, arch.syscalls),
	})
	return p, mapError(err)
}

// mapError says which privilege is missing.
func mapError(err error) error {
	if errors.Is(err, unix.EPERM) {
		// The library's own text tells of limits that are not the reason.
		return fmt.Errorf("%w: needs CAP_BPF and CAP_PERFMON (or root), and a kernel that is not locked down", unix.EPERM)
	}
	return err
}

// code assembles the program. R6 is the head in the scratch buffer, R7 the
// registers and then the address of the bytes, R8 the result, R9 the call's
// number and then the place in the stream.
func (p *exitProgram) code(regs registers, nr syscalls) asm.Instructions {
	at := func(m btf.Member) int16 { return int16(m.Offset.Bytes()) }
	const keyAt, zeroAt, iovAt = -8, -12, -32
	var code asm.Instructions
	add := func(ins ...asm.Instruction) { code = append(code, ins...) }
	label := func(name string) { add(asm.Mov.Imm(asm.R0, 0).WithSymbol(name)) }

	add(
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord), // struct pt_regs *
		asm.LoadMem(asm.R8, asm.R1, 8, asm.DWord), // long ret
		asm.LoadMem(asm.R9, asm.R7, at(regs.nr), regs.nrSize),
		asm.Mov.Imm(asm.R0, 0),
	)
	for _, n := range []uint64{nr.read, nr.readv, nr.ioctl, nr.close} {
		add(asm.JEq.Imm(asm.R9, int32(n), "ours"))
	}
	for _, n := range []uint64{nr.dup2, nr.dup3} {
		add(asm.JEq.Imm(asm.R9, int32(n), "onto"))
	}
	add(asm.Ja.Label("exit"))

	// Is it on one of the holders' descriptors?
	label("onto") // dup2 closes the descriptor that it makes anew
	add(
		asm.LoadMem(asm.R1, asm.R7, at(regs.arg1), asm.DWord),
		asm.StoreMem(asm.RFP, keyAt+4, asm.R1, asm.Word),
		asm.Ja.Label("look"),
	)
	label("ours")
	add(
		asm.LoadMem(asm.R1, asm.R7, at(regs.arg0), asm.DWord),
		asm.StoreMem(asm.RFP, keyAt+4, asm.R1, asm.Word),
	)
	label("look")
	add(
		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, keyAt, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, p.targets.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, keyAt),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
		// The buffer, with the head.
		asm.StoreImm(asm.RFP, zeroAt, 0, asm.Word),
		asm.LoadMapPtr(asm.R1, p.scratch.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, zeroAt),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
		asm.Mov.Reg(asm.R6, asm.R0),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R6, headTime, asm.R0, asm.DWord),
		asm.Mov.Imm(asm.R0, 0),
		asm.StoreMem(asm.R6, headPlace, asm.R0, asm.DWord),
		asm.StoreMem(asm.R6, headLen, asm.R0, asm.Word),
		asm.LoadMem(asm.R1, asm.RFP, keyAt, asm.Word),
		asm.StoreMem(asm.R6, headPID, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.RFP, keyAt+4, asm.Word),
		asm.StoreMem(asm.R6, headFD, asm.R1, asm.Word),
	)
	for name, n := range map[string]uint64{"read": nr.read, "readv": nr.readv, "ioctl": nr.ioctl, "close": nr.close, "dup": nr.dup2, "dup again": nr.dup3} {
		add(asm.JEq.Imm(asm.R9, int32(n), name))
	}
	add(asm.Ja.Label("exit"))

	send := func(kind int32, size int32) {
		add(
			asm.Mov.Imm(asm.R1, kind), asm.StoreMem(asm.R6, headKind, asm.R1, asm.Word),
			asm.LoadMapPtr(asm.R1, p.rb.FD()), asm.Mov.Reg(asm.R2, asm.R6), asm.Mov.Imm(asm.R3, size), asm.Mov.Imm(asm.R4, 0),
			asm.FnRingbufOutput.Call(),
			asm.Ja.Label("exit"),
		)
	}
	label("dup")
	label("dup again")
	add(asm.JSLT.Imm(asm.R8, 0, "exit"))
	label("close")
	add( // the number may stand for another file from now on
		asm.LoadMapPtr(asm.R1, p.targets.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, keyAt),
		asm.FnMapDeleteElem.Call(),
	)
	send(kindClose, headSize)

	label("ioctl")
	add(
		asm.JNE.Imm(asm.R8, 0, "exit"),
		asm.LoadMem(asm.R1, asm.R7, at(regs.arg1), asm.DWord),
		asm.JNE.Imm(asm.R1, unix.TIOCSWINSZ, "exit"),
		asm.LoadMem(asm.R3, asm.R7, at(regs.arg2), asm.DWord),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, headSize),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
	)
	send(kindResize, headSize+8)

	// A read that gives nothing is the end if it is EIO or 0.
	label("end")
	send(kindEnd, headSize)

	// The address, and in R2 how much of it is there.
	label("readv")
	add(
		asm.LoadMem(asm.R3, asm.R7, at(regs.arg1), asm.DWord),
		asm.Mov.Imm(asm.R2, 16),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, iovAt),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
		asm.LoadMem(asm.R7, asm.RFP, iovAt, asm.DWord),
		asm.LoadMem(asm.R2, asm.RFP, iovAt+8, asm.DWord),
		asm.Ja.Label("count"),
	)
	label("read")
	add(asm.LoadMem(asm.R7, asm.R7, at(regs.arg1), asm.DWord), asm.Mov.Reg(asm.R2, asm.R8))
	label("count")
	add(
		asm.JEq.Imm(asm.R8, 0, "end"), asm.JEq.Imm(asm.R8, -int32(unix.EIO), "end"),
		asm.JSLE.Imm(asm.R8, 0, "exit"),
		asm.StoreMem(asm.RFP, iovAt+8, asm.R2, asm.DWord),
		asm.LoadMapPtr(asm.R1, p.count.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, zeroAt),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
		asm.Mov.Reg(asm.R9, asm.R8),
	)
	fetch := asm.FetchAdd.Mem(asm.R0, asm.R9, asm.DWord, 0)
	fetch.Constant = int64(asm.FetchAdd >> 8) // the library (0.22.0) leaves it out, and with it the fetch
	add(fetch,
		asm.Mov.Imm(asm.R1, kindOutput), asm.StoreMem(asm.R6, headKind, asm.R1, asm.Word),
		asm.LoadMem(asm.R2, asm.RFP, iovAt+8, asm.DWord),
		asm.JLE.Reg(asm.R8, asm.R2, "pieces"),
		asm.Mov.Reg(asm.R8, asm.R2), // of several parts the first
	)
	label("pieces")
	for i := range pieces {
		off, next := int32(i*pieceSize), fmt.Sprintf("piece %d", i+1)
		length := func(to asm.Register) []asm.Instruction {
			small := fmt.Sprintf("piece %d R%d", i, to)
			return []asm.Instruction{
				asm.Mov.Reg(to, asm.R8), asm.Sub.Imm(to, off),
				asm.JLE.Imm(to, pieceSize, small), asm.Mov.Imm(to, pieceSize),
				asm.Mov.Imm(asm.R0, 0).WithSymbol(small),
			}
		}
		add(asm.Mov.Imm(asm.R0, 0), asm.JLE.Imm(asm.R8, off, "exit"),
			asm.Mov.Reg(asm.R1, asm.R9), asm.Add.Imm(asm.R1, off), asm.StoreMem(asm.R6, headPlace, asm.R1, asm.DWord))
		add(length(asm.R2)...)
		add(
			asm.StoreMem(asm.R6, headLen, asm.R2, asm.Word),
			asm.Mov.Reg(asm.R3, asm.R7), asm.Add.Imm(asm.R3, off),
			asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, headSize),
			asm.FnProbeReadUser.Call(),
			asm.JNE.Imm(asm.R0, 0, next),
		)
		add(length(asm.R3)...)
		add(
			asm.Add.Imm(asm.R3, headSize),
			asm.LoadMapPtr(asm.R1, p.rb.FD()), asm.Mov.Reg(asm.R2, asm.R6), asm.Mov.Imm(asm.R4, 0),
			asm.FnRingbufOutput.Call(),
		)
		add(asm.Mov.Imm(asm.R0, 0).WithSymbol(next))
	}
	add(asm.Ja.Label("exit"))
	add(asm.Mov.Imm(asm.R0, 0).WithSymbol("exit"), asm.Return())
	return code
}
