package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/record/sessions"
	"golang.org/x/term"
)

// psOptions are the flags of ps.
type psOptions struct {
	json, tree, watch bool
	interval          time.Duration
	user              string
	names             []string // terminals and PIDs; none: all
}

func psCommand(e *env) *command {
	o := psOptions{interval: 2 * time.Second}
	lister := &sessions.Lister{}
	return &command{
		name:     "ps",
		purpose:  "list the terminal sessions of this host",
		args:     "[TTY|PID...]",
		examples: []string{"ttydeck ps", "ttydeck ps --tree pts/3", "ttydeck ps --watch --user ann"},
		about: `Lists all sessions that have a terminal, or the sessions of each TTY, such as pts/3, and of each PID,
which may be any process in the session:

   TTY      the terminal; pts/3@0:39 is on another devpts, as in containers
   USER     the session's user
   SINCE    the time when the session began
   IDLE     the time since a program last read input
   SIZE     the size of the window
   HOLDER   the program behind the terminal: terminal emulator, sshd, tmux, container runtime...
   REC      the program that records the session
   PID      the process ID of the session leader
   DIR      the current directory of the session leader
   COMMAND  the program in the foreground; +2 means two more processes

A dash means none. A question mark means that only root can see it.`,
		flags: []group{{"Listing", []*flag{
			jsonFlag(&o.json),
			onOff(&o.tree, "tree", "show the processes of each session and, below them, the sessions that they hold"),
			onOff(&o.watch, "watch,w", "repeat until interrupted"),
			valued(&o.interval, "interval", "repeat every `SECONDS`", parseInterval),
			userFlag(&o.user),
			onOff(&lister.Unused, "unused", "also list open pseudo-terminals without a session"),
		}}},
		run: func(ctx context.Context, args []string) error {
			o.names = args
			return runPS(ctx, e, lister, o)
		},
	}
}

func runPS(ctx context.Context, e *env, lister *sessions.Lister, o psOptions) error {
	cols, _ := windowOf(e.out)
	show := func(w io.Writer) (missing string, err error) {
		list, err := lister.List()
		if err != nil {
			return "", err
		}
		if err := o.choose(list); err != nil {
			return "", err
		}
		return list.Missing, o.print(w, list, cols)
	}
	if !o.watch {
		missing, err := show(e.out)
		if err == nil && missing != "" && !o.json {
			e.notef("%s", missing)
		}
		return err
	}
	if cols > 0 && !o.json {
		fmt.Fprint(e.out, "\x1b[?1049h\x1b[?25l")
		defer fmt.Fprint(e.out, "\x1b[?25h\x1b[?1049l")
	}
	tick := time.NewTicker(o.interval)
	defer tick.Stop()
	for first := true; ; first = false {
		var page bytes.Buffer
		var rows int
		cols, rows = windowOf(e.out)
		missing, err := show(&page)
		if err != nil && (first || len(o.names) == 0) { // a named session may end later
			return err
		}
		switch {
		case o.json:
		case cols > 0:
			frame(&page, missing, cols, rows)
		case first && missing != "":
			e.notef("%s", missing)
		case !first:
			fmt.Fprintln(e.out)
		}
		if _, err := e.out.Write(page.Bytes()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil // an interrupt is the normal end
		case <-tick.C:
		}
	}
}

// frame replaces the text in page by the bytes that draw it over the previous page.
func frame(page *bytes.Buffer, missing string, cols, rows int) {
	if missing != "" {
		fmt.Fprintln(page, cut("ttydeck: "+missing, cols))
	}
	lines := strings.SplitAfter(page.String(), "\n")
	page.Reset()
	page.WriteString("\x1b[H")
	for i, line := range lines[:min(len(lines), rows)] {
		if i == rows-1 {
			line = strings.TrimSuffix(line, "\n") // which would scroll
		}
		page.WriteString(strings.Replace(line, "\n", "\x1b[K\r\n", 1))
	}
	page.WriteString("\x1b[J")
}

// windowOf returns the size of the terminal w; 0, 0 if w is no terminal.
func windowOf(w io.Writer) (cols, rows int) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, 0
	}
	cols, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return cols, rows
}

