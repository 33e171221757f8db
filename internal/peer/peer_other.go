//go:build !linux && !darwin

package peer

import "errors"

// This system is not supported yet: the functions return errors.ErrUnsupported.

func uidOf(int) (int, error)      { return -1, errors.ErrUnsupported }
func groupsOf(int) ([]int, error) { return nil, errors.ErrUnsupported }
