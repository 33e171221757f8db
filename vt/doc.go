// Package vt is a terminal without a display: bytes in, cells out. It is for
// programs that must know what was on the screen of a recorded or running
// session.
//
// Start with [New], feed it with [Screen.Write], and read it with [Screen.Row],
// [Screen.Cell] and [Screen.Cursor]:
//
//	s := vt.New(80, 24)
//	s.WriteString("\x1b[1mhello\x1b[0m\r\nworld")
//	fmt.Println(s.Row(0).Text()) // hello
//
// Writing never blocks, fails or replies, starts no goroutine and takes time
// in proportion to the bytes; the way they are split into writes makes no
// difference. Any bytes may be written: memory is limited by the size
// ([ClampSize]), the scrollback ([Scrollback]) and fixed limits on everything
// that a program can name or pile up.
//
// # Going back in time
//
// [Screen.Snapshot] returns a compact copy of the whole state, and
// [Screen.Restore] brings it back; a player holds thousands.
// [Screen.AppendState] returns the state as bytes for a real terminal, and
// [Screen.AppendChange] those that bring a terminal there from another state.
//
// # What happened in between
//
// [Hooks] report lines that leave the screen, shell integration marks with
// their position, titles, and frames (mode 2026). [Screen.Dirty] returns the
// rows that must be drawn again.
//
// # Which terminal it is
//
// It is a UTF-8 xterm with the widths of Unicode 17, in the manner of
// xterm.js: where xterm, xterm.js and others differ, it follows xterm.js with
// its Unicode 11 addon, which shows most recordings. On the real recordings
// and full-screen programs of the tests the two agree in every cell's text,
// colours and attributes and in the cursor. These are the exceptions; a note
// in xtermjs_test.go keeps each out of the comparison.
//
//	what                                    xterm.js                 here
//	a mark after a control or an SGR        takes a cell of its own  joins the character before, as all others
//	relative moves and CHA in origin mode   count the margin twice   as xterm
//	wide character over the last column,    leaves half of one       blanks both halves
//	  DECAWM off; ICH inside one
//	DECRC after lines went to the           the place moves up       stays on its row, as xterm
//	  scrollback
//	SGR 0                                   ends DECSCA's guard       leaves it alone, as xterm
//	DECSC                                   colours, the set in use  also underline style and all four sets, as xterm
//	38:2:r:g:b without a colour space       g, b and 0               r, g, b, as xterm and kitty
//	invalid UTF-8                           dropped                  U+FFFD for each broken part, as xterm
//	DECSLRM, DECBI, DECFI, DECFRA, DECERA,  unknown                  as xterm; DECCARA takes all of SGR
//	  DECCRA, DECCARA, SS2, SS3, XTSAVE
//	LS1R, LS2R, LS3R                        choose GL                nothing: UTF-8 has no GR
//	CSI 8 t                                 off by default           on by default, see NoSizeChange
//	XTRESTORE of a mode never saved         unknown                  the default, as kitty
//	mode 2027                               unknown                  grapheme clusters
//	ED 1 that ends in the last column       forgets the wrap of a    of the next line
//	                                        line in the scrollback
//	reflow: a wide character at the edge,   goes wrong               wraps whole
//	  marks, text below the cursor
//	reflow: colours behind the text         leaves some behind       drops them
//	tab stops in new columns                from the last one set    every eighth
//	alternate screen made narrower          keeps the part cut off   cuts it
//	alternate screen first used after       has a scrollback         has none
//	  the size fell
//	a screen of one row that wraps before   colours the new row      colours the old one
//	  a wide character
//
// tmux differs in more, as listed in tmux_test.go: it has no HPR, VPR, CHT,
// DECSED and DECSCA; IL and DL leave the column alone and work outside the
// region; a pending wrap outlives LF, ICH and the like; BS goes back over
// wraps; REP stops at the line's end; an alternate screen starts in the
// default colours; SGR 6 blinks; mode 1048 is unknown and 1049 restores
// nothing on the primary screen; joining of emoji and marks has rules of its
// own. As in xterm, and unlike in xterm.js and this package, the new lines of
// SD have the pen's background.
//
// Grapheme clusters are those of UAX #29 for Unicode 17. A cluster takes two
// columns if any part of it is wide, if it is a flag, or if a variation
// selector asks for emoji presentation.
package vt
