package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/record/sessions"
)

// printTree prints each session with its processes. Below a process that holds the
// terminals of other sessions (tmux, script, ssh to this host) it prints these.
func printTree(w io.Writer, list *sessions.Listing, cols int) error {
	t := &tree{w: w, list: list, cols: cols, held: map[int][]*sessions.Session{}, shown: map[*sessions.Session]bool{}}
	inSession := map[int]bool{}
	for _, s := range list.Sessions {
		for _, p := range s.Processes {
			inSession[p.PID] = true
		}
	}
	var roots []*sessions.Session
	for i := range list.Sessions {
		s := &list.Sessions[i]
		root := true
		for _, h := range s.Holders {
			if inSession[h.PID] && h.SID != s.SID {
				t.held[h.PID] = append(t.held[h.PID], s)
				root = false
				break
			}
		}
		if root {
			roots = append(roots, s)
		}
	}
	for _, s := range roots {
		t.session(s, "", "")
	}
	for i := range list.Sessions { // sessions that hold each other in a ring
		t.session(&list.Sessions[i], "", "")
	}
	return t.err
}

type tree struct {
	w     io.Writer
	list  *sessions.Listing
	cols  int
	held  map[int][]*sessions.Session // by a holder's PID
	shown map[*sessions.Session]bool
	err   error // the first of writing
}

func (t *tree) line(text string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, cut(text, t.cols))
	}
}

// session prints a session. first goes before its line, rest before the lines below
// it.
func (t *tree) session(s *sessions.Session, first, rest string) {
	if t.shown[s] {
		return
	}
	t.shown[s] = true
	text := fmt.Sprintf("%s%s  %s  since %s  idle %s  %s  held by %s", first, ttyColumn(s, t.list), orMark(s, sessions.User, s.User),
		since(s.Since, t.list.Time), idle(s, t.list.Time), size(s), holders(s))
	if r := s.Recording; r != nil {
		text += "  recorded by " + strings.TrimSpace(visible.Text(r.Name+" "+r.File))
	}
	t.line(text)
	children := map[int][]sessions.Process{}
	member := map[int]bool{}
	for _, p := range s.Processes {
		member[p.PID] = true
	}
	var roots []sessions.Process
	for _, p := range s.Processes {
		if member[p.PPID] && p.PPID != p.PID {
			children[p.PPID] = append(children[p.PPID], p)
		} else {
			roots = append(roots, p)
		}
	}
	t.processes(s, roots, children, rest)
}

// processes prints processes and their children. A "+" marks those in the
// foreground.
func (t *tree) processes(s *sessions.Session, list []sessions.Process, children map[int][]sessions.Process, before string) {
	for i, p := range list {
		branch, rest := "├─ ", "│  "
		if i == len(list)-1 {
			branch, rest = "└─ ", "   "
		}
		mark := ""
		if s.ForegroundID != 0 && p.PGID == s.ForegroundID {
			mark = "+"
		}
		t.line(fmt.Sprintf("%s%s%d%s %s", before, branch, p.PID, mark, p.Command()))
		below := t.held[p.PID]
		kids := children[p.PID]
		for j, held := range below {
			branch, deeper := "├─ ", "│  "
			if j == len(below)-1 && len(kids) == 0 {
				branch, deeper = "└─ ", "   "
			}
			t.session(held, before+rest+branch, before+rest+deeper)
		}
		t.processes(s, kids, children, before+rest)
	}
}
