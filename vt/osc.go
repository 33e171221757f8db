package vt

import (
	"bytes"
	"slices"
)

const (
	maxTitle      = 4096 // bytes; the rest is cut off
	maxTitleStack = 10   // as xterm.js and xterm
)

// osc executes an OSC sequence; data is its payload without the terminator.
func (s *Screen) osc(data []byte) {
	head, rest, more := bytes.Cut(data, []byte(";"))
	code := 0
	if len(head) == 0 || len(head) > 6 {
		return
	}
	for _, c := range head {
		if c < '0' || c > '9' {
			return
		}
		code = code*10 + int(c-'0')
	}
	switch code {
	case 0:
		s.setIcon(rest)
		s.setTitle(rest)
	case 1:
		s.setIcon(rest)
	case 2:
		s.setTitle(rest)
	case 4:
		s.setColors(rest)
	case 8:
		s.setLink(rest)
	case 10, 11, 12:
		s.setSpecial(code-10, rest)
	case 104:
		s.resetColors(rest)
	case 110, 111, 112:
		s.resetSpecial(code - 110)
	case 5, 13, 14, 15, 16, 17, 18, 19, 50, 52, 105, 113, 114, 115, 116, 117, 118, 119:
		// Colours that no cell has, the font and the clipboard are not
		// marks.
	default:
		if code == 7 && more {
			if c := clip(rest, maxTitle); string(c) != s.cwd {
				s.cwd = string(c)
			}
		}
		if h := s.opts.hooks.Mark; h != nil {
			h(Mark{
				Code: code, Data: string(rest), X: s.x, Y: s.y,
				Line: s.scrolled + uint64(s.y), Pending: s.pend,
			})
		}
	}
}

// clip cuts text to at most n bytes, between characters.
func clip(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}

func (s *Screen) setTitle(text []byte) {
	text = clip(text, maxTitle)
	if string(text) == s.title {
		return
	}
	s.title = string(text)
	if h := s.opts.hooks.Title; h != nil {
		h(s.title)
	}
}

func (s *Screen) setIcon(text []byte) {
	if text = clip(text, maxTitle); string(text) != s.icon {
		s.icon = string(text)
	}
}

// setLink is OSC 8: params;URI. An empty URI ends the link.
func (s *Screen) setLink(rest []byte) {
	_, uri, ok := bytes.Cut(rest, []byte(";"))
	if !ok {
		return
	}
	s.link = 0
	if len(uri) > 0 {
		s.link = s.linkID(rest)
	}
	s.setExtra()
}

// windowOp is CSI t: the size, and the stacks of titles.
func (s *Screen) windowOp(q *seq) {
	switch q.params[0] {
	case 8:
		// A missing value keeps the size; 0 asks for the whole display.
		rows, cols := s.rows, s.cols
		if q.n > 1 && q.params[1] > 0 {
			rows = int(q.params[1])
		}
		if q.n > 2 && q.params[2] > 0 {
			cols = int(q.params[2])
		}
		cols, rows = ClampSize(cols, rows)
		if h := s.opts.hooks.SizeAsked; h != nil {
			h(cols, rows)
		}
		if !s.opts.noSizeChange {
			s.Resize(cols, rows)
		}
	case 22:
		which := q.arg(1, 0)
		if which == 0 || which == 2 {
			s.titles = push(s.titles, s.title)
		}
		if which == 0 || which == 1 {
			s.icons = push(s.icons, s.icon)
		}
	case 23:
		which := q.arg(1, 0)
		if n := len(s.titles); n > 0 && (which == 0 || which == 2) {
			title := s.titles[n-1]
			s.titles = s.titles[: n-1 : n-1]
			s.setTitle([]byte(title))
		}
		if n := len(s.icons); n > 0 && (which == 0 || which == 1) {
			s.icon = s.icons[n-1]
			s.icons = s.icons[: n-1 : n-1]
		}
	}
}

func push(stack []string, top string) []string {
	if len(stack) == maxTitleStack {
		stack = stack[1:]
	}
	return append(slices.Clip(stack), top)
}