// choose keeps the sessions that the arguments and --user name.
func (o psOptions) choose(list *sessions.Listing) error {
	if len(o.names) > 0 {
		var chosen []sessions.Session
		for _, name := range o.names {
			s, err := list.Find(name)
			if err != nil {
				return withHint(err, "ttydeck ps lists all sessions")
			}
			chosen = append(chosen, *s)
		}
		list.Sessions = chosen
	}
	if o.user != "" {
		var chosen []sessions.Session
		for _, s := range list.Sessions {
			if s.User == o.user {
				chosen = append(chosen, s)
			}
		}
		list.Sessions = chosen
	}
	return nil
}

func (o psOptions) print(w io.Writer, list *sessions.Listing, cols int) error {
	switch {
	case o.json:
		return printJSON(w, list)
	case o.tree:
		return printTree(w, list, cols)
	}
	var table bytes.Buffer
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TTY\tUSER\tSINCE\tIDLE\tSIZE\tHOLDER\tREC\tPID\tDIR\tCOMMAND")
	for i := range list.Sessions {
		s := &list.Sessions[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", ttyColumn(s, list), orMark(s, sessions.User, s.User),
			since(s.Since, list.Time), idle(s, list.Time), size(s), holders(s), recorder(s), pidColumn(s.Leader.PID),
			orMark(s, sessions.Dir, visible.Text(s.Dir)), commandColumn(s))
	}
	t.Flush()
	for line := range strings.Lines(table.String()) {
		if _, err := fmt.Fprintln(w, cut(strings.TrimRight(line, "\n "), cols)); err != nil {
			return err
		}
	}
	return nil
}

// cut shortens a line to a width; 0 means no limit. Each character counts as one
// column.
func cut(line string, cols int) string {
	if cols <= 0 || utf8.RuneCountInString(line) <= cols {
		return line
	}
	return string([]rune(line)[:max(cols-1, 0)]) + "…"
}

// orMark returns value; if it is empty, "-" for none or "?" for unknown.
func orMark(s *sessions.Session, c sessions.Column, value string) string {
	switch {
	case value != "":
		return value
	case s.Knows(c):
		return "-"
	}
	return "?"
}

func ttyColumn(s *sessions.Session, list *sessions.Listing) string {
	if s.TTY.Instance == list.Instance || !s.TTY.IsPTY() || s.TTY.Instance == 0 {
		return s.TTY.Name
	}
	return s.TTY.String()
}

func pidColumn(pid int) string {
	if pid == 0 {
		return "-"
	}
	return fmt.Sprint(pid)
}

func since(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "-"
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02")
}

func idle(s *sessions.Session, now time.Time) string {
	if s.LastInput.IsZero() {
		return orMark(s, sessions.Idle, "")
	}
	d := max(now.Sub(s.LastInput), 0)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%02dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%02dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%02ds", minutes, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

func size(s *sessions.Session) string {
	if s.Size.Cols == 0 && s.Size.Rows == 0 {
		return orMark(s, sessions.Size, "")
	}
	return s.Size.String()
}

// holders lists the programs that hold the terminal, each with its processes:
// "sshd 12,15".
func holders(s *sessions.Session) string {
	var parts []string
	for i, h := range s.Holders {
		name := visible.Text(h.Name)
		if h.Inferred {
			name += "?"
		}
		if i > 0 && s.Holders[i-1].Name == h.Name {
			parts[len(parts)-1] += fmt.Sprintf(",%d", h.PID)
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, h.PID))
	}
	return orMark(s, sessions.Holders, strings.Join(parts, " "))
}

func recorder(s *sessions.Session) string {
	if s.Recording == nil {
		return orMark(s, sessions.Recorders, "")
	}
	return visible.Text(s.Recording.Name)
}

func commandColumn(s *sessions.Session) string {
	command := s.Command()
	if command == "" {
		return "-"
	}
	if more := len(s.Foreground) - 1; more > 0 {
		command += fmt.Sprintf("  +%d", more)
	}
	return command
}

// listingInfo is the output of ps --json. An unknown value is null, and "unknown"
// lists its column.
type listingInfo struct {
	Time     time.Time     `json:"time"`
	Sessions []sessionInfo `json:"sessions"`
	Missing  string        `json:"missing,omitempty"` // the note on what could not be seen
}

