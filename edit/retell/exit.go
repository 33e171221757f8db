package retell

import (
	"errors"
	"regexp"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

// ErrNoExit is the error of [Exit] for a recording that does not end by leaving a shell.
var ErrNoExit = errors.New("the recording does not end with exit, logout or ctrl-D at a prompt")

// exitCommand matches commands that leave a shell.
var exitCommand = regexp.MustCompile(`^\s*(exit|logout)(\s+\d+)?\s*;?\s*$`)

// Exit returns the part of a recording at its end in which the user leaves the shell, by
// exit, logout or ctrl-D, and the shells around it likewise: from the last prompt before,
// which is complete and where nothing was entered yet, to the end. The commands must be in
// order. The error is [ErrNoExit] if there is none.
func Exit(cast format.Cast, cmds []place.Command) (place.Range, error) {
	first := len(cmds) // of the exits at the end
	for first > 0 && exitCommand.MatchString(cmds[first-1].Text) && !cmds[first-1].Cancelled {
		first--
	}
	exits := cmds[first:]
	var points []place.Point
	if first > 0 {
		points = append(points, cmds[first-1].End)
	}
	for _, c := range exits {
		points = append(points, c.PromptAt, c.Start, c.End)
	}
	source := screen.New(cast.Header)
	t := tape{replay: screen.New(cast.Header)}
	var begun, ended leaving // before and after the exits that were typed
	var typed, end place.Point
	for p, err := range pieces(cast.Events, points) {
		if err != nil {
			return place.Range{}, err
		}
		end = p.at
		switch {
		case first > 0 && before(p.at, cmds[first-1].End):
		case len(exits) == 0 || before(p.at, exits[0].PromptAt):
			begun.take(p)
		case before(p.at, exits[0].Start):
			t.take(source.Screen, p)
		case !before(p.at, exits[len(exits)-1].End):
			ended.take(p)
		}
		if t.begin != nil && !before(p.to, exits[0].Start) {
			source.Feed(p.Event)
			typed, _ = t.emptyLine(source.Screen, exits[0])
			t.reset()
			continue
		}
		source.Feed(p.Event)
	}
	from, left := begun.found()
	switch {
	case len(exits) == 0:
	case ended.shown && !ended.left():
		left = false // a prompt follows
	case !left:
		from, left = typed, typed != place.Point{}
	}
	if !left {
		return place.Range{}, ErrNoExit
	}
	return place.Range{From: from, To: end}, nil
}

// leaving finds where shells are left by ctrl-D in a part of a recording that has nothing
// but their prompts.
type leaving struct {
	shown bool        // there was a prompt
	now   bool        // the last output may be that for ctrl-D
	from  place.Point // where it began
	// said: a shell said that it is left, at first.
	said    bool
	saidAt  place.Point
	prompts place.Point // where the output before ends
}

var (
	// silent matches what prints nothing.
	silent = `(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z=>c-~]|[\x00-\x09\x0b-\x1a])*`
	mute   = regexp.MustCompile(`^` + silent + `$`)
	// goodbye matches what a shell prints for ctrl-D, in one piece or two.
	goodbye = regexp.MustCompile(`^` + silent + `(?:\^D)?` + silent + `\n?` + silent + `((?:exit|logout)` + silent + `\n)?` + silent)
)

// take takes a piece of the recording.
func (l *leaving) take(p piece) {
	if p.Code != format.Output || p.Data == "" {
		return
	}
	const most = 4096 // of the output for ctrl-D
	data := p.Data[:min(len(p.Data), most)]
	match := goodbye.FindStringSubmatchIndex(data)
	whole := len(data) == len(p.Data) && match != nil && match[1] == len(data)
	switch {
	case whole && mute.MatchString(data):
		if !l.now {
			l.prompts = p.to
		}
		return
	case match != nil && match[2] >= 0 && l.shown && !l.said:
		l.said = true
		if l.saidAt = l.prompts; l.now {
			l.saidAt = l.from
		}
	}
	if whole {
		if !l.now {
			l.now, l.from = true, l.prompts
		}
		return
	}
	l.now, l.shown = false, true
	l.prompts = p.to
}

// left reports whether the part ends by leaving a shell.
func (l *leaving) left() bool { return l.shown && l.now }

// found returns where the first shell is left by ctrl-D, if it is.
func (l *leaving) found() (place.Point, bool) {
	if l.said {
		return l.saidAt, true
	}
	return l.from, l.left()
}
