// Package vt is a terminal without a display: bytes in, cells out. It is for
// whoever has to know what was on the screen of a recorded or running session.
//
// Start with [New], feed it with [Screen.Write], look at it with [Screen.Row],
// [Screen.Cell] and [Screen.Cursor]:
//
//	s := vt.New(80, 24)
//	s.WriteString("\x1b[1mhello\x1b[0m\r\nworld")
//	fmt.Println(s.Row(0).Text()) // hello
//
// Writing never blocks, fails or replies, starts no goroutine and takes time
// in proportion to the bytes; how they are cut into writes makes no
// difference. Any bytes are fit to be written: memory is bounded by the size
// ([ClampSize]), the scrollback ([Scrollback]) and fixed caps on everything
// that a program can name or pile up.
//
// # Going back in time
//
// [Screen.Snapshot] takes a compact picture of the whole state that
// [Screen.Restore] brings back; a player holds thousands. [Screen.AppendState]
// gives the state as bytes for a real terminal.
//
// # What happened in between
//
// [Hooks] tell of lines that leave the screen, of shell integration marks with
// their place, titles, and frames (mode 2026). [Screen.Dirty] gives the rows
// to draw again.
package vt
