package transcript

import (
	"encoding/base64"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/vt"
)

// The marks of ttydeck's own shell integration; those of others are read too:
//
//	OSC 133 ; A ; aid=NONCE            the prompt begins; k=s or k=c for a continuation
//	OSC 133 ; B ; aid=NONCE            the prompt ends; from ksh93, B ; NNONCE
//	OSC 133 ; C ; aid=NONCE ; hn=N ; cmdline_url=TEXT
//	                                   the command starts: its history number (bash) and
//	                                   text; len=N instead of a text that is too long
//	OSC 133 ; D ; STATUS ; aid=NONCE ; hn=N ; cmdline_url=TEXT
//	                                   the command has ended; from a shell that has no mark C,
//	                                   with the text. Without STATUS, nothing was run
//	OSC 133 ; W ; aid=NONCE ; why=TEXT no statuses will follow
//	OSC 7 ; file://HOST/PATH           the directory; ours without the host
//
// NONCE is in the header, see [format.Header.Nonce]. TEXT and PATH have at least
// "%", ";" and control characters written as %XX. cmdline_url comes last, as does
// kitty's cmdline=, whose text may hold a bare ";". hn tells that TEXT is from the
// shell's history, where lines may be joined.

type markKind uint8

const (
	markNone     markKind = iota
	markPrompt            // a prompt begins
	markContinue          // a continuation prompt begins
	markInput             // the prompt ends, input begins
	markRun               // the command starts
	markText              // the command's text, before markRun
	markEnd               // the command has ended
	markDir
	markHost
	markReady // 777;precmd: a prompt will follow
	markNote  // no statuses will follow
)

type mark struct {
	kind markKind
	text string // the directory, the host, the reason of markNote
	// long: the command's text is too long to be reported.
	long bool
	// reported is the command: from FromHook as it was typed, else fromHistory.
	// Text with a number (hn=) comes from the shell's history.
	reported fact[string]
	number   string // of the command in the shell's history
	exit     fact[int]
	aid      string
	context  string // 3008: the context that begins or ends
	host     string // of the directory
}

// readMark reads an OSC sequence; markNone if it is no mark.
func readMark(m vt.Mark) mark {
	switch m.Code {
	case 133:
		return readSemantic(m.Data)
	case 633:
		return readCode(m.Data)
	case 7:
		return readDir(m.Data)
	case 9:
		if dir, ok := strings.CutPrefix(m.Data, "9;"); ok {
			return mark{kind: markDir, text: strings.Trim(dir, `"`)}
		}
	case 1337:
		return readITerm(m.Data)
	case 777:
		return readVTE(m.Data)
	case 3008:
		return readContext(m.Data)
	}
	return mark{}
}

func readSemantic(data string) mark {
	letter, rest, _ := strings.Cut(data, ";")
	var mk mark
	first, numbered := true, false
	for rest != "" {
		var field string
		if strings.HasPrefix(rest, "cmdline=") { // its text may hold ";"
			field, rest = rest, ""
		} else {
			field, rest, _ = strings.Cut(rest, ";")
		}
		key, value, isOption := strings.Cut(field, "=")
		switch {
		case !isOption && len(field) > 1 && field[0] == 'N': // see startKsh in record/shellint
			mk.aid = field[1:]
		case !isOption && first && letter == "D":
			if n, err := strconv.Atoi(field); err == nil {
				mk.exit = fact[int]{n, FromMarks}
			}
		case key == "aid":
			mk.aid = value
		case key == "k":
			switch value {
			case "s", "c":
				mk.kind = markContinue
			case "r":
				return mark{}
			}
		case key == "cmdline_url":
			if text, err := url.PathUnescape(value); err == nil {
				mk.reported = fact[string]{text, FromHook}
			}
		case key == "len":
			mk.long = true
		case key == "why" && letter == "W":
			if why, err := url.PathUnescape(value); err == nil {
				mk.text = why
			}
		case key == "hn":
			numbered = true
			mk.number = value
		case key == "cmdline":
			mk.reported = fact[string]{unquoteShell(value), fromHistory}
		}
		first = false
	}
	if numbered && mk.reported.known() {
		mk.reported.from = fromHistory
	}
	continues := mk.kind == markContinue
	switch letter {
	case "A", "P", "N":
		mk.kind = markPrompt
		if continues {
			mk.kind = markContinue
		}
	case "B", "I":
		mk.kind = markInput
	case "C":
		mk.kind = markRun
	case "D":
		mk.kind = markEnd
	case "W":
		mk.kind = markNote
	default:
		return mark{}
	}
	return mk
}

