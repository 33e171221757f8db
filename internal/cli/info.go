package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
)

func infoCommand(e *env) *command {
	var asJSON bool
	var read readOptions
	return &command{
		name:     "info",
		purpose:  "describe a recording: format, size, length, markers, faults",
		args:     "FILE...",
		examples: []string{"ttydeck info demo.cast", "ttydeck info --json *.cast"},
		about: `Reads each FILE to its end and prints its format, size, length, number of events, markers, exit
status and faults. "metadata" lists what the recording says beyond its picture, such as the
directories and command lines in the marks of shells; ttydeck convert --remove-metadata removes it,
except for input.`,
		flags: append([]group{{"Output", []*flag{jsonFlag(&asJSON)}}}, read.groups()...),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, -1, "the recording to read"); err != nil {
				return err
			}
			return runInfo(ctx, e, asJSON, read.list(), args)
		},
	}
}

func runInfo(ctx context.Context, e *env, asJSON bool, opts []format.Option, names []string) error {
	var errs []error
	for i, name := range names {
		info, err := e.info(ctx, name, opts)
		if err != nil {
			errs = append(errs, err)
		}
		if info == nil {
			continue
		}
		if asJSON {
			err = json.NewEncoder(e.out).Encode(info)
		} else {
			if i > 0 {
				fmt.Fprintln(e.out)
			}
			err = info.print(e.out)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// recordingInfo is the output of info --json for a recording.
type recordingInfo struct {
	File        string             `json:"file"`
	Bytes       int64              `json:"bytes,omitempty"` // of its files
	Format      string             `json:"format"`
	Compression format.Compression `json:"compression,omitempty"`
	Cols        int                `json:"cols,omitempty"`
	Rows        int                `json:"rows,omitempty"`
	Start       *time.Time         `json:"start,omitempty"`
	Duration    float64            `json:"duration"` // seconds
	IdleLimit   float64            `json:"idle_time_limit,omitempty"`
	Title       string             `json:"title,omitempty"`
	Command     string             `json:"command,omitempty"`
	TermType    string             `json:"term_type,omitempty"`
	TermVersion string             `json:"term_version,omitempty"`
	Theme       bool               `json:"theme"`
	Env         map[string]string  `json:"env,omitempty"`
	Tags        []string           `json:"tags,omitempty"`
	Redacted    bool               `json:"redacted,omitempty"`
	Metadata    map[string]int     `json:"metadata"` // by kind; what is beyond the picture
	Events      map[string]int     `json:"events"`   // by code
	OutputBytes int64              `json:"output_bytes"`
	InputBytes  int64              `json:"input_bytes"`
	Resizes     []timedText        `json:"resizes"`
	Markers     []timedText        `json:"markers"`
	Exit        *int               `json:"exit_status"`
	Warnings    []warningInfo      `json:"warnings"`
	Error       string             `json:"error,omitempty"`
}

type timedText struct {
	Time float64 `json:"time"` // seconds
	Text string  `json:"text"`
}

type warningInfo struct {
	Line   int    `json:"line,omitempty"` // of the first
	Kind   string `json:"kind"`
	Detail string `json:"detail,omitempty"` // of the first
	Count  int    `json:"count"`
	Notice bool   `json:"notice,omitempty"` // an assumption of the reader, not a fault
}

// info reads a recording. If an error ends the recording, info returns both the
// error and the part that it could read.
func (e *env) info(ctx context.Context, name string, opts []format.Option) (*recordingInfo, error) {
	said := &warnings{}
	src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, opts...)...)
	if err != nil {
		return nil, err
	}
	defer src.close()
	h := src.Header
	info := &recordingInfo{
		File: name, Format: src.format.Name, Compression: src.compression,
		Cols: h.Size.Cols, Rows: h.Size.Rows,
		IdleLimit: h.IdleLimit.Seconds(), Title: h.Title, Command: h.Command,
		TermType: h.Term.Type, TermVersion: h.Term.Version, Theme: h.Term.Theme != nil,
		Env: h.Env, Tags: h.Tags, Redacted: h.Redacted(),
		Events: map[string]int{}, Resizes: []timedText{}, Markers: []timedText{}, Warnings: []warningInfo{},
	}
	if !h.Start.IsZero() {
		info.Start = &h.Start
	}
	for _, part := range src.parts {
		if stat, err := os.Stat(part); err == nil && stat.Mode().IsRegular() {
			info.Bytes += stat.Size()
		}
	}
	var beyond edit.Metadata
	beyond.AddHeader(h)
	for ev, readErr := range untilCancelled(ctx, src.Events) {
		if readErr != nil {
			info.Error = message(readErr)
			err = readErr
			break
		}
		beyond.Add(ev)
		info.Duration = ev.Time.Seconds()
		info.Events[string(ev.Code)]++
		switch ev.Code {
		case format.Output:
			info.OutputBytes += int64(len(ev.Data))
		case format.Input:
			info.InputBytes += int64(len(ev.Data))
		case format.Resize:
			info.Resizes = append(info.Resizes, timedText{ev.Time.Seconds(), ev.Data})
		case format.Marker:
			info.Markers = append(info.Markers, timedText{ev.Time.Seconds(), ev.Data})
		case format.Exit:
			if status, err := ev.Status(); err == nil {
				info.Exit = &status
			}
		}
	}
	info.Metadata = metadataCounts(beyond)
	for _, w := range said.all {
		info.Warnings = append(info.Warnings, warningInfo{w.Line, w.Kind, w.Detail, said.count(w), w.Notice})
	}
	return info, err
}

func (info *recordingInfo) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, printable(fmt.Sprintf(value, args...)))
	}
	text := func(name, value string) {
		if value != "" {
			row(name, "%s", value)
		}
	}
	row("file", "%s", info.File)
	kind := info.Format
	if info.Compression != "" {
		kind += ", " + string(info.Compression)
	}
	row("format", "%s", kind)
	if info.Bytes > 0 {
		row("bytes", "%d", info.Bytes)
	}
	if info.Cols > 0 {
		row("size", "%dx%d", info.Cols, info.Rows)
	} else {
		row("size", "unknown")
	}
	row("duration", "%s", clock(info.Duration))
	if info.Start != nil {
		row("start", "%s", info.Start.Format(time.RFC3339))
	}
	if info.IdleLimit > 0 {
		row("idle limit", "%gs", info.IdleLimit)
	}
	text("title", info.Title)
	text("command", info.Command)
	text("terminal", strings.TrimSpace(info.TermType+" "+info.TermVersion))
	text("tags", strings.Join(info.Tags, ", "))
	if info.Redacted {
		row("redacted", "yes")
	}
	text("metadata", metadataText(info.Metadata))
	row("output", "%d events, %d bytes", info.Events["o"], info.OutputBytes)
	if n := info.Events["i"]; n > 0 {
		row("input", "%d events, %d bytes", n, info.InputBytes)
	}
	for code, n := range info.Events {
		if !strings.Contains("oirmx", code) || code == "" {
			row("events "+printable(code), "%d", n)
		}
	}
	for _, r := range info.Resizes {
		row("resize", "%s  %s", clock(r.Time), r.Text)
	}
	for _, m := range info.Markers {
		row("marker", "%s  %s", clock(m.Time), m.Text)
	}
	if info.Exit != nil {
		row("exit status", "%d", *info.Exit)
	}
	for _, w := range info.Warnings {
		name := "warning"
		if w.Notice {
			name = "notice"
		}
		value := w.Kind
		if w.Line > 0 {
			value = fmt.Sprintf("line %d: %s", w.Line, value)
		}
		if w.Detail != "" {
			value += ": " + w.Detail
		}
		if w.Count > 1 {
			value += fmt.Sprintf(" (%d more)", w.Count-1)
		}
		row(name, "%s", value)
	}
	return t.Flush()
}

// clock returns a time in seconds as 1:02:03.456 or 2:03.456.
func clock(seconds float64) string {
	return timecode.Format(time.Duration(seconds*1e9), time.Millisecond)
}
