package format

import "fmt"

// Limits of what readers take from a recording. What is longer is passed over
// with a warning, not kept in memory.
const (
	// MaxLine is the longest line of a text format, in bytes.
	MaxLine = 16 << 20
	// MaxHeader is the longest header, in bytes.
	MaxHeader = 1 << 20
	// MaxV1 is the longest asciicast v1 file, in bytes: it is one JSON object,
	// whose header may stand behind its events.
	MaxV1 = 256 << 20
)

// An Option changes how [Open] and [OpenFile] read.
type Option func(*options)

type options struct {
	name   string
	as     *Format
	strict bool
	warn   func(Warning)
	codecOptions
}

// Name is the name that warnings and errors give for the input; [OpenFile]
// sets it to its path.
func Name(name string) Option { return func(o *options) { o.name = name } }

// As makes f the input's format, whatever its content looks like.
func As(f *Format) Option { return func(o *options) { o.as = f } }

// Strict makes the first thing that a reader would warn of an error.
func Strict() Option { return func(o *options) { o.strict = true } }

// OnWarning calls warn, on the goroutine that reads, for each thing that the
// reader tolerates.
func OnWarning(warn func(Warning)) Option { return func(o *options) { o.warn = warn } }

// Warning is something in the input that the reader tolerated.
type Warning struct {
	Name string // of the input; may be empty
	Line int    // counted from 1; 0 if the format has no lines
	// Kind is the warning without its particulars, such as "time goes back";
	// a file that has one of a kind often has hundreds.
	Kind string
	// Detail is the rest, for this line: what was found, what was done.
	Detail string
	// Notice says that nothing is wrong: it tells what the reader assumed,
	// such as a size inferred from the content. [Strict] passes it over.
	Notice bool
}

// String gives "name: line 7: kind: detail".
func (w Warning) String() string {
	s := w.Kind
	if w.Detail != "" {
		s += ": " + w.Detail
	}
	return position(w.Name, w.Line) + s
}

// SyntaxError is input that is not what its format demands.
type SyntaxError struct {
	Name   string // of the input; may be empty
	Format string // such as "asciicast-v2"; empty if unknown
	Line   int    // counted from 1; 0 if the format has no lines
	Err    error
}

func (e *SyntaxError) Error() string {
	s := position(e.Name, e.Line)
	if e.Format != "" {
		s = s + e.Format + ": "
	}
	return s + e.Err.Error()
}

// Unwrap gives Err, such as [io.ErrUnexpectedEOF] for a recording cut short.
func (e *SyntaxError) Unwrap() error { return e.Err }

func position(name string, line int) string {
	s := ""
	if name != "" {
		s = name + ": "
	}
	if line > 0 {
		s += fmt.Sprintf("line %d: ", line)
	}
	return s
}
