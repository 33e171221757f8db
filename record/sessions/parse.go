package sessions

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// stat holds the fields of /proc/PID/stat that we need; see proc_pid_stat(5).
type stat struct {
	pid, ppid, pgrp, sid int
	tty                  uint32
	tpgid                int
	flags                uint64
	threads              int
	start                uint64
	comm                 string
}

// Flags of include/linux/sched.h.
const (
	exiting      = 0x00000004 // PF_EXITING
	kernelThread = 0x00200000 // PF_KTHREAD
)

var errMalformed = errors.New("malformed")

// parseStat parses a line of /proc/PID/stat. The name in it can contain
// anything, also a parenthesis or a line break: it ends at the last
// parenthesis.
func parseStat(line []byte) (st stat, err error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return st, fmt.Errorf("stat: %w", errMalformed)
	}
	st.comm = string(line[open+1 : end])
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:open])))
	if err != nil || pid < 1 {
		return st, fmt.Errorf("stat: %w", errMalformed)
	}
	st.pid = pid
	const first = 3 // the field after the name
	n := first
	for field := range bytes.FieldsSeq(line[end+1:]) {
		if n > first { // the state is a letter
			v, err := strconv.ParseInt(string(field), 10, 64)
			if err != nil {
				return st, fmt.Errorf("stat: field %d: %w", n, errMalformed)
			}
			switch n {
			case 4:
				st.ppid = int(v)
			case 5:
				st.pgrp = int(v)
			case 6:
				st.sid = int(v)
			case 7:
				st.tty = uint32(v) // printed as a signed int
			case 8:
				st.tpgid = int(v)
			case 9:
				st.flags = uint64(v)
			case 20:
				st.threads = int(v)
			case 22:
				st.start = uint64(v)
				return st, nil
			}
		}
		n++
	}
	return st, fmt.Errorf("stat: %w: ends at field %d", errMalformed, n-1)
}

// fdinfo holds the fields of /proc/PID/fdinfo/N that we need.
type fdinfo struct {
	ttyIndex int // -1 if there is none
	mount    int // mnt_id; 0 if there is none
	flags    uint64
	flocked  bool
}

func parseFDInfo(text []byte) fdinfo {
	info := fdinfo{ttyIndex: -1}
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "tty-index":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < 1<<20 {
				info.ttyIndex = n
			}
		case "mnt_id":
			info.mount, _ = strconv.Atoi(value)
		case "flags":
			info.flags, _ = strconv.ParseUint(value, 8, 64)
		case "lock": // "lock:\t1: FLOCK  ADVISORY  WRITE 123 00:1f:77 0 EOF"
			info.flocked = info.flocked || strings.Contains(value, "FLOCK") && strings.Contains(value, "WRITE")
		}
	}
	return info
}

// driver is a line of /proc/tty/drivers.
type driver struct {
	node        string // below /dev, without the number
	major       uint32
	first, last uint32 // minor numbers
}

func parseDrivers(text []byte) (list []driver) {
	for line := range bytes.Lines(text) {
		// pty_slave            /dev/pts      136 0-1048575 pty:slave
		fields := strings.Fields(string(line))
		if len(fields) < 4 {
			continue
		}
		node, ok := strings.CutPrefix(fields[1], "/dev/")
		major, err := strconv.ParseUint(fields[2], 10, 12)
		first, last, isRange := strings.Cut(fields[3], "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.ParseUint(first, 10, 20)
		to, err2 := strconv.ParseUint(last, 10, 20)
		if !ok || errors.Join(err, err1, err2) != nil {
			continue
		}
		list = append(list, driver{node, uint32(major), uint32(from), uint32(to)})
	}
	return list
}

// ttyName returns a terminal's name below /dev, from the numbers that Linux has
// assigned (Documentation/admin-guide/devices.txt), else from the list of
// drivers.
func ttyName(t TTY, drivers []driver) string {
	major, minor := t.Major(), t.Minor()
	switch {
	case t.IsPTY():
		return "pts/" + strconv.Itoa(t.Index())
	case major == 4 && minor < 64:
		return "tty" + strconv.Itoa(int(minor))
	case major == 4:
		return "ttyS" + strconv.Itoa(int(minor-64))
	case major == 5 && minor == 1:
		return "console"
	}
	for _, d := range drivers {
		if d.major == major && d.first <= minor && minor <= d.last {
			if d.first == d.last {
				return d.node
			}
			return d.node + strconv.Itoa(int(minor-d.first))
		}
	}
	return fmt.Sprintf("tty %d:%d", major, minor)
}

// mount is a line of /proc/PID/mountinfo.
type mount struct {
	dev    uint64 // st_dev
	point  string
	fsType string
	super  string // options of the file system
}

func parseMounts(text []byte) (list []mount) {
	for line := range bytes.Lines(text) {
		// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
		before, after, ok := strings.Cut(string(line), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 3 {
			continue
		}
		majorText, minorText, _ := strings.Cut(left[2], ":")
		major, err1 := strconv.ParseUint(majorText, 10, 32)
		minor, err2 := strconv.ParseUint(minorText, 10, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		list = append(list, mount{makedev(major, minor), left[4], right[0], right[2]})
	}
	return list
}

// makedev returns a device number in the C library's encoding, that of st_dev.
func makedev(major, minor uint64) uint64 {
	return minor&0xff | major&0xfff<<8 | minor&^0xff<<12 | major&^0xfff<<32
}

// parseArgs parses /proc/PID/cmdline. A program that has overwritten it, as
// sshd and tmux do, leaves one text padded with NULs.
func parseArgs(text []byte) []string {
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return nil
	}
	return strings.Split(string(text), "\x00")
}

// parseUID returns the effective user in /proc/PID/status.
func parseUID(text []byte) (uint32, bool) {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("Uid:")); ok {
			fields := bytes.Fields(value) // real, effective, saved, file system
			if len(fields) < 2 {
				return 0, false
			}
			uid, err := strconv.ParseUint(string(fields[1]), 10, 32)
			return uint32(uid), err == nil
		}
	}
	return 0, false
}
