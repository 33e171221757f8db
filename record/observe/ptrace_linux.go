package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/ttydeck/ttydeck/format"
	"golang.org/x/sys/unix"
)

// syscalls holds the numbers of the system calls that matter.
type syscalls struct{ read, readv, write, writev, ioctl, close, dup2, dup3 uint64 }

// none stands for a call that an architecture does not have.
const none = 1 << 20

// byArch maps AUDIT_ARCH to the numbers, because a 32-bit holder on a 64-bit
// kernel has its own. word is the size of a pointer in bytes.
var byArch = map[uint32]struct {
	syscalls
	word int
}{
	unix.AUDIT_ARCH_X86_64:  {syscalls{0, 19, 1, 20, 16, 3, 33, 292}, 8},
	unix.AUDIT_ARCH_I386:    {syscalls{3, 145, 4, 146, 54, 6, 63, 330}, 4},
	unix.AUDIT_ARCH_AARCH64: {syscalls{63, 65, 64, 66, 29, 57, none, 24}, 8},
}

// native returns the numbers of this program's own architecture.
func native() syscalls {
	if runtime.GOARCH == "arm64" {
		return byArch[unix.AUDIT_ARCH_AARCH64].syscalls
	}
	return byArch[unix.AUDIT_ARCH_X86_64].syscalls
}

// syscallInfo is struct ptrace_syscall_info of include/uapi/linux/ptrace.h.
type syscallInfo struct {
	op   uint8
	_    [3]byte
	arch uint32
	_    [2]uint64 // instruction and stack pointer
	// nr and args at the entry; at the exit nr is the result, and args begins
	// with whether it is an error.
	nr   uint64
	args [6]uint64
	_    uint64
}

const (
	ptraceGetSyscallInfo = 0x420e
	opEntry              = 1
	opExit               = 2
	ptraceEventStop      = 128
)

// tracer follows the system calls of the holders. All of it runs on one thread,
// because the kernel's tracer is a thread.
type tracer struct {
	ctx     context.Context
	t       *target
	s       *sink
	threads map[int]*thread
	fds     map[int][]int // the master's descriptors that are still open, by holder's PID
	began   bool
	out, in int64 // bytes so far
	buf     []byte
	tid     int // the tracer's thread
}

// thread is a thread of a holder.
type thread struct {
	pid     int
	stood   bool         // it has stopped for us once
	held    bool         // and is stopped since, until the recording begins
	call    *syscallInfo // its current call, if that is on the master
	visible bool         // the terminal shows the bytes of its write
}

