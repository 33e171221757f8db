package transcript

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"math"
	"time"
)

// Schema is the JSON Schema of the output of the styles json and jsonl.
//
//go:embed schema.json
var Schema string

// jsonRecording is a recording as style json writes it.
type jsonRecording struct {
	File   string       `json:"file"`
	Title  string       `json:"title,omitempty"`
	Start  *time.Time   `json:"start,omitempty"`
	Cols   int          `json:"cols,omitempty"`
	Rows   int          `json:"rows,omitempty"`
	Error  string       `json:"error,omitempty"`
	Unseen int          `json:"unseen,omitempty"`
	Hidden []jsonHidden `json:"hidden,omitempty"`
	// After these, "commands": a list of jsonCommand.
}

// jsonHidden is a time in which a multiplexer hid commands.
type jsonHidden struct {
	By   string  `json:"by"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// jsonCommand is a command as styles json and jsonl write it.
type jsonCommand struct {
	File       string     `json:"file,omitempty"` // in style jsonl only
	Index      int        `json:"index"`
	Kind       Kind       `json:"kind"`
	Command    string     `json:"command"`
	Expanded   string     `json:"expanded,omitempty"`
	Prompt     string     `json:"prompt"`
	Output     string     `json:"output"`
	Truncated  bool       `json:"truncated,omitempty"`
	FullScreen bool       `json:"full_screen,omitempty"`
	PromptAt   float64    `json:"prompt_at"`
	Start      float64    `json:"start"`
	End        float64    `json:"end"`
	Duration   float64    `json:"duration"`
	Time       *time.Time `json:"time,omitempty"`
	Unfinished bool       `json:"unfinished,omitempty"`
	Exit       *int       `json:"exit"`
	Dir        string     `json:"cwd,omitempty"`
	Host       string     `json:"host,omitempty"`
	Depth      int        `json:"depth"`
	Parent     *int       `json:"parent"`
	Evidence   Evidence   `json:"evidence"`
	Confidence float64    `json:"confidence"`
	Trusted    bool       `json:"trusted"`
}

func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e6 }

func jsonOf(c *Command, rec *Recording, file string) jsonCommand {
	j := jsonCommand{
		File: file, Index: c.Index, Kind: c.Kind, Command: c.Text, Expanded: c.Expanded,
		Prompt: c.Prompt, Output: c.Output, Truncated: c.Truncated, FullScreen: c.FullScreen,
		PromptAt: seconds(c.PromptAt), Start: seconds(c.Start), End: seconds(c.End), Duration: seconds(c.Duration()),
		Unfinished: c.Unfinished, Dir: c.Dir, Host: c.Host, Depth: c.Depth,
		Evidence: c.Evidence, Confidence: c.Confidence, Trusted: c.Trusted,
	}
	if c.HasExit {
		j.Exit = &c.Exit
	}
	if c.Parent >= 0 {
		j.Parent = &c.Parent
	}
	if at, ok := rec.at(c.Start); ok {
		at = at.UTC()
		j.Time = &at
	}
	return j
}

func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

func writeJSON(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	var err error
	var b bytes.Buffer
	// part writes a value behind the first part of its line. Commands are written
	// one by one: all of them may be large.
	part := func(before string, v any, indent, after string) {
		b.Reset()
		enc := newEncoder(&b)
		enc.SetIndent(indent, "  ")
		err = errors.Join(err, enc.Encode(v))
		w.WriteString(before)
		w.Write(bytes.TrimSuffix(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte(after)))
	}
	w.WriteString("{\n  \"version\": 1,\n  \"recordings\": [")
	for i, rec := range recs {
		r := jsonRecording{File: rec.Name, Title: rec.Header.Title, Cols: rec.Header.Size.Cols, Rows: rec.Header.Size.Rows, Unseen: rec.Unseen}
		if !rec.Header.Start.IsZero() {
			start := rec.Header.Start.UTC()
			r.Start = &start
		}
		for _, h := range rec.Hidden {
			r.Hidden = append(r.Hidden, jsonHidden{h.By, seconds(h.From), seconds(h.To)})
		}
		if rec.Err != nil {
			r.Error = rec.Err.Error()
		}
		if i > 0 {
			w.WriteByte(',')
		}
		part("\n    ", r, "    ", "\n    }")
		w.WriteString(",\n      \"commands\": [")
		written := 0
		opts.each(rec.Commands, func(c, _ *Command) {
			if written++; written > 1 {
				w.WriteByte(',')
			}
			part("\n        ", jsonOf(c, &rec, ""), "        ", "")
		})
		if written > 0 {
			w.WriteString("\n      ")
		}
		w.WriteString("]\n    }")
	}
	if len(recs) > 0 {
		w.WriteString("\n  ")
	}
	w.WriteString("]\n}\n")
	return err
}

func writeJSONL(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	enc := newEncoder(w)
	var err error
	for _, rec := range recs {
		opts.each(rec.Commands, func(c, _ *Command) {
			if err == nil {
				err = enc.Encode(jsonOf(c, &rec, rec.Name))
			}
		})
	}
	return err
}
