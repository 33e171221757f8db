package sessions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const statLine = "1234 (ev) il\n) S 1 1234 1200 34819 1300 4194560 15 0 0 0 1 2 0 0 20 0 1 0 987654 7000000 900 18446744073709551615 1 2 3\n"

func TestParseStat(t *testing.T) {
	got, err := parseStat([]byte(statLine))
	want := stat{pid: 1234, ppid: 1, pgrp: 1234, sid: 1200, tty: 34819, tpgid: 1300, flags: 4194560, threads: 1, start: 987654, comm: "ev) il\n"}
	if err != nil || got != want {
		t.Errorf("parseStat = %+v, %v; want %+v", got, err, want)
	}
	for _, line := range []string{"", "1", "1 (", "1 )(", "(a) S 1", "x (a) S 1 2 3", "1 (a) S 1 2 3", strings.Replace(statLine, "987654", "x", 1)} {
		if got, err := parseStat([]byte(line)); err == nil {
			t.Errorf("parseStat(%q) = %+v; want an error", line, got)
		}
	}
}

func TestTTYName(t *testing.T) {
	drivers := parseDrivers([]byte("/dev/tty             /dev/tty        5       0 system:/dev/tty\n" +
		"hvc                  /dev/hvc      229 0-7 system\npty_slave            /dev/pts      136 0-1048575 pty:slave\nbad line\nx /dev/y z 1\n"))
	for number, want := range map[uint32]string{
		136<<8 | 3:                    "pts/3",
		136<<8 | 300&0xff | 0x100<<12: "pts/300",
		137<<8 | 1:                    "pts/1048577",
		4<<8 | 1:                      "tty1",
		4<<8 | 64:                     "ttyS0",
		5<<8 | 1:                      "console",
		229<<8 | 5:                    "hvc5",
		5 << 8:                        "tty",
		99<<8 | 7:                     "tty 99:7",
	} {
		if got := ttyName(TTY{Number: number}, drivers); got != want {
			t.Errorf("ttyName(%d) = %q; want %q", number, got, want)
		}
	}
}

func TestParseFDInfo(t *testing.T) {
	got := parseFDInfo([]byte("pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t9\ntty-index:\t12\n"))
	if want := (fdinfo{ttyIndex: 12, mount: 26, flags: 0o2100002}); got != want {
		t.Errorf("parseFDInfo = %+v; want %+v", got, want)
	}
	got = parseFDInfo([]byte("flags:\t01\nlock:\t1: FLOCK  ADVISORY  WRITE 9 00:1f:77 0 EOF\n"))
	if want := (fdinfo{ttyIndex: -1, flags: 1, flocked: true}); got != want {
		t.Errorf("parseFDInfo = %+v; want %+v", got, want)
	}
}

func TestParseMounts(t *testing.T) {
	got := parseMounts([]byte("24 30 0:22 / /proc rw,nosuid shared:13 - proc proc rw,hidepid=invisible\n" +
		"26 30 0:4096 / /dev/pts rw - devpts devpts rw,mode=600\nnonsense\n1 2 x:y / / rw - a b c\n"))
	want := []mount{
		{makedev(0, 22), "/proc", "proc", "rw,hidepid=invisible"},
		{makedev(0, 4096), "/dev/pts", "devpts", "rw,mode=600"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mount{})); diff != "" {
		t.Errorf("parseMounts: (-want +got)\n%s", diff)
	}
	if got := (TTY{Instance: makedev(0, 4096)}).InstanceString(); got != "0:4096" {
		t.Errorf("InstanceString() = %q; want 0:4096", got)
	}
	if got := (TTY{Instance: makedev(0x12345, 0x6789a)}).InstanceString(); got != "74565:424090" {
		t.Errorf("InstanceString() = %q; want 74565:424090", got)
	}
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		exe, comm string
		kind      Kind
		name      string
	}{
		{"/usr/bin/tmux", "tmux: server", Tmux, "tmux"},
		{"", "tmux: server", Tmux, "tmux: server"},
		{"/usr/bin/python3.11", "asciinema", Recorder, "asciinema"},
		{"/usr/sbin/sshd (deleted)", "sshd", SSHD, "sshd"},
		{"/usr/libexec/gnome-terminal-server", "gnome-terminal-", Terminal, "gnome-terminal-server"},
		{"/usr/bin/containerd-shim-runc-v2", "containerd-shim", Container, "containerd-shim-runc-v2"},
		{"/opt/a-very-long-name-of-mine", "a-very-long-nam", Other, "a-very-long-name-of-mine"},
		{"/usr/bin/python3.11", "mine", Other, "mine"},
	} {
		if kind, name := kindOf(test.exe, test.comm); kind != test.kind || name != test.name {
			t.Errorf("kindOf(%q, %q) = %q, %q; want %q, %q", test.exe, test.comm, kind, name, test.kind, test.name)
		}
	}
}

func TestParseMark(t *testing.T) {
	if tty, start, ok := parseMark(markPrefix + "34819:26:5170 (deleted)"); !ok || tty.Number != 34819 || tty.Instance != 26 || start != 5170 {
		t.Errorf("parseMark = %+v, %d, %v; want number 34819, instance 26, start 5170", tty, start, ok)
	}
	if tty, start, ok := parseMark(markPrefix + "34819:26 (deleted)"); !ok || tty.Number != 34819 || tty.Instance != 26 || start != 0 {
		t.Errorf("parseMark = %+v, %d, %v; want number 34819, instance 26, no start", tty, start, ok)
	}
	for _, link := range []string{markPrefix, markPrefix + "1", markPrefix + "1:2:3:4", markPrefix + "1:2:x", markPrefix + "x:1", markPrefix + "-1:2"} {
		if tty, _, ok := parseMark(link); ok {
			t.Errorf("parseMark(%q) = %+v; want none", link, tty)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{statLine, "", "1 () S 1", "tty-index:\t99999999999\nflags:\t777777777777777777777777",
		"x /dev/y 1 9-1 z", "1 2 3:4 a b c - d e f", "Uid:\t1\t2\t3\t4", "a\x00\x00b\x00", "\u009b\xff\u202e", markPrefix + "1:2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if st, err := parseStat(data); err == nil && st.pid < 1 {
			t.Errorf("parseStat(%q) = %+v; want a positive PID", data, st)
		}
		parseFDInfo(data)
		parseMounts(data)
		for _, d := range parseDrivers(data) {
			ttyName(TTY{Number: d.major<<8 | d.first&0xff}, []driver{d})
		}
		parseArgs(data)
		parseUID(data)
		parseMark(string(data))
	})
}
