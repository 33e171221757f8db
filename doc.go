// Package ttydeck is a tape deck for terminals: it records terminal sessions,
// plays them, converts them and reads them. The program is cmd/ttydeck. Its
// packages stand on their own:
//
//   - [github.com/ttydeck/ttydeck/format] reads and writes recordings in every
//     format. Start with it.
//   - [github.com/ttydeck/ttydeck/vt] is the screen model: bytes in, cells out.
//   - [github.com/ttydeck/ttydeck/edit] filters recordings: speed, pauses,
//     shift, concatenation.
//   - [github.com/ttydeck/ttydeck/edit/redact] removes secrets.
//   - [github.com/ttydeck/ttydeck/record] records a program on a terminal.
//   - [github.com/ttydeck/ttydeck/record/sessions] lists the terminal sessions
//     of a host.
//   - [github.com/ttydeck/ttydeck/record/observe] records a running session.
//   - [github.com/ttydeck/ttydeck/record/shellint] lets shells mark their
//     prompts and commands.
//   - [github.com/ttydeck/ttydeck/record/login] records logins.
//   - [github.com/ttydeck/ttydeck/live] shares a session while it is recorded.
//   - [github.com/ttydeck/ttydeck/live/daemon] serves all sessions at one
//     socket, and tidies up recordings.
//   - [github.com/ttydeck/ttydeck/play] plays recordings in a terminal.
//   - [github.com/ttydeck/ttydeck/convert] turns a recording into text.
//   - [github.com/ttydeck/ttydeck/convert/transcript] finds the commands that
//     were run.
package ttydeck
