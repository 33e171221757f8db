// Package ttydeck is a tape deck for terminals: it records terminal sessions,
// plays and converts the recordings, and lists what was done in them. The program
// is cmd/ttydeck. Each package can be used without the program:
//
//   - [github.com/ttydeck/ttydeck/format] reads and writes recordings in every
//     format. Start with it.
//   - [github.com/ttydeck/ttydeck/vt] is the screen model: bytes in, cells out.
//   - [github.com/ttydeck/ttydeck/screen] draws recordings on the screen model.
//   - [github.com/ttydeck/ttydeck/replay] holds a recording that can be sought.
//   - [github.com/ttydeck/ttydeck/render] turns a screen into text with colours,
//     or into the bytes that show it on a terminal, and a recording into frames.
//   - [github.com/ttydeck/ttydeck/render/gif], [github.com/ttydeck/ttydeck/render/png],
//     [github.com/ttydeck/ttydeck/render/svg] and [github.com/ttydeck/ttydeck/render/video]
//     write frames as pictures.
//   - [github.com/ttydeck/ttydeck/render/raster] draws frames as pixels.
//   - [github.com/ttydeck/ttydeck/render/glyph] draws characters.
//   - [github.com/ttydeck/ttydeck/place] names places in recordings.
//   - [github.com/ttydeck/ttydeck/edit] changes recordings: recipes cut, hurry and
//     mark them in one pass, and filters join them and shift their times.
//   - [github.com/ttydeck/ttydeck/edit/retell] tells recordings anew: without some
//     of their commands, with even typing.
//   - [github.com/ttydeck/ttydeck/edit/redact] removes secrets from recordings.
//   - [github.com/ttydeck/ttydeck/record] records a program on a terminal.
//   - [github.com/ttydeck/ttydeck/record/sessions] lists the terminal sessions
//     of a host.
//   - [github.com/ttydeck/ttydeck/record/observe] records a running session.
//   - [github.com/ttydeck/ttydeck/record/shellint] lets shells mark their
//     prompts and commands.
//   - [github.com/ttydeck/ttydeck/record/login] records logins.
//   - [github.com/ttydeck/ttydeck/session] runs a recorded session from a
//     configuration to its end.
//   - [github.com/ttydeck/ttydeck/live] shares a session while it is recorded.
//   - [github.com/ttydeck/ttydeck/live/attach] attaches a terminal to a session.
//   - [github.com/ttydeck/ttydeck/live/daemon] serves all sessions at one
//     socket, and tidies up recordings.
//   - [github.com/ttydeck/ttydeck/play] plays recordings in a terminal.
//   - [github.com/ttydeck/ttydeck/convert] lists what a recording can be written
//     as, and writes its text.
//   - [github.com/ttydeck/ttydeck/convert/transcript] lists the commands that
//     were run in a recording.
package ttydeck
