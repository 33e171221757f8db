package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// maxHolders is the maximal number of descriptors of a master.
const maxHolders = 256

// hostPIDs is the host's PID namespace: PROC_PID_INIT_INO of
// include/linux/proc_ns.h.
const hostPIDs = "pid:[4026531836]"

// runSysExit records with an eBPF program at the return of system calls.
func runSysExit(ctx context.Context, t *target, s *sink) error {
	if s.o.Input {
		// When a key is seen here, a password prompt may be over.
		return errors.New("it cannot tell passwords from other input")
	}
	// The program compares the host's PIDs.
	if link, err := os.Readlink("/proc/self/ns/pid"); err == nil && link != hostPIDs {
		return errors.New("it needs the host's PID namespace, as in docker run --pid=host")
	}
	p, targets, err := loadExit()
	if err != nil {
		return err
	}
	defer p.close()
	open := map[[2]uint32]bool{} // the master's descriptors, by process
	for _, h := range t.holders {
		for _, fd := range h.fds {
			key := [2]uint32{uint32(h.pid), uint32(fd)}
			open[key] = true
			if err := targets.Put(key, uint32(1)); err != nil {
				return err
			}
		}
	}
	if err := p.attach(); err != nil {
		return err
	}
	return p.run(ctx, t, s, open)
}

// registers holds the locations of a system call's saved registers in pt_regs.
type registers struct {
	nr, arg0, arg1, arg2 structField
}

func findRegisters() (r registers, err error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return r, fmt.Errorf("loading the kernel's BTF: %w", err)
	}
	var names map[string]*structField
	switch runtime.GOARCH {
	case "amd64":
		names = map[string]*structField{"orig_ax": &r.nr, "di": &r.arg0, "si": &r.arg1, "dx": &r.arg2}
	case "arm64": // user_pt_regs is at the beginning; the result overwrites the first argument
		names = map[string]*structField{"syscallno": &r.nr, "orig_x0": &r.arg0}
		r.arg1.off, r.arg2.off = 1*8, 2*8 // regs[1], regs[2]
	default:
		return r, fmt.Errorf("%w on %s", errors.ErrUnsupported, runtime.GOARCH)
	}
	for name, to := range names {
		if *to, err = findField(spec, "pt_regs", name); err != nil {
			return r, err
		}
	}
	return r, nil
}

// loadExit loads the program, with the map of the descriptors that it watches.
func loadExit() (p *probe, targets *ebpf.Map, err error) {
	regs, err := findRegisters()
	if err != nil {
		return nil, nil, err
	}
	if p, err = newProbe(); err != nil {
		return nil, nil, err
	}
	targets, err = p.newMap(ebpf.MapSpec{Name: "ttydeck_fds", Type: ebpf.Hash, KeySize: 8, ValueSize: 4, MaxEntries: maxHolders})
	if err == nil {
		err = p.load("ttydeck_exit", ebpf.AttachTraceRawTp, "sys_exit", exitCode(p, targets, regs, native()))
	}
	if err != nil {
		p.close()
		return nil, nil, err
	}
	return p, targets, nil
}

// exitCode assembles the program. At first R7 is the address of the registers,
// R8 the result, and R9 the call's number.
func exitCode(p *probe, targets *ebpf.Map, regs registers, nr syscalls) asm.Instructions {
	a := &assembler{p: p}
	arg := func(to asm.Register, f structField) asm.Instruction {
		return asm.LoadMem(to, asm.R7, int16(f.off), asm.DWord)
	}
	a.add(
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord), // struct pt_regs *
		asm.LoadMem(asm.R8, asm.R1, 8, asm.DWord), // long ret
		asm.LoadMem(asm.R9, asm.R7, int16(regs.nr.off), regs.nr.size),
		asm.Mov.Imm(asm.R0, 0),
	)
	for _, n := range []uint64{nr.read, nr.readv, nr.ioctl, nr.close} {
		a.add(asm.JEq.Imm(asm.R9, int32(n), "ours"))
	}
	for _, n := range []uint64{nr.dup2, nr.dup3} {
		a.add(asm.JEq.Imm(asm.R9, int32(n), "onto"))
	}
	a.add(asm.Ja.Label("exit"))

	// Is it on one of the holders' descriptors?
	a.label("onto") // dup2 closes the descriptor that it makes anew
	a.add(
		arg(asm.R1, regs.arg1),
		asm.StoreMem(asm.RFP, stackKey+4, asm.R1, asm.Word),
		asm.Ja.Label("look"),
	)
	a.label("ours")
	a.add(
		arg(asm.R1, regs.arg0),
		asm.StoreMem(asm.RFP, stackKey+4, asm.R1, asm.Word),
	)
	a.label("look")
	a.add(
		asm.FnGetCurrentPidTgid.Call(),
		asm.RSh.Imm(asm.R0, 32),
		asm.StoreMem(asm.RFP, stackKey, asm.R0, asm.Word),
		asm.LoadMapPtr(asm.R1, targets.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackKey),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "exit"),
	)
	a.scratch()
	a.add(
		asm.LoadMem(asm.R1, asm.RFP, stackKey, asm.Word),
		asm.StoreMem(asm.R6, headPID, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.RFP, stackKey+4, asm.Word),
		asm.StoreMem(asm.R6, headFD, asm.R1, asm.Word),
		asm.JEq.Imm(asm.R9, int32(nr.ioctl), "ioctl"),
		asm.JEq.Imm(asm.R9, int32(nr.close), "close"),
		asm.JEq.Imm(asm.R9, int32(nr.read), "read"),
		asm.JEq.Imm(asm.R9, int32(nr.readv), "read"),
		asm.JSLT.Imm(asm.R8, 0, "exit"), // dup2 and dup3
	)
	a.label("close")
	a.add( // the number may stand for another file from now on
		asm.LoadMapPtr(asm.R1, targets.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackKey),
		asm.FnMapDeleteElem.Call(),
	)
	a.send(kindClose, headSize)

	a.label("ioctl")
	a.add(
		asm.JNE.Imm(asm.R8, 0, "exit"),
		arg(asm.R1, regs.arg1),
		asm.JNE.Imm(asm.R1, unix.TIOCSWINSZ, "exit"),
		arg(asm.R3, regs.arg2),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, headSize),
		asm.FnProbeReadUser.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
	)
	a.send(kindResize, headSize+8)

	a.label("end") // of what can be read
	a.send(kindEnd, headSize)

	a.label("read")
	a.add(
		asm.JEq.Imm(asm.R8, 0, "end"), asm.JEq.Imm(asm.R8, -int32(unix.EIO), "end"),
		asm.JSLE.Imm(asm.R8, 0, "exit"),
		arg(asm.R7, regs.arg1),
		asm.StoreMem(asm.RFP, stackTmp, asm.R9, asm.DWord),
	)
	a.kind(kindOutput)
	a.counted(countOutput)
	a.add(
		asm.LoadMem(asm.R1, asm.RFP, stackTmp, asm.DWord),
		asm.JEq.Imm(asm.R1, int32(nr.readv), "readv"),
	)
	a.part(pieces)
	a.add(asm.Ja.Label("exit"))
	a.label("readv")
	a.add(
		asm.StoreMem(asm.RFP, stackParts, asm.R7, asm.DWord),
		asm.StoreMem(asm.RFP, stackLeft, asm.R8, asm.DWord),
		asm.Mov.Imm(asm.R1, 0), asm.StoreMem(asm.RFP, stackSkip, asm.R1, asm.DWord),
	)
	a.scattered(asm.FnProbeReadUser)
	return a.end()
}
