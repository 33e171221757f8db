package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// runFexit records with eBPF programs at the kernel's terminal functions.
func runFexit(ctx context.Context, t *target, s *sink) error {
	p, err := loadFexit(uint32(t.session.TTY.Index()), t.session.TTY.Instance, s.o.Input)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.attach(); err != nil {
		return err
	}
	if err := t.inRead(); err != nil {
		return err
	}
	return p.run(ctx, t, s, nil)
}

// inRead returns an error if a holder waits in a read of the master: the kernel
// function was entered before a program was attached to its entry, and the
// bytes would not be seen.
func (t *target) inRead() error {
	nr := native()
	for _, h := range t.holders {
		tasks := fmt.Sprintf("/proc/%d/task", h.pid)
		list, err := os.ReadDir(tasks)
		if err != nil {
			continue // gone
		}
		for _, task := range list {
			text, err := os.ReadFile(tasks + "/" + task.Name() + "/syscall")
			if errors.Is(err, os.ErrPermission) {
				return fmt.Errorf("checking for a running read of process %d: %w", h.pid, err)
			}
			fields := strings.Fields(string(text)) // number, arguments; or "running"
			if len(fields) < 2 {
				continue
			}
			fd, err := strconv.ParseUint(strings.TrimPrefix(fields[1], "0x"), 16, 64)
			if err != nil || !slices.Contains(h.fds, int(int32(fd))) {
				continue
			}
			if n := fields[0]; n == strconv.FormatUint(nr.read, 10) || n == strconv.FormatUint(nr.readv, 10) {
				return fmt.Errorf("process %d waits in a read that began before, whose bytes would be lost", h.pid)
			}
		}
	}
	return nil
}

// kernel holds the locations of fields in this kernel's structs.
type kernel struct {
	file, private, tty        structField // from struct kiocb to struct tty_struct
	index, link, driver, data structField // of struct tty_struct
	lflag                     structField // of struct tty_struct
	driverType, subtype       structField // of struct tty_driver
	super, device             structField // of a dentry, of its file system
	iterType, iterOffset      structField // of struct iov_iter
	iterAddress, iterParts    structField
	ubuf, iovec               int32 // values of iterType; ubuf is -1 if there is none
	mask                      int32 // of the type in iterType
}

func findKernel() (k kernel, err error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return k, fmt.Errorf("loading the kernel's BTF: %w", err)
	}
	for _, f := range []struct {
		to   *structField
		name string
		path []string
	}{
		{&k.file, "kiocb", []string{"ki_filp"}},
		{&k.private, "file", []string{"private_data"}},
		{&k.tty, "tty_file_private", []string{"tty"}},
		{&k.index, "tty_struct", []string{"index"}},
		{&k.link, "tty_struct", []string{"link"}},
		{&k.driver, "tty_struct", []string{"driver"}},
		{&k.data, "tty_struct", []string{"driver_data"}},
		{&k.lflag, "tty_struct", []string{"termios", "c_lflag"}},
		{&k.driverType, "tty_driver", []string{"type"}},
		{&k.subtype, "tty_driver", []string{"subtype"}},
		{&k.super, "dentry", []string{"d_sb"}},
		{&k.device, "super_block", []string{"s_dev"}},
		{&k.iterOffset, "iov_iter", []string{"iov_offset"}},
	} {
		if *f.to, err = findField(spec, f.name, f.path...); err != nil {
			return k, err
		}
	}
	k.mask = -1
	if k.iterType, err = findField(spec, "iov_iter", "iter_type"); err != nil {
		k.mask = ^1 // before Linux 5.14 it also holds the direction
		if k.iterType, err = findField(spec, "iov_iter", "type"); err != nil {
			return k, err
		}
	}
	if k.iterParts, err = findField(spec, "iov_iter", "__iov"); err != nil {
		if k.iterParts, err = findField(spec, "iov_iter", "iov"); err != nil {
			return k, err
		}
	}
	var types *btf.Enum
	if err := spec.TypeByName("iter_type", &types); err != nil {
		return k, err
	}
	k.ubuf = -1
	for _, v := range types.Values {
		switch v.Name {
		case "ITER_IOVEC":
			k.iovec = int32(v.Value)
		case "ITER_UBUF": // since Linux 6.0
			k.ubuf = int32(v.Value)
			if k.iterAddress, err = findField(spec, "iov_iter", "ubuf"); err != nil {
				return k, err
			}
		}
	}
	// Before Linux 5.10 these take the buffer's address.
	for _, name := range []string{"tty_read", "tty_write"} {
		var f *btf.Func
		if err := spec.TypeByName(name, &f); err != nil {
			return k, err
		}
		if proto, ok := f.Type.(*btf.FuncProto); !ok || len(proto.Params) != 2 {
			return k, fmt.Errorf("%s of this kernel has other arguments: needs Linux 5.10", name)
		}
	}
	return k, nil
}

