package format

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Terminalizer is Terminalizer's YAML: a configuration, and records with a
// delay in milliseconds and text. The format has no input, resizes or exit
// status, and lost any invalid UTF-8. The reader takes one record at a time, in
// the layout that Terminalizer writes and its users edit: a list under
// "records:".
var Terminalizer = &Format{
	Name:   "terminalizer",
	Also:   []string{"yml"},
	Desc:   "Terminalizer's YAML",
	detect: isTerminalizer,
	read:   readTerminalizer,
	text:   true,
}

func isTerminalizer(prefix []byte) bool {
	config, records := false, false
	for line := range bytes.Lines(prefix) {
		switch line = bytes.TrimRight(line, "\r\n \t"); {
		case string(line) == "config:":
			config = true
		case string(line) == "records:":
			records = true
		case len(line) == 0 || line[0] == '#' || line[0] == ' ' || line[0] == '\t' || string(line) == "---":
		default:
			// Another key at the margin: some other YAML, or no
			// YAML. The last line may be cut off.
			return config && records
		}
	}
	return config
}

// terminalizerConfig is the part of the configuration that describes the
// recording. Numbers can be words ("auto"), so they are decoded one by one.
type terminalizerConfig struct {
	Config struct {
		Command     yaml.Node            `yaml:"command"`
		Cols        yaml.Node            `yaml:"cols"`
		Rows        yaml.Node            `yaml:"rows"`
		MaxIdleTime yaml.Node            `yaml:"maxIdleTime"`
		Env         map[string]yaml.Node `yaml:"env"`
		Theme       map[string]yaml.Node `yaml:"theme"`
	} `yaml:"config"`
}

type terminalizerDecoder struct {
	in     *input
	l      *lines
	indent int    // of the list's items; -1 before the first
	chunk  []byte // the current item
	from   int    // its line
	over   bool   // it is too long and is skipped
	now    time.Duration
	ended  bool
}

func readTerminalizer(in *input) (Cast, error) {
	d := &terminalizerDecoder{in: in, l: newLines(in), indent: -1}
	var head []byte
	for {
		line, ok := d.l.next()
		if !ok {
			if in.err != nil {
				return Cast{}, in.err
			}
			return Cast{}, in.syntaxError(d.l.no, errors.New("no records"))
		}
		if string(bytes.TrimRight(line, " \t")) == "records:" {
			break
		}
		if strings.HasPrefix(string(line), "records:") {
			d.ended = true // the line is "records: []"
			break
		}
		if head = append(append(head, line...), '\n'); len(head) > MaxHeader {
			return Cast{}, in.syntaxError(d.l.no, errors.New("the configuration is too long"))
		}
	}
	h := Header{}
	var c terminalizerConfig
	if err := yaml.Unmarshal(head, &c); err != nil {
		if !in.warn(1, "malformed configuration", err.Error()) {
			return Cast{}, in.err
		}
	}
	h.Command = yamlText(c.Config.Command)
	h.Size = sizeOf(int(yamlNumber(c.Config.Cols)), int(yamlNumber(c.Config.Rows)))
	if ms := yamlNumber(c.Config.MaxIdleTime); ms > 0 && ms < 1e9 {
		h.IdleLimit = time.Duration(ms * float64(time.Millisecond))
	}
	for name, node := range c.Config.Env {
		switch value := yamlText(node); {
		case name == "TERM":
			h.Term.Type = value
		case name != "recording": // the mark that Terminalizer puts there
			if h.Env == nil {
				h.Env = map[string]string{}
			}
			h.Env[name] = value
		}
	}
	h.Term.Theme = terminalizerTheme(c.Config.Theme)
	return in.cast(h, d), nil
}

func yamlText(n yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// yamlNumber returns the number in n; 0 for anything else, such as "auto".
func yamlNumber(n yaml.Node) float64 {
	var f float64
	if n.Kind != yaml.ScalarNode || n.Decode(&f) != nil || math.IsNaN(f) || math.Abs(f) > 1e12 {
		return 0
	}
	return f
}

// terminalizerTheme returns the theme if all its colours are of the form
// #rrggbb.
func terminalizerTheme(theme map[string]yaml.Node) *Theme {
	names := []string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}
	var t Theme
	var errs [2]error
	t.Fg, errs[0] = ParseRGB(yamlText(theme["foreground"]))
	t.Bg, errs[1] = ParseRGB(yamlText(theme["background"]))
	err := errors.Join(errs[:]...)
	for bright := range 2 {
		for _, name := range names {
			if bright == 1 {
				name = "bright" + strings.ToUpper(name[:1]) + name[1:]
			}
			c, e := ParseRGB(yamlText(theme[name]))
			t.Palette, err = append(t.Palette, c), errors.Join(err, e)
		}
	}
	if err != nil {
		return nil
	}
	return &t
}

func (d *terminalizerDecoder) next() (Event, bool) {
	for !d.ended && d.in.err == nil {
		line, ok := d.l.next()
		if !ok {
			d.ended = true
			if d.in.err != nil {
				break
			}
			if ev, ok := d.item(); ok {
				return ev, true
			}
			break
		}
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		blank := indent == len(line)
		begins := !blank && line[indent] == '-' && (len(line) == indent+1 || line[indent+1] == ' ')
		switch {
		case d.indent < 0 && begins:
			d.indent = indent
		case d.indent < 0:
			continue // a comment before the first
		case blank || indent > d.indent:
			d.add(line)
			continue
		case indent == d.indent && begins:
		default:
			if line[indent] == '#' && indent <= d.indent {
				continue
			}
			// Another key: the list has ended.
			d.ended = true
			return d.item()
		}
		ev, ok := d.item()
		d.from = d.l.no
		d.add(line)
		if ok {
			return ev, true
		}
	}
	return Event{}, false
}

// add adds a line to the current item.
func (d *terminalizerDecoder) add(line []byte) {
	if len(d.chunk)+len(line) > MaxLine {
		d.over = true
		return
	}
	d.chunk = append(append(d.chunk, line...), '\n')
}

// item decodes the current item.
func (d *terminalizerDecoder) item() (Event, bool) {
	chunk := d.chunk
	d.chunk = d.chunk[:0]
	if d.over {
		d.over = false
		d.in.warn(d.from, "record too long", "skipped")
		return Event{}, false
	}
	if len(chunk) == 0 {
		return Event{}, false
	}
	var records []struct {
		Delay   yaml.Node `yaml:"delay"`
		Content *string   `yaml:"content"`
	}
	err := yaml.Unmarshal(chunk, &records)
	if err != nil || len(records) != 1 || records[0].Content == nil {
		kind, detail := "not a record", quote(string(chunk))+"; skipped"
		if d.ended {
			kind = "cut off"
			d.l.cut = true
		}
		d.in.warn(d.from, kind, detail)
		return Event{}, false
	}
	ms := yamlNumber(records[0].Delay)
	if ms < 0 || ms > float64(maxTime/time.Millisecond) {
		if !d.in.warn(d.from, "time goes back", "a delay of "+quote(records[0].Delay.Value)+"; previous time used") {
			return Event{}, false
		}
		ms = 0
	}
	d.now = min(d.now+time.Duration(ms*float64(time.Millisecond)), maxTime)
	if *records[0].Content == "" {
		return Event{}, false
	}
	return Event{Time: d.now, Code: Output, Data: *records[0].Content}, true
}
