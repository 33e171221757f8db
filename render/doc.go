// Package render turns the cells of a [vt.Screen] into something that is shown.
//
// [AppendANSI] returns a screen as text with colours. A [Window] keeps a terminal
// of another size up to date with a screen that changes. Both are built from
// three parts, for a program that shows more than a screen:
//
//   - A [Canvas] is a picture: cells in the colours in which they are shown, and
//     a cursor. A writer of pictures reads it.
//   - A [View] draws the part of a screen that fits onto a Canvas.
//   - A [Painter] turns each Canvas into the bytes that change a terminal from
//     the one before.
//
// A recording is untrusted, so whatever a screen holds, none of them writes
// anything but drawing: no queries, no titles, no clipboard.
package render