// unquoteShell undoes the quoting of bash's printf %q.
func unquoteShell(s string) string {
	if quoted, ok := strings.CutPrefix(s, "$'"); ok {
		quoted = strings.TrimSuffix(quoted, "'")
		var b strings.Builder
		for i := 0; i < len(quoted); i++ {
			if quoted[i] != '\\' || i+1 == len(quoted) {
				b.WriteByte(quoted[i])
				continue
			}
			i++
			switch quoted[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'E', 'e':
				b.WriteByte(0x1b)
			default:
				b.WriteByte(quoted[i])
			}
		}
		return b.String()
	}
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], `'\''`, "'")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// readCode reads the marks of VS Code.
func readCode(data string) mark {
	letter, rest, _ := strings.Cut(data, ";")
	switch letter {
	case "A":
		return mark{kind: markPrompt}
	case "B":
		return mark{kind: markInput}
	case "C":
		return mark{kind: markRun}
	case "D":
		mk := mark{kind: markEnd}
		if n, err := strconv.Atoi(rest); err == nil {
			mk.exit = fact[int]{n, FromMarks}
		}
		return mk
	case "F":
		return mark{kind: markContinue}
	case "E":
		text, _, _ := strings.Cut(rest, ";")
		return mark{kind: markText, reported: fact[string]{unescapeHex(text), fromHistory}}
	case "P":
		if dir, ok := strings.CutPrefix(rest, "Cwd="); ok {
			return mark{kind: markDir, text: unescapeHex(dir)}
		}
	}
	return mark{}
}

// unescapeHex undoes \\ and \xHH.
func unescapeHex(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func readDir(data string) mark {
	if rest, ok := strings.CutPrefix(data, "kitty-shell-cwd://"); ok {
		host, dir, _ := strings.Cut(rest, "/")
		return mark{kind: markDir, text: "/" + dir, host: host}
	}
	rest, ok := strings.CutPrefix(data, "file://")
	if !ok {
		return mark{}
	}
	host, dir, _ := strings.Cut(rest, "/")
	dir = "/" + dir
	if text, err := url.PathUnescape(dir); err == nil {
		dir = text
	}
	return mark{kind: markDir, text: path.Clean(dir), host: host}
}

func readITerm(data string) mark {
	key, value, _ := strings.Cut(data, "=")
	switch key {
	case "CurrentDir":
		return mark{kind: markDir, text: value}
	case "RemoteHost":
		_, host, _ := strings.Cut(value, "@")
		return mark{kind: markHost, text: host}
	case "SetUserVar":
		// wezterm reports the command in this way, after it was started. Text
		// of 57 bytes and more is lost: base64 wraps it.
		name, encoded, _ := strings.Cut(value, "=")
		if name == "WEZTERM_PROG" {
			if text, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(text) > 0 && len(text) < 57 {
				return mark{kind: markText, reported: fact[string]{string(text), fromHistory}}
			}
		}
	}
	return mark{}
}

// readVTE reads the marks that Fedora's shells sent until 2020.
func readVTE(data string) mark {
	switch {
	case data == "precmd":
		return mark{kind: markReady}
	case data == "preexec":
		return mark{}
	}
	return mark{}
}

// readContext reads systemd's contexts; see https://uapi-group.org/specifications/specs/osc_context/.
func readContext(data string) mark {
	what, rest, _ := strings.Cut(data, ";")
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(field, "=")
		fields[key] = unescapeHex(value)
	}
	_, id, _ := strings.Cut(what, "=")
	switch {
	case strings.HasPrefix(what, "start=") && fields["type"] == "command":
		mk := mark{kind: markRun, context: id}
		if text := fields["cmdline"]; text != "" {
			mk.reported = fact[string]{text, fromHistory}
		}
		return mk
	case strings.HasPrefix(what, "start=") && fields["type"] == "shell":
		if dir := fields["cwd"]; dir != "" {
			return mark{kind: markDir, text: dir, host: fields["hostname"]}
		}
	case strings.HasPrefix(what, "end="):
		mk := mark{kind: markEnd, context: id}
		switch status, err := strconv.Atoi(fields["status"]); {
		case err == nil:
			mk.exit = fact[int]{status, FromMarks}
		case fields["exit"] == "success":
			mk.exit = fact[int]{0, FromMarks}
		case fields["signal"] != "":
			// The profile script of systemd takes every status from 127 on
			// for a signal, and sends the difference.
			if n, err := strconv.Atoi(fields["signal"]); err == nil {
				mk.exit = fact[int]{127 + n, FromMarks}
			}
		}
		return mk
	}
	return mark{}
}
