package sessions

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/user"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"golang.org/x/sys/unix"
)

// userHZ is the number of clock ticks per second in /proc, on every
// architecture that Go supports.
const userHZ = 100

// List returns the sessions that run now. It ignores processes that end
// meanwhile and files that it may not read. It returns an error if Proc is no
// proc file system.
func (l *Lister) List() (*Listing, error) {
	root := cmp.Or(l.Proc, "/proc")
	proc, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("listing terminal sessions: %w", &os.PathError{Op: "open", Path: root, Err: err})
	}
	defer unix.Close(proc)
	s := &scan{
		Lister: l, proc: proc, buf: make([]byte, 64<<10),
		seen: map[int]other{}, sessions: map[int]*building{}, ptmx: map[int]uint64{},
	}
	var up unix.Timespec
	s.now = time.Now()
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return nil, os.NewSyscallError("clock_gettime", err)
	}
	s.boot = s.now.Add(-time.Duration(up.Nano()))
	s.own = ownDevpts()
	if text, err := s.readFile("tty/drivers"); err == nil {
		s.drivers = parseDrivers(text)
	}
	pids, err := s.pids()
	if err != nil {
		return nil, fmt.Errorf("listing terminal sessions: %w", &os.PathError{Op: "read", Path: root, Err: err})
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("listing terminal sessions: %s is not a proc file system: it lists no process", root)
	}
	for _, pid := range pids {
		s.process(pid)
	}
	return s.finish(), nil
}

// scan is one pass over all processes.
type scan struct {
	*Lister
	proc      int // descriptor of the directory
	buf       []byte
	now, boot time.Time
	own       uint64 // our devpts; 0 if none
	drivers   []driver
	seen      map[int]other
	sessions  map[int]*building // by SID, or by -tty if there is no SID
	masters   []master
	marks     []mark
	ptmx      map[int]uint64 // the devpts of a mount's ptmx, by mount ID
	blind     bool           // the descriptors of some processes are not readable
	hidden    bool           // some processes may be hidden
}

// other holds the facts about every process.
type other struct {
	stat
	blind bool // its descriptors are not readable
}

// building is a session that is being assembled.
type building struct {
	Session
	tpgid  int
	placed bool // the slave was found: instance and idle time are facts
	sized  bool
}

// master is a master side that a process holds.
type master struct {
	holder    Holder
	tty       TTY // Instance is 0 if unknown
	recording *Recording
}

// mark is an announcement by a recorder that does not hold the master; see
// Announce.
type mark struct {
	tty       TTY
	start     uint64 // of the session's leader; 0 if unknown
	uid       uint32
	recording Recording
}

func (s *scan) readFile(name string) ([]byte, error) {
	return procDir{s.proc, s.buf}.readAll(name)
}

func (s *scan) pids() (list []int, err error) {
	entries := make([]byte, 32<<10)
	var names []string
	for {
		n, err := unix.ReadDirent(s.proc, entries)
		if err != nil || n == 0 {
			return list, err
		}
		_, _, names = unix.ParseDirent(entries[:n], -1, names[:0])
		for _, name := range names {
			if pid, err := strconv.Atoi(name); err == nil {
				list = append(list, pid)
			}
		}
	}
}

// ownDevpts returns the instance at /dev/pts; 0 if there is none.
func ownDevpts() uint64 {
	var fs unix.Statfs_t
	var st unix.Stat_t
	if unix.Statfs("/dev/pts", &fs) != nil || fs.Type != unix.DEVPTS_SUPER_MAGIC || unix.Stat("/dev/pts", &st) != nil {
		return 0
	}
	return st.Dev
}

