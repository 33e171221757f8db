package record

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stopSelf stops this process until it is continued. The signal goes to this
// very thread, and so has stopped us before the call returns.
func stopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// watchStops sends a value each time that the program itself is stopped: not
// one of its jobs, which are its own business, but the shell by `suspend`.
func (s *session) watchStops(stopped chan<- struct{}) {
	const cldStopped = 5 // si_code of sigaction(2)
	pid := s.cmd.Process.Pid
	for {
		var info unix.Siginfo
		// What is left is for the Wait of os/exec.
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || info.Code != cldStopped:
			return
		}
		unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WNOHANG, nil)
		select {
		case stopped <- struct{}{}:
		case <-s.ended:
			return
		}
	}
}
