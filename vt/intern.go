package vt

import "unicode/utf8"

// tables number what does not fit into a cell, because cells hold no pointers:
// texts of several code points, and pairs of underline colour and hyperlink.
// The tables only grow; when they are full, collect makes new ones of the
// entries in use. Snapshots keep the old slices.
type tables struct {
	// id is a new pointer for each history of the tables. A number means
	// the same in two tables with the same id that are both long enough.
	id *byte

	clusters   []string
	clusterIDs map[string]uint32 // nil when it must be rebuilt

	extras   []extra // [0] is the zero extra
	extraIDs map[extra]uint16

	links   []string // "params;URI"; [0] is ""
	linkIDs map[string]uint32

	bytes  int // text in clusters and links
	grudge int // requests refused since the last collection
}

// extra is the rare part of a style.
type extra struct {
	ul   Color
	link uint32
}

const (
	maxClusterBytes = 64 // of one cluster; more marks are dropped
	maxClusters     = 1 << 16
	maxExtras       = 1 << 16
	maxLinks        = 1 << 14
	maxLinkBytes    = 4096    // of one link; a longer one is ignored
	maxTableBytes   = 4 << 20 // text in all tables
	maxGrudge       = 1 << 16
)

func (t *tables) init() {
	*t = tables{
		id:     new(byte),
		extras: make([]extra, 1, 4),
		links:  make([]string, 1, 4),
	}
}

// clusterWith returns the index of the text of c with r added. It reports false
// if there is no room for it.
func (s *Screen) clusterWith(c Cell, r rune) (uint32, bool) {
	t := &s.tab
	buf := s.buf8[:0]
	switch {
	case c.lo&chCluster != 0:
		buf = append(buf, t.clusters[c.lo&chMask]...)
	case c.lo&chMask != 0:
		buf = utf8.AppendRune(buf, rune(c.lo&chMask))
	default:
		buf = append(buf, ' ') // a mark on an empty cell
	}
	buf = utf8.AppendRune(buf, r)
	s.buf8 = buf
	if len(buf) > maxClusterBytes {
		return 0, false
	}
	return s.clusterID(buf)
}

func (s *Screen) clusterID(text []byte) (uint32, bool) {
	t := &s.tab
	if t.clusterIDs == nil {
		t.clusterIDs = make(map[string]uint32, len(t.clusters))
		for i, c := range t.clusters {
			t.clusterIDs[c] = uint32(i)
		}
	}
	if id, ok := t.clusterIDs[string(text)]; ok {
		return id, true
	}
	if len(t.clusters) >= maxClusters || t.bytes+len(text) > maxTableBytes {
		// text may lie in a buffer that collect uses.
		keep := string(text)
		if !s.collect() {
			return 0, false
		}
		return s.clusterID([]byte(keep))
	}
	id := uint32(len(t.clusters))
	str := string(text)
	t.clusters = append(t.clusters, str)
	t.clusterIDs[str] = id
	t.bytes += len(str)
	return id, true
}

// extraID returns the index of e; 0 if there is no room for it.
func (s *Screen) extraID(e extra) uint16 {
	t := &s.tab
	if t.extraIDs == nil {
		t.extraIDs = make(map[extra]uint16, len(t.extras))
		for i, x := range t.extras {
			t.extraIDs[x] = uint16(i)
		}
	}
	if id, ok := t.extraIDs[e]; ok {
		return id
	}
	if len(t.extras) >= maxExtras {
		link := t.links[e.link]
		if !s.collect() {
			return 0
		}
		e.link = s.linkID([]byte(link)) // its index may have changed
		return s.extraID(e)
	}
	id := uint16(len(t.extras))
	t.extras = append(t.extras, e)
	t.extraIDs[e] = id
	return id
}

// linkID returns the index of a hyperlink; 0 if there is no room for it.
func (s *Screen) linkID(link []byte) uint32 {
	t := &s.tab
	if len(link) == 0 || len(link) > maxLinkBytes {
		return 0
	}
	if t.linkIDs == nil {
		t.linkIDs = make(map[string]uint32, len(t.links))
		for i, l := range t.links {
			t.linkIDs[l] = uint32(i)
		}
	}
	if id, ok := t.linkIDs[string(link)]; ok {
		return id
	}
	if len(t.links) >= maxLinks || t.bytes+len(link) > maxTableBytes {
		if !s.collect() {
			return 0
		}
		return s.linkID(link)
	}
	id := uint32(len(t.links))
	str := string(link)
	t.links = append(t.links, str)
	t.linkIDs[str] = id
	t.bytes += len(str)
	return id
}

// collect rebuilds the tables from the entries that the cells and the pen use.
// It does nothing and reports false if it ran not long ago: so much is in use
// then that the new entry is dropped.
func (s *Screen) collect() bool {
	if s.tab.grudge > 0 {
		if s.tab.grudge++; s.tab.grudge < maxGrudge {
			return false
		}
	}
	old := s.tab
	s.tab.init()
	t := &s.tab
	t.clusterIDs = map[string]uint32{}
	t.extraIDs = map[extra]uint16{{}: 0}
	t.linkIDs = map[string]uint32{"": 0}

	link := func(id uint32) uint32 {
		str := old.links[id]
		n, ok := t.linkIDs[str]
		if !ok {
			n = uint32(len(t.links))
			t.links = append(t.links, str)
			t.linkIDs[str] = n
			t.bytes += len(str)
		}
		return n
	}
	move := func(l *line) {
		moved := false
		for i := range l.cells[:l.used] {
			c := &l.cells[i]
			if c.lo&chCluster != 0 {
				str := old.clusters[c.lo&chMask]
				n, ok := t.clusterIDs[str]
				if !ok {
					n = uint32(len(t.clusters))
					t.clusters = append(t.clusters, str)
					t.clusterIDs[str] = n
					t.bytes += len(str)
				}
				c.lo = c.lo&^chMask | uint64(n)
				moved = true
			}
			if id := c.extra(); id != 0 {
				e := old.extras[id]
				e.link = link(e.link)
				n, ok := t.extraIDs[e]
				if !ok {
					n = uint16(len(t.extras))
					t.extras = append(t.extras, e)
					t.extraIDs[e] = n
				}
				c.lo = c.lo&^extraBits | uint64(n)<<48
				moved = true
			}
		}
		if moved {
			l.touched |= touchedPack
		}
	}
	for _, l := range s.main.lines {
		move(l)
	}
	for _, l := range s.alt.lines {
		move(l)
	}
	for i := range s.sb.n {
		move(s.sb.at(i))
	}
	s.sb.forgetChunks()
	s.link = link(s.link)
	// The pen comes last: its pair may be new.
	if len(t.extras) < maxExtras {
		s.setExtra()
	} else {
		s.penLo &^= extraBits
	}
	if len(t.clusters) > maxClusters/2 || len(t.extras) > maxExtras/2 ||
		len(t.links) > maxLinks/2 || t.bytes > maxTableBytes/2 {
		t.grudge = 1
	}
	return len(t.clusters) < maxClusters && len(t.extras) < maxExtras &&
		len(t.links) < maxLinks && t.bytes < maxTableBytes-maxLinkBytes
}