type sessionInfo struct {
	TTY        string            `json:"tty"`
	Instance   string            `json:"instance,omitempty"` // MAJOR:MINOR of the devpts
	Here       bool              `json:"here"`               // whether that is this process's /dev/pts
	SID        int               `json:"sid"`
	User       string            `json:"user,omitempty"`
	UID        *int              `json:"uid"`
	Since      *time.Time        `json:"since"`
	LastInput  *time.Time        `json:"last_input"`
	LastOutput *time.Time        `json:"last_output"`
	Idle       *float64          `json:"idle"` // seconds since last_input
	Cols       *int              `json:"cols"`
	Rows       *int              `json:"rows"`
	Dir        *string           `json:"dir"`
	Leader     *processInfo      `json:"leader"`
	Foreground *foregroundInfo   `json:"foreground"`
	Processes  []processInfo     `json:"processes"`
	Holders    []holderInfo      `json:"holders"`
	Recording  *recordingByInfo  `json:"recording"`
	Unknown    []sessions.Column `json:"unknown"`
}

type processInfo struct {
	PID     int       `json:"pid"`
	PPID    int       `json:"ppid"`
	PGID    int       `json:"pgid"`
	Started time.Time `json:"started"`
	Name    string    `json:"name"`
	Command string    `json:"command"` // in a printable form
	Args    []string  `json:"args"`
}

type foregroundInfo struct {
	PGID    int    `json:"pgid"`
	PIDs    []int  `json:"pids"`
	Command string `json:"command"`
}

type holderInfo struct {
	PID      int           `json:"pid"`
	Kind     sessions.Kind `json:"kind"`
	Name     string        `json:"name"`
	FDs      []int         `json:"fds"`
	Inferred bool          `json:"inferred,omitempty"`
}

type recordingByInfo struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
	File string `json:"file,omitempty"`
}

func printJSON(w io.Writer, list *sessions.Listing) error {
	info := listingInfo{Time: list.Time, Missing: list.Missing, Sessions: []sessionInfo{}}
	for i := range list.Sessions {
		info.Sessions = append(info.Sessions, infoOf(&list.Sessions[i], list))
	}
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	_, err = w.Write(append(visible.JSON(text), '\n'))
	return err
}

func infoOf(s *sessions.Session, list *sessions.Listing) sessionInfo {
	info := sessionInfo{
		TTY: s.TTY.Name, Here: s.TTY.Instance != 0 && s.TTY.Instance == list.Instance, SID: s.SID, User: s.User,
		Since: timeInfo(s.Since), LastInput: timeInfo(s.LastInput), LastOutput: timeInfo(s.LastOutput),
		Processes: []processInfo{}, Holders: []holderInfo{}, Unknown: append([]sessions.Column{}, s.Unknown...),
	}
	if s.TTY.Instance != 0 {
		info.Instance = s.TTY.InstanceString()
	}
	if s.Knows(sessions.User) {
		info.UID = &s.UID
	}
	if !s.LastInput.IsZero() {
		seconds := max(list.Time.Sub(s.LastInput), 0).Seconds()
		info.Idle = &seconds
	}
	if s.Knows(sessions.Size) {
		info.Cols, info.Rows = &s.Size.Cols, &s.Size.Rows
	}
	if s.Dir != "" {
		info.Dir = &s.Dir
	}
	for _, p := range s.Processes {
		info.Processes = append(info.Processes, processInfoOf(p))
	}
	if s.Leader.PID != 0 {
		leader := processInfoOf(s.Leader)
		info.Leader = &leader
	}
	if s.ForegroundID != 0 {
		info.Foreground = &foregroundInfo{PGID: s.ForegroundID, Command: s.Command()}
		for _, p := range s.Foreground {
			info.Foreground.PIDs = append(info.Foreground.PIDs, p.PID)
		}
	}
	for _, h := range s.Holders {
		info.Holders = append(info.Holders, holderInfo{h.PID, h.Kind, h.Name, append([]int{}, h.FDs...), h.Inferred})
	}
	if r := s.Recording; r != nil {
		info.Recording = &recordingByInfo{r.PID, r.Name, r.File}
	}
	return info
}

func timeInfo(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func processInfoOf(p sessions.Process) processInfo {
	return processInfo{p.PID, p.PPID, p.PGID, p.Started, p.Name, p.Command(), append([]string{}, p.Args...)}
}
