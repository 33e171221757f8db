package record

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stopSelf stops this process until it is continued. The signal goes to the
// calling thread, so it takes effect before the call returns.
func stopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// watchStops sends a value each time the program itself is stopped, such as a
// shell by `suspend`. Its jobs do not count.
func (s *session) watchStops(stopped chan<- struct{}) {
	const cldStopped = 5 // si_code of sigaction(2)
	pid := s.cmd.Process.Pid
	for {
		var info unix.Siginfo
		// WNOWAIT leaves the program's end to the Wait of os/exec.
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
