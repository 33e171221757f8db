package format

import "fmt"

// Limits of what readers take from a recording. They skip anything longer with
// a warning, and do not keep it in memory.
const (
	// MaxLine is the longest line of a text format, in bytes.
	MaxLine = 16 << 20
	// MaxHeader is the longest header, in bytes.
	MaxHeader = 1 << 20
	// MaxV1 is the longest asciicast v1 file, in bytes: one JSON object,
	// whose header may come after its events.
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

// Name sets the name of the input in warnings and errors. [OpenFile] uses its
// path.
func Name(name string) Option { return func(o *options) { o.name = name } }

// As reads the input as format f, whatever its content looks like.
func As(f *Format) Option { return func(o *options) { o.as = f } }

// Strict turns the first warning of a reader into an error. Notices are
// ignored.
func Strict() Option { return func(o *options) { o.strict = true } }

// OnWarning calls warn for each thing that the reader tolerates, on the
// goroutine that reads.
func OnWarning(warn func(Warning)) Option { return func(o *options) { o.warn = warn } }

// Warning describes something in the input that the reader tolerated.
type Warning struct {
	Name string // of the input; may be empty
	Line int    // counted from 1; 0 if the format has no lines
	// Kind is the sort of the warning, such as "time goes back"; a file
	// with one of a kind often has hundreds.
	Kind string
	// Detail describes this case: what was found and what the reader did.
	Detail string
	// Notice reports that nothing is wrong: the warning describes an
	// assumption, such as a size inferred from the content. [Strict]
	// ignores it.
	Notice bool
}

// String returns "name: line 7: kind: detail".
func (w Warning) String() string {
	s := w.Kind
	if w.Detail != "" {
		s += ": " + w.Detail
	}
	return position(w.Name, w.Line) + s
}

// SyntaxError reports input that its format does not allow.
type SyntaxError struct {
	Name   string // of the input; may be empty
	Format string // such as "asciicast-v2"; empty if unknown
	Line   int    // counted from 1; 0 if the format has no lines
	Err    error  // the fault
}

// Error returns "name: line 7: format: fault".
func (e *SyntaxError) Error() string {
	s := position(e.Name, e.Line)
	if e.Format != "" {
		s = s + e.Format + ": "
	}
	return s + e.Err.Error()
}

// Unwrap returns Err, such as [io.ErrUnexpectedEOF] for a recording cut short.
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
