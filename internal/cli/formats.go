package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
)

func formatsCommand(e *env) *command {
	var asJSON bool
	return &command{
		name:     "formats",
		purpose:  "list the recording formats",
		examples: []string{"ttydeck formats"},
		about: `Lists the formats that ttydeck reads or writes, each with its name for --format and --input-format,
its file extensions, and what a recording loses when it is written in that format. The formats of
ttydeck transcript follow.`,
		flags: []group{{"Output", []*flag{jsonFlag(&asJSON)}}},
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			return runFormats(e, asJSON)
		},
	}
}

// formatInfo is a row of the table, and the output of formats --json.
type formatInfo struct {
	Name        string         `json:"name"`
	Also        []string       `json:"also"`
	Extensions  []string       `json:"extensions"`
	Description string         `json:"description"`
	Read        bool           `json:"read"`
	Write       bool           `json:"write"`
	Layout      string         `json:"layout"`
	Loses       string         `json:"loses,omitempty"`
	Kind        convert.Kind   `json:"kind"`
	Needs       []convert.Need `json:"needs,omitempty"`
}

// formatInfos returns a row for each format that can be read, and for each target.
func formatInfos() (rows []formatInfo) {
	row := func(t *convert.Target, f *format.Format) {
		info := formatInfo{Name: t.Name, Also: append([]string{}, t.Also...), Extensions: append([]string{}, t.Ext...),
			Description: t.Desc, Write: true, Layout: format.OneFile.String(), Loses: t.Loses, Kind: t.Kind, Needs: t.Needs}
		if f != nil {
			info.Read, info.Write, info.Layout = f.CanRead(), f.CanWrite(), f.Layout().String()
		}
		rows = append(rows, info)
	}
	for _, f := range format.Formats {
		t := convert.Targets.ByFormat(f)
		if t == nil { // it can only be read
			t = &convert.Target{Name: f.Name, Also: f.Also, Ext: f.Ext, Desc: f.Desc, Kind: convert.KindRecording}
		}
		row(t, f)
	}
	for _, t := range convert.Targets {
		if t.Kind != convert.KindRecording {
			row(t, t.Format)
		}
	}
	return rows
}

func runFormats(e *env, asJSON bool) error {
	t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	const head = "FORMAT\tREAD\tWRITE\tEXTENSIONS\tDESCRIPTION\tLOSES\n"
	if !asJSON {
		fmt.Fprint(t, head)
	}
	styles := false // the rows are formats of transcripts
	for _, row := range formatInfos() {
		if asJSON {
			if err := json.NewEncoder(e.out).Encode(row); err != nil {
				return err
			}
			continue
		}
		if row.Kind == convert.KindTranscript && !styles {
			styles = true
			t.Flush()
			fmt.Fprint(e.out, "\nFormats of ttydeck transcript:\n")
			fmt.Fprint(t, head)
		}
		loses := row.Loses
		switch {
		case !row.Write:
			loses = "-"
		case loses == "":
			loses = "nothing"
		}
		extensions := "-"
		if len(row.Extensions) > 0 {
			extensions = strings.Join(row.Extensions, " ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", row.Name, yes(row.Read), yes(row.Write), extensions, row.Description, loses)
	}
	return t.Flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
