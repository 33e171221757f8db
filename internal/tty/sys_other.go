//go:build !linux && !darwin

package tty

import (
	"errors"
	"os"
	"time"
)

// This system is not supported yet: the functions return errors.ErrUnsupported.

type termios struct{}

func openTerminal() (int, error)                 { return -1, errors.ErrUnsupported }
func openPTY() (int, *os.File, error)            { return -1, nil, errors.ErrUnsupported }
func getTermios(int) (*termios, error)           { return nil, errors.ErrUnsupported }
func setTermios(int, *termios) error             { return errors.ErrUnsupported }
func drain(int) error                            { return errors.ErrUnsupported }
func waitFD(int, bool, int, time.Duration) error { return errors.ErrUnsupported }
func wakePipe() (r, w int, err error)            { return -1, -1, errors.ErrUnsupported }
func setNonblock(int) error                      { return errors.ErrUnsupported }
func closeFD(int)                                {}
func isAgain(error) bool                         { return false }
func wakeUp(int)                                 {}
func readFD(int, []byte) (int, bool, error)      { return 0, false, errors.ErrUnsupported }
func writeFD(int, []byte) (int, bool, error)     { return 0, false, errors.ErrUnsupported }
func foregroundGroup(int) (int, error)           { return -1, errors.ErrUnsupported }
func processGroup() int                          { return 0 }
func setUTF8(*termios)                           {}
func unreadInput(int) (int, error)               { return 0, errors.ErrUnsupported }
func getSize(int) (Size, error)                  { return Size{}, errors.ErrUnsupported }
func setSize(int, Size) error                    { return errors.ErrUnsupported }
func modeOf(*termios) Mode                       { return Mode{} }
func notifyResize() (<-chan os.Signal, func())   { return nil, func() {} }

type waiterSys struct{}

func (waiterSys) init(int) error                                       { return errors.ErrUnsupported }
func (waiterSys) close()                                               {}
func (waiterSys) wait([]Wait, int, time.Duration, time.Duration) error { return errors.ErrUnsupported }
func readNow(int, []byte) (int, bool, error)                           { return 0, false, errors.ErrUnsupported }
func writeNow(int, []byte) (int, bool, error)                          { return 0, false, errors.ErrUnsupported }