// runPtrace records by stopping the holders at each system call. When it
// returns, other tracers may attach to them.
func runPtrace(ctx context.Context, t *target, s *sink) error {
	for _, h := range t.holders {
		// A wait for this child elsewhere in our process would also receive its stops.
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.pid))
		if err == nil && statusField(text, "PPid") == strconv.Itoa(os.Getpid()) {
			return fmt.Errorf("process %d is a child of this process", h.pid)
		}
	}
	p := &tracer{ctx: ctx, t: t, s: s, threads: map[int]*thread{}, fds: map[int][]int{}, buf: make([]byte, 64<<10)}
	done := make(chan error, 1)
	finish := func(err error) error {
		// The kernel detaches while the thread ends, and removes the thread
		// after that. Until then it refuses the next tracer.
		for unix.Tgkill(os.Getpid(), p.tid, 0) != unix.ESRCH {
			time.Sleep(time.Millisecond)
		}
		return err
	}
	go onOwnThread(func() { done <- p.run() })
	select {
	case err := <-done:
		return finish(err)
	case <-ctx.Done():
	}
	// The tracer waits for a stop. This signal stops one of the threads, and
	// the tracer discards it there. The thread may have ended meanwhile.
	for {
		for _, h := range t.holders {
			_ = unix.PidfdSendSignal(h.fd, unix.SIGURG, nil, 0)
		}
		select {
		case err := <-done:
			return finish(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// run attaches to the holders and follows them. It runs on the tracer's own
// thread.
func (p *tracer) run() error {
	p.tid = unix.Gettid()
	for _, h := range p.t.holders {
		p.fds[h.pid] = slices.Clone(h.fds)
		if err := p.seize(h.pid); err != nil {
			return err
		}
	}
	// All threads must have stopped before the recording begins: the bytes of a
	// call that began before its thread's first stop are not seen.
	for p.running() {
		if done, err := p.wait(); done || err != nil {
			return err
		}
	}
	if err := p.s.begin(); err != nil {
		return err
	}
	p.began = true
	for tid, th := range p.threads {
		if !th.held {
			continue
		}
		if err := ptrace(unix.PTRACE_SYSCALL, tid, 0, 0); err != nil && err != unix.ESRCH {
			return os.NewSyscallError("ptrace", err)
		}
	}
	for {
		done, err := p.wait()
		if done || err != nil {
			return err
		}
	}
}

// running reports whether a thread has not stopped yet.
func (p *tracer) running() bool {
	for _, th := range p.threads {
		if !th.stood {
			return true
		}
	}
	return false
}

// seize attaches to all threads of a process.
func (p *tracer) seize(pid int) error {
	for again := true; again; { // threads may start others meanwhile
		again = false
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			tid, err := strconv.Atoi(entry.Name())
			if err != nil || p.threads[tid] != nil {
				continue
			}
			const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE
			err = ptrace(unix.PTRACE_SEIZE, tid, 0, options)
			switch {
			case err == unix.ESRCH: // ended
				continue
			case err == unix.EPERM:
				return fmt.Errorf("tracing process %d: %w%s", pid, err, whyNoTrace(pid))
			case err != nil:
				return fmt.Errorf("tracing process %d: %w", pid, err)
			}
			p.threads[tid] = &thread{pid: pid}
			again = true
			// After its next stop, each system call stops it.
			if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil && err != unix.ESRCH {
				return fmt.Errorf("stopping process %d: %w", pid, err)
			}
		}
	}
	return nil
}

// whyNoTrace returns the reason why a process may not be traced.
func whyNoTrace(pid int) string {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		if tracer := statusField(text, "TracerPid"); tracer != "0" && tracer != "" {
			return ": process " + tracer + " already traces it"
		}
	}
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && len(scope) > 0 && scope[0] != '0' {
		return ": needs CAP_SYS_PTRACE (kernel.yama.ptrace_scope is " + string(scope[:1]) + ")"
	}
	return ": needs CAP_SYS_PTRACE"
}

// onOwnThread runs f on a thread that can end, and that is no parent: f waits for
// whatever stops or ends under its thread, and would take the end of a child
// from who waits for that. The thread stays locked to the goroutine and ends with
// it, and the kernel lets go of all that it traces, wherever they are, without
// stopping them once more.
func onOwnThread(f func()) {
	runtime.LockOSThread()
	tid := unix.Gettid()
	children, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", tid))
	if tid == os.Getpid() || len(children) > 0 { // the first thread cannot end
		// While this one is locked the other goroutine gets another.
		done := make(chan struct{})
		go func() {
			defer close(done)
			onOwnThread(f)
		}()
		<-done
		runtime.UnlockOSThread()
		return
	}
	f()
}

// wait handles one stop.
func (p *tracer) wait() (done bool, err error) {
	var status unix.WaitStatus
	// WNOTHREAD: wait only for tracees of this thread, not for this program's
	// children.
	tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
	switch {
	case err == unix.EINTR:
		return false, nil
	case err == unix.ECHILD: // all have ended
		p.s.ended()
		return true, nil
	case err != nil:
		return false, os.NewSyscallError("wait4", err)
	}
	th := p.threads[tid]
	if !status.Stopped() {
		delete(p.threads, tid)
		return false, nil
	}
	if th == nil { // a new thread of one that is traced
		pid, err := threadGroup(tid)
		if _, ours := p.fds[pid]; err != nil || !ours {
			_ = ptrace(unix.PTRACE_DETACH, tid, 0, 0) // a new process
			return false, nil
		}
		th = &thread{pid: pid}
		p.threads[tid] = th
	}
	inject := 0
	sig, event := status.StopSignal(), int(status)>>16
	switch {
	case sig == unix.SIGTRAP|0x80:
		if done, err = p.syscall(tid, th); done || err != nil {
			// Detach from it while it is stopped; the thread's end does the
			// rest.
			_ = ptrace(unix.PTRACE_DETACH, tid, 0, 0)
			return done, err
		}
	case event == ptraceEventStop && (sig == unix.SIGSTOP || sig == unix.SIGTSTP || sig == unix.SIGTTIN || sig == unix.SIGTTOU):
		_ = ptrace(unix.PTRACE_LISTEN, tid, 0, 0) // its user has stopped it: leave it stopped
		th.stood = true
		return false, nil
	case event == ptraceEventStop && !p.began:
		th.stood, th.held = true, true
		return false, nil
	case event != 0:
	default:
		if inject = int(sig); sig == unix.SIGURG && p.ctx.Err() != nil && ownSignal(tid) {
			_ = ptrace(unix.PTRACE_DETACH, tid, 0, 0)
			return true, p.ctx.Err()
		}
	}
	if p.ctx.Err() != nil {
		_ = ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(inject))
		return true, p.ctx.Err()
	}
	err = ptrace(unix.PTRACE_SYSCALL, tid, 0, uintptr(inject))
	if err != nil && err != unix.ESRCH { // it was killed
		return false, os.NewSyscallError("ptrace", err)
	}
	return false, nil
}

