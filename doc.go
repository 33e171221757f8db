// Package ttydeck is a tape deck for terminals; the program is in
// cmd/ttydeck, and its packages stand on their own:
//
//   - [github.com/ttydeck/ttydeck/format]: recordings, in every format in use
//   - [github.com/ttydeck/ttydeck/vt]: the screen model
//   - [github.com/ttydeck/ttydeck/edit]: filters over a recording
//   - [github.com/ttydeck/ttydeck/record]: the recorder
//   - [github.com/ttydeck/ttydeck/play]: the player
//   - [github.com/ttydeck/ttydeck/convert]: targets that need a screen
package ttydeck
