//go:build !linux && !darwin

package record

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// This system has no pseudo-terminals, so no session reaches these functions.

func startOn(*exec.Cmd, *os.File) error       { return errors.ErrUnsupported }
func (s *session) wait() int                  { return -1 }
func (s *session) hangup()                    {}
func (s *session) signalAll(syscall.Signal)   {}
func (s *session) watchStops(chan<- struct{}) {}
func (s *session) resumeProgram()             {}
func (s *session) suspend()                   {}

var hangupError = &SignalError{os.Kill, 1}

type sigKind int

const (
	sigOther sigKind = iota
	sigResize
	sigEnd
	sigStop
	sigContinue
)

type signals struct{ c chan os.Signal }

func notifySignals() *signals             { return &signals{} }
func (s *signals) takeQuit()              {}
func (s *signals) stop()                  {}
func (s *signals) kind(os.Signal) sigKind { return sigOther }
func (s *signals) number(os.Signal) int   { return 0 }