// ownSignal reports whether the signal that tid is about to receive is from us.
func ownSignal(tid int) bool {
	var info struct {
		signo, errno, code int32
		_                  int32
		pid                int32
		_                  [108]byte
	}
	err := ptrace(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(&info)))
	return err == nil && info.code <= 0 && int(info.pid) == os.Getpid()
}

// syscall handles the entry or the exit of a system call.
func (p *tracer) syscall(tid int, th *thread) (done bool, err error) {
	var info syscallInfo
	if err := ptrace(ptraceGetSyscallInfo, tid, unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info))); err != nil {
		if err == unix.ESRCH {
			return false, nil
		}
		return false, fmt.Errorf("reading a system call: %w (needs Linux 5.3)", err)
	}
	arch, ok := byArch[info.arch]
	if !ok {
		return false, fmt.Errorf("process %d has the unknown architecture %#x", th.pid, info.arch)
	}
	switch info.op {
	case opEntry:
		th.call = nil
		if info.nr == arch.dup2 || info.nr == arch.dup3 {
			info.args[0] = info.args[1] // the call closes the descriptor that it replaces
		}
		if !slices.Contains(p.fds[th.pid], int(int32(info.args[0]))) {
			return false, nil
		}
		switch info.nr {
		case arch.write, arch.writev:
			if !p.s.o.Input {
				return false, nil
			}
			th.visible = p.t.shows() // the thread is stopped: nothing changes meanwhile
			fallthrough
		case arch.read, arch.readv, arch.ioctl, arch.close, arch.dup2, arch.dup3:
			th.call = &info
		}
		return false, nil
	case opExit:
		call := th.call
		if th.call = nil; call == nil {
			return false, nil
		}
		return p.returned(th, call, int64(info.nr), arch.syscalls, arch.word)
	}
	return false, nil
}

