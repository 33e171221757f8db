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
