package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

func formatsCommand(e *env) *command {
	var asJSON bool
	return &command{
		name:     "formats",
		purpose:  "list the recording formats",
		examples: []string{"ttydeck formats"},
		about: `Lists the formats that ttydeck reads or writes, each with its name for --format and --input-format,
its file extensions, and what a recording loses when it is written in that format.`,
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
	Name        string   `json:"name"`
	Also        []string `json:"also"`
	Extensions  []string `json:"extensions"`
	Description string   `json:"description"`
	Read        bool     `json:"read"`
	Write       bool     `json:"write"`
	Layout      string   `json:"layout"`
	Loses       string   `json:"loses,omitempty"`
}

func runFormats(e *env, asJSON bool) error {
	t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(t, "FORMAT\tREAD\tWRITE\tEXTENSIONS\tDESCRIPTION\tLOSES")
	}
	for _, f := range allFormats() {
		row := formatInfo{Name: f.Name, Also: append([]string{}, f.Also...), Extensions: append([]string{}, f.Ext...),
			Description: f.Desc, Read: f.CanRead(), Write: f.CanWrite(), Layout: f.Layout().String()}
		if row.Write {
			row.Loses = f.Loses
		}
		if asJSON {
			if err := json.NewEncoder(e.out).Encode(row); err != nil {
				return err
			}
			continue
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