// returned handles a call on the master that has returned ret.
func (p *tracer) returned(th *thread, call *syscallInfo, ret int64, nr syscalls, word int) (done bool, err error) {
	at := monotonic()
	switch call.nr {
	case nr.read, nr.readv:
		if ret == 0 || ret == -int64(unix.EIO) {
			err := p.overtaken(at)
			p.s.ended()
			return true, err
		}
		if ret < 0 {
			return false, nil
		}
		place := p.out
		p.out += ret
		for data := range p.memory(th.pid, call, ret, call.nr == nr.readv, word) {
			if err := p.s.output(at, place, data); err != nil {
				return false, err
			}
			place += int64(len(data))
		}
		p.s.upTo(at, p.out)
	case nr.write, nr.writev:
		if ret <= 0 {
			return false, nil
		}
		place := p.in
		p.in += ret
		if !th.visible {
			p.s.hidden(place, int(ret))
			return false, nil
		}
		for data := range p.memory(th.pid, call, ret, call.nr == nr.writev, word) {
			if err := p.s.input(at, place, data); err != nil {
				return false, err
			}
			place += int64(len(data))
		}
	case nr.ioctl:
		if call.args[1] == unix.TIOCSWINSZ && ret == 0 {
			size := *call
			size.args[1] = call.args[2]
			for data := range p.memory(th.pid, &size, 8, false, word) {
				if len(data) == 8 {
					le := func(i int) int { return int(data[i]) | int(data[i+1])<<8 }
					p.s.resize(at, format.Size{Cols: le(2), Rows: le(0)})
				}
			}
		}
	case nr.close, nr.dup2, nr.dup3:
		if ret >= 0 || call.nr == nr.close { // close frees the number even if it fails
			fds := p.fds[th.pid]
			p.fds[th.pid] = slices.DeleteFunc(fds, func(fd int) bool { return fd == int(int32(call.args[0])) })
			for _, fds := range p.fds {
				if len(fds) > 0 {
					return false, nil
				}
			}
			err := p.overtaken(at)
			p.s.ended()
			return true, err
		}
	}
	return false, nil
}

// keysMost is the most bytes of a write that are keys, and not a paste of which the
// terminal may have taken a part: its buffer for input is that large.
const keysMost = 4 << 10

// overtaken records the input of writes that have not returned to us when the
// session ends: on a busy machine, a program reads the key that ends it, and its
// end is seen by one thread of the holder, before the thread that wrote the key
// goes on.
func (p *tracer) overtaken(at int64) error {
	for _, th := range p.threads {
		if th.call == nil || !th.visible {
			continue
		}
		arch, most := byArch[th.call.arch], int64(keysMost+1)
		switch th.call.nr {
		case arch.write:
			most = min(most, int64(th.call.args[2]))
		case arch.writev:
		default:
			continue
		}
		var keys []byte
		for data := range p.memory(th.pid, th.call, most, th.call.nr == arch.writev, arch.word) {
			keys = append(keys, data...)
		}
		if len(keys) == 0 || len(keys) > keysMost {
			continue
		}
		if err := p.s.input(at, p.in, keys); err != nil {
			return err
		}
		p.in += int64(len(keys))
	}
	return nil
}

// memory yields the n bytes that a call has read or written, in pieces. A piece
// is valid until the next. memory omits unreadable bytes.
func (p *tracer) memory(pid int, call *syscallInfo, n int64, vector bool, word int) func(func([]byte) bool) {
	type part struct {
		at  uint64
		len int64
	}
	parts := []part{{call.args[1], n}}
	if vector {
		parts = nil
		raw := make([]byte, min(call.args[2], 1024)*uint64(word)*2)
		if !readMemory(pid, call.args[1], raw) {
			return func(func([]byte) bool) {}
		}
		number := func(b []byte) (v uint64) {
			for i := range b {
				v |= uint64(b[i]) << (8 * i)
			}
			return v
		}
		for ; len(raw) > 0 && n > 0; raw = raw[2*word:] {
			length := min(int64(number(raw[word:2*word])&(1<<40-1)), n)
			parts = append(parts, part{number(raw[:word]), length})
			n -= length
		}
	}
	return func(yield func([]byte) bool) {
		for _, part := range parts {
			for part.len > 0 {
				piece := p.buf[:min(int64(len(p.buf)), part.len)]
				if !readMemory(pid, part.at, piece) || !yield(piece) {
					return
				}
				part.at += uint64(len(piece))
				part.len -= int64(len(piece))
			}
		}
	}
}

func readMemory(pid int, at uint64, into []byte) bool {
	if len(into) == 0 {
		return true
	}
	local := []unix.Iovec{{Base: &into[0]}}
	local[0].SetLen(len(into))
	n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(into)}}, 0)
	return err == nil && n == len(into)
}

func threadGroup(tid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return 0, err
	}
	if pid, err := strconv.Atoi(statusField(text, "Tgid")); err == nil {
		return pid, nil
	}
	return 0, errors.New("no thread group")
}

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
