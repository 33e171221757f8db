package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

func framesCommand(e *env) *command {
	var asJSON bool
	var read readOptions
	only := wholeRecording
	return &command{
		name:     "frames",
		purpose:  "list a recording's events, and how much of the screen each changed",
		args:     "FILE|URL|-",
		examples: []string{"ttydeck frames demo.cast", "ttydeck frames demo.cast --from command:3 --to command:3.end"},
		about: `Lists the events of a recording, one per line: its number, its time and the time since the previous
event in seconds, its kind, the number of screen cells that it changed, and its size, label or exit
status.

` + placesHelp,
		flags: append([]group{{"Output", append(only.flags(), jsonFlag(&asJSON))}}, read.groups()...),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 1, "the recording to read"); err != nil {
				return err
			}
			return runFrames(ctx, e, asJSON, only, &read, args[0])
		},
	}
}

// frameInfo is the output of frames --json for a frame.
type frameInfo struct {
	Frame int     `json:"frame"` // counted from 1
	Time  float64 `json:"time"`  // seconds
	Delta float64 `json:"delta"` // seconds since the previous frame
	Code  string  `json:"code"`
	Kind  string  `json:"kind"`
	Cells int     `json:"cells"` // that changed
	Bytes int     `json:"bytes"`
	Text  string  `json:"text,omitempty"` // the marker's label, the size or the exit status
}

var kinds = map[format.Code]string{
	format.Output: "output", format.Input: "input", format.Resize: "resize", format.Marker: "marker", format.Exit: "exit",
}

func newFrameInfo(f screen.Frame) frameInfo {
	info := frameInfo{
		Frame: f.Number, Time: f.Event.Time.Seconds(), Delta: f.Delta.Seconds(),
		Code: string(f.Event.Code), Kind: kinds[f.Event.Code], Cells: f.Cells, Bytes: len(f.Event.Data),
	}
	switch f.Event.Code {
	case format.Resize, format.Marker, format.Exit:
		info.Text = f.Event.Data
	}
	if info.Kind == "" {
		info.Kind = "other"
	}
	return info
}

func runFrames(ctx context.Context, e *env, asJSON bool, only part, read *readOptions, name string) error {
	said := &warnings{env: e}
	src, points, err := e.openAt(ctx, name, read, said, only.from, only.to)
	if err != nil {
		return err
	}
	defer src.close()
	defer said.done()
	cast := src.Cast
	n := 0 // events so far
	cast.Events = untilCancelled(ctx, seeing(cast.Events, func(format.Event) { n++ }))
	from, to := points[0], points[1]
	w := bufio.NewWriter(e.out)
	if !asJSON {
		fmt.Fprintf(w, "%8s %13s %10s %-7s %7s  %s\n", "FRAME", "TIME", "DELTA", "KIND", "CELLS", "DETAIL")
	}
	enc := json.NewEncoder(w)
	for f, readErr := range screen.Frames(cast) {
		if readErr != nil {
			err = readErr
			break
		}
		if from.Event < 0 && f.Event.Time < from.Time || n <= from.Event {
			continue
		}
		if to.Event < 0 && f.Event.Time > to.Time || to.Event >= 0 && (n > to.Event+1 || n == to.Event+1 && to.Byte == 0) {
			break
		}
		info := newFrameInfo(f)
		if asJSON {
			err = enc.Encode(info)
		} else {
			_, err = fmt.Fprintf(w, "%8d %13.6f %10.6f %-7s %7d  %s\n", info.Frame, info.Time, info.Delta, info.Kind, info.Cells, info.detail())
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(err, w.Flush())
}

// detail returns the last column of a frame's line.
func (f frameInfo) detail() string {
	switch {
	case f.Kind == "marker":
		return strconv.Quote(f.Text)
	case f.Text != "":
		return printable(f.Text)
	case f.Kind == "other":
		return fmt.Sprintf("%s, %d bytes", printable(f.Code), f.Bytes)
	}
	return fmt.Sprintf("%d bytes", f.Bytes)
}