// loadFexit loads the programs for the terminal pts/index of a devpts.
func loadFexit(index uint32, devpts uint64, input bool) (p *probe, err error) {
	k, err := findKernel()
	if err != nil {
		return nil, err
	}
	if p, err = newProbe(); err != nil {
		return nil, err
	}
	calls, err := p.newMap(ebpf.MapSpec{Name: "ttydeck_calls", Type: ebpf.Hash, KeySize: 8, ValueSize: callSize, MaxEntries: 1024})
	for _, prog := range []struct {
		name string
		at   ebpf.AttachType
		to   string
		code func(*fexit)
	}{
		{"ttydeck_read", ebpf.AttachTraceFEntry, "tty_read", func(f *fexit) { f.entry(kindOutput) }},
		{"ttydeck_read_", ebpf.AttachTraceFExit, "tty_read", func(f *fexit) { f.exit(kindOutput) }},
		{"ttydeck_write", ebpf.AttachTraceFEntry, "tty_write", func(f *fexit) { f.entry(kindInput) }},
		{"ttydeck_write_", ebpf.AttachTraceFExit, "tty_write", func(f *fexit) { f.exit(kindInput) }},
		{"ttydeck_size", ebpf.AttachTraceFExit, "pty_resize", (*fexit).resize},
		{"ttydeck_size_", ebpf.AttachTraceFExit, "tty_do_resize", (*fexit).resize},
		{"ttydeck_close", ebpf.AttachTraceFEntry, "pty_close", (*fexit).close},
	} {
		if err != nil {
			break
		}
		if prog.to == "tty_write" && !input {
			continue
		}
		f := &fexit{assembler{p: p}, k, calls.FD(), int32(index), int32(unix.Major(devpts)<<20 | unix.Minor(devpts))}
		prog.code(f)
		err = p.load(prog.name, prog.at, prog.to, f.end())
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// The layout of the facts that are kept from a call's entry to its exit.
const (
	callAddress = 0  // u64, of the bytes; 0 if they are scattered
	callParts   = 8  // u64, address of the list of parts
	callSkip    = 16 // u64
	callKind    = 24 // u32
	callSize    = 32
)

// fexit assembles one program.
type fexit struct {
	assembler
	kernel
	calls         int
	index, device int32
}

// read loads a field of the kernel's struct at the address in from into the
// register to.
func (a *fexit) read(to, from asm.Register, f structField) {
	a.add(
		asm.Mov.Reg(asm.R3, from), asm.Add.Imm(asm.R3, f.off),
		asm.Mov.Imm(asm.R2, int32(f.size.Sizeof())),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, stackTmp),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
		asm.LoadMem(to, asm.RFP, stackTmp, f.size),
	)
}

// Constants of include/linux/tty_driver.h.
const (
	driverTypePTY    = 4
	subtypePTYMaster = 1
	subtypePTYSlave  = 2
)

// ours exits unless R7 is the terminal's master or, with either, one of its
// sides.
func (a *fexit) ours(either bool) {
	a.read(asm.R8, asm.R7, a.kernel.index)
	a.add(asm.JNE.Imm32(asm.R8, a.index, "exit"))
	a.read(asm.R8, asm.R7, a.driver)
	a.add(asm.StoreMem(asm.RFP, stackKey, asm.R8, asm.DWord))
	a.read(asm.R8, asm.R8, a.driverType)
	a.add(asm.JNE.Imm(asm.R8, driverTypePTY, "exit"), asm.LoadMem(asm.R8, asm.RFP, stackKey, asm.DWord))
	a.read(asm.R8, asm.R8, a.subtype)
	if either {
		a.add(asm.Mov.Reg(asm.R1, asm.R8), asm.Mov.Reg(asm.R8, asm.R7), asm.JEq.Imm(asm.R1, subtypePTYSlave, "slave"), asm.Mov.Reg(asm.R8, asm.R1))
	}
	a.add(asm.JNE.Imm(asm.R8, subtypePTYMaster, "exit"))
	a.read(asm.R8, asm.R7, a.link)
	a.label("slave") // it refers to its file, and so to its devpts
	a.read(asm.R8, asm.R8, a.data)
	a.read(asm.R8, asm.R8, a.super)
	a.read(asm.R8, asm.R8, a.kernel.device)
	a.add(asm.JNE.Imm32(asm.R8, a.device, "exit"))
}

// caller stores the thread's number as the key.
func (a *fexit) caller() {
	a.add(asm.FnGetCurrentPidTgid.Call(), asm.StoreMem(asm.RFP, stackKey, asm.R0, asm.DWord))
}

// entry stores where a read or write of the master has its bytes: the kernel
// advances its own record of that while it reads.
func (a *fexit) entry(kind int32) {
	const call = stackMore
	a.add(
		asm.LoadMem(asm.R6, asm.R1, 0, asm.DWord), // struct kiocb *
		asm.LoadMem(asm.R9, asm.R1, 8, asm.DWord), // struct iov_iter *
	)
	a.read(asm.R7, asm.R6, a.file)
	a.read(asm.R7, asm.R7, a.private)
	a.read(asm.R7, asm.R7, a.tty)
	a.ours(false)
	a.add(asm.Mov.Imm(asm.R6, kind))
	if kind == kindInput {
		// Input is hidden if the terminal neither shows it nor lets a program
		// show it.
		a.read(asm.R8, asm.R7, a.link)
		a.read(asm.R8, asm.R8, a.lflag)
		a.add(asm.And.Imm(asm.R8, unix.ECHO|unix.ICANON), asm.JNE.Imm(asm.R8, unix.ICANON, "shown"), asm.Mov.Imm(asm.R6, kindHidden))
		a.label("shown")
	}
	a.add(
		asm.Mov.Imm(asm.R1, 0),
		asm.StoreMem(asm.RFP, call+callAddress, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, call+callParts, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, call+callSkip, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, call+callKind, asm.R6, asm.DWord),
	)
	a.read(asm.R8, asm.R9, a.iterOffset)
	a.add(asm.StoreMem(asm.RFP, call+callSkip, asm.R8, asm.DWord))
	a.read(asm.R8, asm.R9, a.iterType)
	if a.mask != -1 {
		a.add(asm.And.Imm(asm.R8, a.mask))
	}
	a.add(asm.JEq.Imm(asm.R8, a.iovec, "parts"))
	if a.ubuf >= 0 {
		a.add(asm.JEq.Imm(asm.R8, a.ubuf, "one"))
	}
	a.add(asm.Ja.Label("keep")) // a buffer of the kernel: counted at the exit, and lost
	if a.ubuf >= 0 {
		a.label("one")
		a.read(asm.R8, asm.R9, a.iterAddress)
		a.add(
			asm.LoadMem(asm.R1, asm.RFP, call+callSkip, asm.DWord), asm.Add.Reg(asm.R8, asm.R1),
			asm.StoreMem(asm.RFP, call+callAddress, asm.R8, asm.DWord),
			asm.Ja.Label("keep"),
		)
	}
	a.label("parts")
	a.read(asm.R8, asm.R9, a.iterParts)
	a.add(asm.StoreMem(asm.RFP, call+callParts, asm.R8, asm.DWord))
	a.label("keep")
	a.caller()
	a.add(
		asm.LoadMapPtr(asm.R1, a.calls),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackKey),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, call),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnMapUpdateElem.Call(),
	)
}