// process reads one process. It leaves out everything that fails, because the
// process may be gone.
func (s *scan) process(pid int) {
	dir, err := openProc(s.proc, pid, s.buf)
	if err != nil {
		return
	}
	defer dir.close()
	st, err := dir.stat()
	if err != nil || st.flags&kernelThread != 0 {
		return
	}
	var b *building
	if st.tty != 0 {
		b = s.member(dir, st)
	}
	mine := master{holder: Holder{PID: pid, StartTicks: st.start, SID: st.sid}}
	var held []master
	err = dir.eachFD(func(fd int, link []byte) bool {
		switch {
		case bytes.HasSuffix(link, []byte("/ptmx")):
			if tty, ok := s.master(dir, pid, fd, string(link)); ok {
				at := slices.IndexFunc(held, func(m master) bool { return m.tty == tty })
				if at < 0 {
					at = len(held)
					m := mine
					m.tty = tty
					held = append(held, m)
				}
				held[at].holder.FDs = append(held[at].holder.FDs, fd)
			}
		case bytes.HasPrefix(link, []byte(markPrefix)):
			s.mark(dir, pid, st, string(link))
		case b != nil && !(b.placed && b.sized) && maybeTTY(link):
			s.slave(b, dir, pid, fd, "fd/"+strconv.Itoa(fd))
		}
		return true
	})
	blind := err == unix.EACCES || err == unix.EPERM
	s.blind = s.blind || blind
	s.seen[pid] = other{st, blind}
	if len(held) > 0 {
		exe, _ := dir.readlink("exe")
		kind, name := kindOf(exe, st.comm)
		for i := range held {
			held[i].holder.Kind, held[i].holder.Name = kind, name
			slices.Sort(held[i].holder.FDs)
		}
		if kind == TTYDeck || kind == Recorder {
			rec := &Recording{PID: pid, Name: name, File: s.recordingFile(dir, kind == TTYDeck)}
			for i := range held {
				held[i].recording = rec
			}
		}
		s.masters = append(s.masters, held...)
	}
}

// member adds a process to its session.
func (s *scan) member(dir procDir, st stat) *building {
	key := st.sid
	if key == 0 { // the session is in an outer PID namespace
		key = -int(st.tty)
	}
	b := s.sessions[key]
	if b == nil {
		b = &building{Session: Session{SID: st.sid, TTY: TTY{Number: st.tty}, UID: -1}}
		b.TTY.Name = ttyName(b.TTY, s.drivers)
		s.sessions[key] = b
	}
	p := Process{
		PID: st.pid, PPID: st.ppid, PGID: st.pgrp, SID: st.sid, StartTicks: st.start, Name: st.comm,
		Started: s.boot.Add(time.Duration(st.start) * (time.Second / userHZ)),
	}
	if text, err := dir.read("cmdline"); err == nil {
		p.Args = parseArgs(text)
	}
	b.Processes = append(b.Processes, p)
	b.tpgid = max(b.tpgid, st.tpgid) // 0 in a PID namespace where the group is not visible
	if st.pid == st.sid {
		b.Leader, b.Since = p, p.Started
		if uid, ok := dir.uid(); ok {
			b.UID = int(uid)
		}
		b.Dir, _ = dir.readlink("cwd")
	}
	return b
}

