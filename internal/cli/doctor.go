package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/record/observe"
	"github.com/ttydeck/ttydeck/record/sessions"
)

func doctorCommand(e *env) *command {
	var asJSON bool
	return &command{
		name:     "doctor",
		purpose:  "check what this host allows",
		examples: []string{"ttydeck doctor"},
		about: `Checks what other commands need: pseudo-terminals (rec), the list of sessions (ps), and each method
of observe. Reports whether each works here and, if not, what would help.`,
		flags: []group{{"Output", []*flag{jsonFlag(&asJSON)}}},
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			return runDoctor(ctx, e, asJSON)
		},
	}
}

// checkInfo is the output of doctor --json for a check.
type checkInfo struct {
	Command string `json:"command"`
	Check   string `json:"check"`
	OK      bool   `json:"ok"`
	Detail  string `json:"detail"`
}

func runDoctor(ctx context.Context, e *env, asJSON bool) error {
	checks := []checkInfo{checkPTY(), checkSessions()}
	for _, c := range observe.Checks(ctx) {
		checks = append(checks, checkInfo{"observe", c.Name, c.OK, c.Detail})
	}
	if asJSON {
		enc := json.NewEncoder(e.out)
		for _, c := range checks {
			if err := enc.Encode(c); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		ok := "yes"
		if !c.OK {
			ok = "no"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Command, c.Check, ok, printable(c.Detail))
	}
	return t.Flush()
}

func checkPTY() checkInfo {
	c := checkInfo{Command: "rec", Check: "pseudo-terminals"}
	master, slave, err := tty.OpenPTY(tty.Size{Cols: 80, Rows: 24})
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK, c.Detail = true, "can be opened"
	slave.Close()
	master.Close()
	return c
}

func checkSessions() checkInfo {
	c := checkInfo{Command: "ps", Check: "sessions"}
	list, err := sessions.List()
	if err != nil {
		c.Detail = err.Error()
		return c
	}
	c.OK, c.Detail = true, fmt.Sprintf("%d found", len(list.Sessions))
	if list.Missing != "" {
		c.Detail += "; " + list.Missing
	}
	return c
}