// exit sends the bytes that a call has read or written.
func (a *fexit) exit(kind int32) {
	const call = stackMore
	a.add(asm.LoadMem(asm.R8, asm.R1, 16, asm.DWord)) // ssize_t, the result
	a.caller()
	find := func(do asm.BuiltinFunc) {
		a.add(
			asm.LoadMapPtr(asm.R1, a.calls),
			asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackKey),
			do.Call(),
		)
	}
	find(asm.FnMapLookupElem)
	a.add(asm.JEq.Imm(asm.R0, 0, "exit"))
	for _, at := range []int16{callAddress, callParts, callSkip, callKind} {
		a.add(asm.LoadMem(asm.R1, asm.R0, at, asm.DWord), asm.StoreMem(asm.RFP, call+at, asm.R1, asm.DWord))
	}
	find(asm.FnMapDeleteElem)
	count := int32(countInput)
	if kind == kindOutput {
		count = countOutput
		a.add(asm.JEq.Imm(asm.R8, 0, "end"), asm.JEq.Imm(asm.R8, -int32(unix.EIO), "end"))
	}
	a.add(asm.JSLE.Imm(asm.R8, 0, "exit"))
	a.scratch()
	a.counted(count)
	a.add(
		asm.StoreMem(asm.R6, headPlace, asm.R9, asm.DWord),
		asm.LoadMem(asm.R1, asm.RFP, call+callKind, asm.DWord),
		asm.StoreMem(asm.R6, headKind, asm.R1, asm.Word),
	)
	if kind == kindInput {
		a.add(asm.JEq.Imm(asm.R1, kindHidden, "hidden"))
	}
	a.add(
		asm.LoadMem(asm.R7, asm.RFP, call+callAddress, asm.DWord),
		asm.JEq.Imm(asm.R7, 0, "scattered"),
	)
	a.part(pieces)
	a.add(asm.Ja.Label("exit"))
	a.label("scattered")
	a.add(
		asm.LoadMem(asm.R1, asm.RFP, call+callParts, asm.DWord), asm.StoreMem(asm.RFP, stackParts, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.RFP, call+callSkip, asm.DWord), asm.StoreMem(asm.RFP, stackSkip, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, stackLeft, asm.R8, asm.DWord),
	)
	a.scattered(asm.FnProbeReadKernel)
	if kind == kindOutput {
		a.label("end") // of what can be read
		a.scratch()
		a.send(kindEnd, headSize)
	} else {
		a.label("hidden")
		a.add(asm.StoreMem(asm.R6, headLen, asm.R8, asm.Word))
		a.send(kindHidden, headSize)
	}
}

// resize sends the window's new size, whichever side has set it.
func (a *fexit) resize() {
	a.add(
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord), // struct tty_struct *
		asm.LoadMem(asm.R9, asm.R1, 8, asm.DWord), // struct winsize *
		asm.LoadMem(asm.R1, asm.R1, 16, asm.DWord),
		asm.JNE.Imm32(asm.R1, 0, "exit"),
	)
	a.ours(true)
	a.scratch()
	a.add(
		asm.Mov.Reg(asm.R3, asm.R9),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R1, asm.R6), asm.Add.Imm(asm.R1, headSize),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "exit"),
	)
	a.send(kindResize, headSize+8)
}

// close sends the end when no process holds the master any more.
func (a *fexit) close() {
	a.add(asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord)) // struct tty_struct *
	a.ours(false)
	a.scratch()
	a.send(kindEnd, headSize)
}