// maybeTTY reports whether a link may be that of a terminal. Other files are
// not opened: that may wait for a server that does not answer.
func maybeTTY(link []byte) bool {
	base := link[bytes.LastIndexByte(link, '/')+1:]
	return bytes.HasPrefix(link, []byte("/dev/")) || len(link) > 0 && link[0] == '/' && len(base) > 0 && isDigits(base)
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// slave checks whether path is the session's terminal, and reads its facts if
// so; fd is the process's descriptor of it, or -1 for any other path.
func (s *scan) slave(b *building, dir procDir, pid, fd int, path string) {
	held, st, err := dir.hold(path)
	if err != nil {
		return
	}
	defer unix.Close(held)
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != uint64(b.TTY.Number) {
		return
	}
	if !b.placed {
		b.TTY.Instance, b.placed = st.Dev, true
		b.times(st)
	}
	if !b.sized {
		// The mode does not matter for the ioctl; without O_NOCTTY this could
		// become our own controlling terminal.
		tty, err := unix.Open(selfFD(held), unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil && fd >= 0 {
			tty, err = dir.duplicate(pid, fd) // after su the terminal belongs to another user
		}
		if err != nil {
			return
		}
		b.size(tty)
		unix.Close(tty)
	}
}

func (b *building) times(st unix.Stat_t) {
	b.LastInput, b.LastOutput = time.Unix(st.Atim.Unix()), time.Unix(st.Mtim.Unix())
}

func (b *building) size(tty int) {
	if ws, err := unix.IoctlGetWinsize(tty, unix.TIOCGWINSZ); err == nil {
		b.Size, b.sized = format.Size{Cols: int(ws.Col), Rows: int(ws.Row)}, true
	}
}

// master returns the terminal whose master is fd; false if it is no master.
func (s *scan) master(dir procDir, pid, fd int, link string) (TTY, bool) {
	info := dir.fdinfo(fd)
	if info.ttyIndex < 0 { // another file with that name
		return TTY{}, false
	}
	minor := uint32(info.ttyIndex)
	tty := TTY{Number: 136<<8 | minor&0xff | minor&^0xff<<12, Name: "pts/" + strconv.Itoa(info.ttyIndex)}
	// The mount determines the instance, both for a ptmx in a devpts and for
	// one beside it.
	instance, ok := s.ptmx[info.mount]
	if !ok {
		if instance, ok = dir.ptmxOf(fd, link, info.mount); ok {
			s.ptmx[info.mount] = instance
		} else {
			instance = s.askMaster(dir, pid, fd)
		}
	}
	tty.Instance = instance
	return tty, true
}

// ptmxOf returns the devpts of the ptmx from which fd was opened.
func (p procDir) ptmxOf(fd int, link string, mount int) (uint64, bool) {
	held, st, err := p.hold("fd/" + strconv.Itoa(fd))
	if err != nil {
		return 0, false
	}
	defer unix.Close(held)
	var fs unix.Statfs_t
	if unix.Fstatfs(held, &fs) == nil && fs.Type == unix.DEVPTS_SUPER_MAGIC {
		return st.Dev, true
	}
	return ptsBeside(p, link, mount)
}

// ptsBeside returns the devpts of a ptmx node outside of one: the kernel uses
// the devpts that is mounted at pts beside the node. The holder may have
// changed its root since, so the node must be the one that it has opened: it
// must have the same mount ID, which is unique.
func ptsBeside(dir procDir, link string, mount int) (uint64, bool) {
	var x unix.Statx_t
	const flags = unix.AT_STATX_DONT_SYNC | unix.AT_SYMLINK_NOFOLLOW
	if unix.Statx(dir.fd, "root"+link, flags, unix.STATX_MNT_ID, &x) != nil || x.Mask&unix.STATX_MNT_ID == 0 || x.Mnt_id != uint64(mount) {
		return 0, false
	}
	held, st, err := dir.hold("root" + path.Dir(link) + "/pts")
	if err != nil {
		return 0, false
	}
	defer unix.Close(held)
	var fs unix.Statfs_t
	if unix.Fstatfs(held, &fs) != nil || fs.Type != unix.DEVPTS_SUPER_MAGIC {
		return 0, false
	}
	return st.Dev, true
}

// askMaster returns the devpts of a master by opening its slave for a moment.
// It is the last resort: if no process had the slave open yet, its master sees
// a hangup afterwards.
func (s *scan) askMaster(dir procDir, pid, fd int) uint64 {
	master, err := dir.duplicate(pid, fd)
	if err != nil {
		return 0
	}
	defer unix.Close(master)
	slave, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errno != 0 {
		return 0
	}
	defer unix.Close(int(slave))
	var st unix.Stat_t
	if unix.Fstat(int(slave), &st) != nil {
		return 0
	}
	return st.Dev
}

// recordingFile returns the file to which a recorder writes: with locked, as
// for ttydeck, the file that it has locked, else the first regular file that is
// open for writing.
func (s *scan) recordingFile(dir procDir, locked bool) (file string) {
	_ = dir.eachFD(func(fd int, link []byte) bool {
		if len(link) == 0 || link[0] != '/' || bytes.HasPrefix(link, []byte("/dev/")) || bytes.HasPrefix(link, []byte("/memfd:")) {
			return true
		}
		name := string(link)
		if info := dir.fdinfo(fd); info.flags&unix.O_ACCMODE == unix.O_RDONLY || locked && !info.flocked {
			return true
		}
		x, err := dir.glance("fd/" + strconv.Itoa(fd))
		if err != nil || x.Mode&unix.S_IFMT != unix.S_IFREG {
			return true
		}
		if file = dir.linkedName(name, x); locked {
			file = finalName(file)
		}
		return false
	})
	return file
}

// finalName returns NAME for .NAME.RANDOM: our recorder has not yet written the
// header, and will give the file that name.
func finalName(name string) string {
	base, hidden := strings.CutPrefix(path.Base(name), ".")
	at := strings.LastIndexByte(base, '.')
	if !hidden || at < 1 || at+1 == len(base) || !isDigits([]byte(base[at+1:])) {
		return name
	}
	return path.Join(path.Dir(name), base[:at])
}

// linkedName returns the current name of a file. Our recorder writes the header
// to .NAME.RANDOM and then links that to NAME, but the kernel goes on reporting
// the first name.
func (p procDir) linkedName(name string, x unix.Statx_t) string {
	temp, deleted := strings.CutSuffix(name, " (deleted)")
	base, hidden := strings.CutPrefix(path.Base(temp), ".")
	at := strings.LastIndexByte(base, '.')
	if !deleted || !hidden || at < 1 || x.Nlink == 0 {
		return name
	}
	now := path.Join(path.Dir(temp), base[:at])
	y, err := p.glance("root" + now)
	if err != nil || y.Ino != x.Ino || y.Dev_major != x.Dev_major || y.Dev_minor != x.Dev_minor {
		return name
	}
	return now
}

// mark adds an announcement.
func (s *scan) mark(dir procDir, pid int, st stat, link string) {
	tty, start, ok := parseMark(link)
	uid, known := dir.uid()
	if !ok || !known {
		return
	}
	exe, _ := dir.readlink("exe")
	_, name := kindOf(exe, st.comm)
	s.marks = append(s.marks, mark{tty, start, uid, Recording{PID: pid, Name: name, File: s.recordingFile(dir, true)}})
}

// finish assembles the sessions.
func (s *scan) finish() *Listing {
	list := &Listing{Time: s.now, Instance: s.own}
	s.hidden = os.Geteuid() != 0 && s.hidePID()
	type key struct {
		number   uint32
		instance uint64
	}
	byKey := map[key]*building{}
	byNumber := map[uint32][]*building{}
	for _, b := range s.sessions {
		s.place(b)
	}
	s.part()
	for _, b := range s.sessions {
		b.fromOwn(s.own)
		byKey[key{b.TTY.Number, b.TTY.Instance}] = b
		byNumber[b.TTY.Number] = append(byNumber[b.TTY.Number], b)
	}
	unused := map[key]*building{}
	for _, m := range s.masters {
		b := byKey[key{m.tty.Number, m.tty.Instance}]
		if same := byNumber[m.tty.Number]; b == nil && len(same) == 1 && (m.tty.Instance == 0 || same[0].TTY.Instance == 0) {
			b = same[0]
			b.TTY.Instance = cmp.Or(b.TTY.Instance, m.tty.Instance)
		}
		if b == nil {
			if !s.Unused {
				continue
			}
			k := key{m.tty.Number, m.tty.Instance}
			if b = unused[k]; b == nil {
				b = &building{Session: Session{TTY: m.tty, UID: -1}}
				unused[k] = b
			}
			s.lookAtUnused(b, m)
		}
		b.Holders = append(b.Holders, m.holder)
		if m.recording != nil {
			b.Recording = m.recording
		}
	}
	for _, m := range s.marks {
		b := byKey[key{m.tty.Number, m.tty.Instance}]
		if b != nil && m.start != 0 && b.Leader.PID != 0 && b.Leader.StartTicks != m.start {
			continue // it is of the session that had this terminal before
		}
		// Only the session's own user and root may announce a recording.
		if b != nil && (m.uid == 0 || int(m.uid) == b.UID) && b.Recording == nil {
			b.Recording = &m.recording
		}
	}
	for _, b := range s.sessions {
		// Facts are missing if the session has ended while it was read.
		if session := s.session(b); len(session.Unknown) == 0 || s.runs(session) {
			list.Sessions = append(list.Sessions, session)
		}
	}
	for _, b := range unused {
		list.Sessions = append(list.Sessions, s.session(b))
	}
	slices.SortFunc(list.Sessions, func(a, b Session) int {
		foreign := func(s Session) int {
			if s.TTY.Instance == list.Instance {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.TTY.Major(), b.TTY.Major()), cmp.Compare(foreign(a), foreign(b)),
			cmp.Compare(a.TTY.Instance, b.TTY.Instance), cmp.Compare(a.TTY.Minor(), b.TTY.Minor()), cmp.Compare(a.SID, b.SID))
	})
	list.Missing = missing(list.Sessions, s.hidden)
	return list
}

// place finds the terminal of a session if none of its processes has it open.
func (s *scan) place(b *building) {
	if b.placed && b.sized {
		return
	}
	p := b.Leader
	if p.PID == 0 {
		p = b.Processes[0]
	}
	dir, err := openProc(s.proc, p.PID, s.buf)
	if err != nil {
		return
	}
	defer dir.close()
	if st, err := dir.stat(); err != nil || st.start != p.StartTicks {
		return
	}
	s.slave(b, dir, p.PID, -1, "root/dev/"+b.TTY.Name)
	if b.placed {
		return
	}
	// Any user can read which file systems a process sees. That the terminal
	// belongs to the devpts among them is an assumption: a program may have
	// mounted another one since.
	b.TTY.Instance = devptsOf(dir, b.TTY)
}

// devptsOf returns the devpts that a process sees at /dev/pts; 0 if it is
// unknown or tty is no pseudo-terminal.
func devptsOf(dir procDir, tty TTY) (instance uint64) {
	text, err := dir.readAll("mountinfo")
	if err != nil || !tty.IsPTY() {
		return 0
	}
	for _, m := range parseMounts(text) {
		if m.fsType == "devpts" && (m.point == "/dev/pts" || instance == 0) {
			instance = m.dev // the last one mounted is on top
		}
	}
	return instance
}

// part withdraws assumptions that give two sessions the same terminal. The
// session that began later keeps it, because the other one is older than the
// mount: its terminal was made where the parent of its leader is.
func (s *scan) part() {
	owner := map[TTY]*building{}
	var older []*building
	for _, b := range s.sessions {
		other := owner[b.TTY]
		switch {
		case b.TTY.Instance == 0:
		case other == nil:
			owner[b.TTY] = b
		case b.placed || !other.placed && b.Leader.laterThan(other.Leader):
			owner[b.TTY] = b
			older = append(older, other)
		default:
			older = append(older, b)
		}
	}
	for _, b := range older {
		b.TTY.Instance = 0
		if dir, err := openProc(s.proc, b.Leader.PPID, s.buf); err == nil {
			tty := b.TTY
			tty.Instance = devptsOf(dir, b.TTY)
			dir.close()
			if owner[tty] == nil {
				b.TTY, owner[tty] = tty, b
			}
		}
	}
}

// laterThan reports whether p began later than q. Times are in hundredths of a
// second; within one, process IDs rise.
func (p Process) laterThan(q Process) bool {
	return cmp.Or(cmp.Compare(p.StartTicks, q.StartTicks), cmp.Compare(p.PID, q.PID)) > 0
}

// fromOwn reads the idle times from our own /dev/pts.
func (b *building) fromOwn(own uint64) {
	var st unix.Stat_t
	if b.placed || own == 0 || b.TTY.Instance != own || unix.Stat("/dev/"+b.TTY.Name, &st) != nil ||
		st.Dev != own || st.Rdev != uint64(b.TTY.Number) {
		return
	}
	b.times(st)
	if b.SID == 0 && b.UID < 0 {
		b.UID = int(st.Uid)
	}
}

// lookAtUnused fills in the facts about a terminal without a session, by its
// master.
func (s *scan) lookAtUnused(b *building, m master) {
	b.fromOwn(s.own)
	dir, err := openProc(s.proc, m.holder.PID, s.buf)
	if err != nil {
		return
	}
	defer dir.close()
	if st, err := dir.stat(); err != nil || st.start != m.holder.StartTicks || b.sized {
		return
	}
	if fd, err := dir.duplicate(m.holder.PID, m.holder.FDs[0]); err == nil {
		b.size(fd)
		unix.Close(fd)
	}
}

// session finishes one session.
func (s *scan) session(b *building) Session {
	byAge := func(a, b Process) int {
		return cmp.Or(cmp.Compare(a.StartTicks, b.StartTicks), cmp.Compare(a.PID, b.PID))
	}
	slices.SortFunc(b.Processes, byAge)
	for _, p := range b.Processes {
		if p.PGID == b.tpgid {
			b.ForegroundID = b.tpgid
			b.Foreground = append(b.Foreground, p)
		}
	}
	if at := slices.IndexFunc(b.Foreground, func(p Process) bool { return p.PID == p.PGID }); at > 0 {
		leader := b.Foreground[at]
		b.Foreground = slices.Insert(slices.Delete(b.Foreground, at, at+1), 0, leader)
	}
	slices.SortFunc(b.Holders, func(a, b Holder) int { return cmp.Compare(a.PID, b.PID) })
	unknown := func(c Column, is bool) {
		if is {
			b.Unknown = append(b.Unknown, c)
		}
	}
	known := len(b.Holders) > 0 || !b.TTY.IsPTY() || !s.blind && !s.hidden
	if parent, ok := s.seen[b.Leader.PPID]; ok && !known && parent.blind {
		if kind, name := kindOf("", parent.comm); kind != Other {
			b.Holders = []Holder{{PID: parent.pid, StartTicks: parent.start, Kind: kind, Name: name, SID: parent.sid, Inferred: true}}
		}
	}
	if b.UID >= 0 {
		b.User = s.userName(uint32(b.UID))
	}
	unused := len(b.Processes) == 0
	unknown(Dir, b.Dir == "" && !unused)
	unknown(Holders, !known)
	unknown(Idle, b.LastInput.IsZero())
	unknown(Instance, !b.placed && (!unused || b.TTY.Instance == 0))
	unknown(Recorders, !known && b.Recording == nil)
	unknown(Size, !b.sized)
	unknown(User, b.UID < 0)
	return b.Session
}

// runs reports whether a process of the session still runs.
func (s *scan) runs(session Session) bool {
	return slices.ContainsFunc(session.Processes, func(p Process) bool {
		dir, err := openProc(s.proc, p.PID, s.buf)
		if err != nil {
			return false
		}
		defer dir.close()
		st, err := dir.stat()
		return err == nil && st.start == p.StartTicks && st.tty != 0 && (st.flags&exiting == 0 || st.threads > 1)
	})
}

func (s *scan) userName(uid uint32) string {
	if name, ok := s.users[uid]; ok {
		return name
	}
	name := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	if s.users == nil {
		s.users = map[uint32]string{}
	}
	s.users[uid] = name
	return name
}

// hidePID reports whether the proc file system hides other users' processes.
func (s *scan) hidePID() bool {
	text, err := s.readFile("self/mountinfo")
	if err != nil {
		return false
	}
	for _, m := range parseMounts(text) {
		if m.fsType == "proc" && m.point == cmp.Or(s.Proc, "/proc") && strings.Contains(m.super, "hidepid=") && !strings.Contains(m.super, "hidepid=off") {
			return true
		}
	}
	return false
}
