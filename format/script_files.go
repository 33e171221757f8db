package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// scriptFiles finds the files of a recording by script.
type scriptFiles struct {
	in               *input
	timing, out, log string // paths: of the timing, the output, and the input if it has a file of its own
	info             timingInfo
	line             string // the session's own first line, if fit found it
}

// timingInfo is the result of a first pass over a timing file.
type timingInfo struct {
	advanced bool
	out, in  int64 // bytes of output, and of input
	header   map[string]string
}

// scanTiming reads a timing file once, to its end.
func (in *input) scanTiming(path string) (timingInfo, bool) {
	info := timingInfo{header: map[string]string{}}
	f, err := os.Open(path)
	if err != nil {
		return info, false
	}
	defer f.Close()
	r, _, err := unwrap(f, func(error) {})
	if err != nil {
		return info, false
	}
	l := newLines(&input{r: r})
	for {
		line, ok := l.next()
		if !ok {
			return info, l.no > 0
		}
		if n, ok := lastNumber(line); ok && !l.torn {
			info.out += n // the usual line: its delay is not parsed here
			continue
		}
		e, ok := parseTiming(line)
		if !ok || l.torn {
			continue
		}
		if l.no == 1 {
			info.advanced = line[0] >= 'A'
		}
		switch e.kind {
		case 'O':
			info.out += e.n
		case 'I':
			info.in += e.n
		case 'H':
			if name, value := headerValue(e.rest); len(info.header) < 64 && len(value) < maxTypescriptLine {
				info.header[name] = value
			}
		}
	}
}

// lastNumber parses the number of bytes in a line of output, "DELAY BYTES".
func lastNumber(line []byte) (int64, bool) {
	n, unit := int64(0), int64(1)
	i := len(line) - 1
	for ; i > 0 && line[i]-'0' <= 9 && unit < 1e15; i-- {
		n += int64(line[i]-'0') * unit
		unit *= 10
	}
	return n, i > 0 && i < len(line)-1 && line[i] == ' ' && line[0]-'0' <= 9
}

// hasTiming reports whether a file of no known format is a typescript: one
// without a first line, or with an old first line in some language, and a
// timing file beside it.
func (in *input) hasTiming() bool {
	if in.path == "" {
		return false
	}
	s := &scriptFiles{in: in}
	return s.byData(in.path, in.timing)
}

// byTiming finds the logs of the timing file at path.
func (s *scriptFiles) byTiming(path string) error {
	s.timing = path
	s.info, _ = s.in.scanTiming(path)
	dir := filepath.Dir(path)
	s.out, s.log = s.named("OUTPUT_LOG"), s.named("INPUT_LOG")
	if s.in.inputLog != "" {
		s.log = s.in.inputLog
	}
	if s.out != "" || s.info.advanced && s.info.out == 0 && s.log != "" {
		return nil
	}
	var named []string
	base := filepath.Base(path)
	for _, ext := range timingExt {
		if stem, ok := strings.CutSuffix(base, ext); ok && stem != "" {
			named = append(named, stem, stem+".typescript", stem+".log", stem+".script")
		}
	}
	named = append(named, "typescript")
	for _, name := range s.candidates(dir, named) {
		if at := filepath.Join(dir, name); at != path && !isTiming(headOf(at)) {
			if _, ok := s.fit(at); ok {
				s.out = at
				return nil
			}
		}
	}
	for _, name := range named {
		if at := filepath.Join(dir, name); at != path && isTypescript(headOf(at)) {
			s.out = at
			return nil
		}
	}
	return s.in.syntaxError(0, errors.New("this is a timing file, and there is no matching typescript next to it"))
}

// named returns the path of the log with the name in the timing's header; "" if
// it does not exist. Only the last part of the name counts: a recording must
// not make the reader open files elsewhere.
func (s *scriptFiles) named(key string) string {
	name := filepath.Base(s.info.header[key])
	if name == "." || name == ".." || name == string(filepath.Separator) {
		return ""
	}
	for _, ext := range []string{"", ".gz", ".zst", ".xz", ".bz2"} {
		path := filepath.Join(filepath.Dir(s.timing), name+ext)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

var timingExt = []string{".timing", ".tm", ".time", ".times"}

// byData finds the timing of the log at path, which is output or input, and
// reports whether it found one that matches. timing is its path if the user
// named it.
func (s *scriptFiles) byData(path, timing string) bool {
	if timing != "" {
		s.info, _ = s.in.scanTiming(timing)
		s.useTiming(timing, path)
		return true
	}
	dir, base := filepath.Split(path)
	stem := strings.TrimSuffix(base, CompressionByFileName(base).Ext())
	stem = strings.TrimSuffix(stem, filepath.Ext(stem))
	var named []string
	for _, ext := range timingExt {
		named = append(named, base+ext, stem+ext)
	}
	named = append(named, "timing", "timing.log", "timingfile")
	exact := ""
	for _, name := range s.candidates(dir, named) {
		at := filepath.Join(dir, name)
		if name == base {
			continue
		}
		if head := headOf(at); !isTiming(head) {
			if len(head) == 0 && name == base+timingSuffix {
				exact = at // for a session without output
			}
			continue
		}
		info, ok := s.in.scanTiming(at)
		if !ok {
			continue
		}
		s.info = info
		_, fits := s.fit(path)
		isIn := filepath.Base(info.header["INPUT_LOG"]) == base
		isOut := filepath.Base(info.header["OUTPUT_LOG"]) == base
		if fits || isIn || isOut {
			s.useTiming(at, path)
			return true
		}
		if exact == "" && (strings.HasPrefix(name, base+".") || name == stem+".timing") {
			exact = at
		}
	}
	if exact != "" {
		// It may be damaged, but its name matches.
		s.info, _ = s.in.scanTiming(exact)
		s.useTiming(exact, path)
		return true
	}
	return false
}

// useTiming sets timing, which s.info describes, as the timing of the log at
// path.
func (s *scriptFiles) useTiming(timing, path string) {
	s.timing = timing
	s.out, s.log = s.named("OUTPUT_LOG"), s.named("INPUT_LOG")
	if s.in.inputLog != "" {
		s.log = s.in.inputLog
	}
	if path != s.out && filepath.Base(path) != filepath.Base(s.log) {
		s.out = path
	}
}

// candidates returns the names to try in a directory: first the ones in first,
// then all others, unless there are too many.
func (s *scriptFiles) candidates(dir string, first []string) []string {
	const most = 256
	if dir == "" {
		dir = "."
	}
	names := namesIn(dir)
	var list []string
	for _, name := range first {
		if slices.Contains(names, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(names) > most {
		return list
	}
	for _, name := range names {
		if !slices.Contains(first, name) {
			list = append(list, name)
		}
	}
	return list
}

// sum returns how many bytes the timing covers in the log at path, which also
// holds the input if both have the same name.
func (s *scriptFiles) sum(isOut bool) int64 {
	h := s.info.header
	switch {
	case h["OUTPUT_LOG"] != "" && h["OUTPUT_LOG"] == h["INPUT_LOG"]:
		return s.info.out + s.info.in
	case isOut:
		return s.info.out
	}
	return s.info.in
}

// fit finds, by its length, the session in the output log at path that the
// timing covers, and returns the offset of its first byte. A log that was
// appended to has several sessions; its timing covers only one of them, the
// last.
func (s *scriptFiles) fit(path string) (offset int64, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil || !stat.Mode().IsRegular() {
		return 0, false
	}
	size, sum := stat.Size(), s.sum(true)
	if sum <= 0 {
		return 0, false
	}
	if head := make([]byte, 16); CompressionByFileName(path) != Uncompressed {
		if n, _ := f.ReadAt(head, 0); sniffCompression(bufio.NewReader(bytes.NewReader(head[:n]))) != Uncompressed {
			return s.fitCompressed(f, sum)
		}
	}
	if size < sum {
		return 0, false
	}
	if size == sum {
		return 0, true // without a first line, as busybox writes it
	}
	first, found, at := "", false, int64(0)
	start := s.info.header["START_TIME"]
	br := bufio.NewReaderSize(f, sniffLen)
	for no := 0; ; no++ {
		line, err := br.ReadSlice('\n')
		text := strings.TrimSuffix(string(line[:min(len(line), maxTypescriptLine)]), "\n")
		if no == 0 {
			first = text
			if err != nil {
				return 0, false
			}
		}
		at += int64(len(line))
		if at+sum > size {
			return offset, found
		}
		if no == 0 || isFirstLine(text, first) {
			if fits, last := endsWell(f, at+sum, size, first); fits {
				// Of several matches, take the one that began
				// at the timing's start time, or else the last.
				offset, found, s.line = at, true, text
				if last || start != "" && strings.Contains(text, start) {
					return offset, true
				}
			}
		}
		if no == 0 && !isTypescriptLine(text) || err != nil && err != bufio.ErrBufferFull {
			return offset, found
		}
	}
}

// fitCompressed is fit for a compressed log, which can only be read from its
// beginning. It assumes that the log has one session.
func (s *scriptFiles) fitCompressed(f io.Reader, sum int64) (offset int64, ok bool) {
	r, _, err := unwrap(f, func(error) {})
	if err != nil {
		return 0, false
	}
	line, err := peekLine(r)
	size, _ := io.Copy(io.Discard, r)
	if size == sum {
		return 0, true
	}
	offset = int64(len(line) + 1)
	rest := size - sum - offset
	s.line = line
	return offset, err == nil && rest >= 0 && rest <= maxTrailer
}

// endsWell reports whether a session's output can end at that offset, and
// whether only its last line follows.
func endsWell(f io.ReaderAt, at, size int64, first string) (ok, last bool) {
	if at == size {
		return true, true
	}
	rest := make([]byte, min(maxTrailer, size-at))
	if _, err := f.ReadAt(rest, at); err != nil && err != io.EOF {
		return false, false
	}
	_, later, ok := afterOutput(rest, first)
	return ok, !later
}

// open opens the recording from the files that were found.
func (s *scriptFiles) open() (Cast, error) {
	in := s.in
	if !s.info.advanced {
		in.variant = "script-classic"
	}
	r, err := in.beside(s.timing)
	if err != nil {
		return Cast{}, err
	}
	if in.recordingOf(s.timing) {
		return Cast{}, in.syntaxError(0, errors.New("the timing file is the typescript itself"))
	}
	for _, path := range []string{s.out, s.timing, s.log} {
		if path != "" && !slices.Contains(in.parts, path) {
			in.parts = append(in.parts, path)
		}
	}
	h := Header{}
	d := &scriptDecoder{in: in, shift: in.legacyShift}
	if s.out != "" {
		if d.out, err = s.openLog(s.out, &h, true); err != nil {
			return Cast{}, err
		}
	}
	switch {
	case s.log == "" && s.info.in > 0:
		in.warn(0, "input log is missing", quote(s.info.header["INPUT_LOG"])+": input skipped")
	case s.log == s.out:
		d.ip = d.out
	case s.log != "":
		if d.ip, err = s.openLog(s.log, &h, false); err != nil {
			return Cast{}, err
		}
	}
	if d.out == nil && s.info.out > 0 {
		return Cast{}, in.syntaxError(0, fmt.Errorf("the output log %s is missing", quote(s.info.header["OUTPUT_LOG"])))
	}
	s.headerLines(&h)
	_, d.hasExit = s.info.header["EXIT_CODE"]
	timing := &input{options: in.options, format: in.format, r: r}
	timing.name = s.timing
	d.timing = newLines(timing)
	cast := in.cast(h, d)
	return cast, in.err
}

// recordingOf reports whether the timing file is the log itself.
func (in *input) recordingOf(timing string) bool {
	a, err1 := os.Stat(timing)
	b, err2 := os.Stat(in.path)
	return err1 == nil && err2 == nil && in.timing != "" && os.SameFile(a, b)
}

// openLog opens a log and skips its first line.
func (s *scriptFiles) openLog(path string, h *Header, isOut bool) (*logReader, error) {
	offset, fits := int64(0), false
	if isOut {
		offset, fits = s.fit(path)
	}
	r, err := s.in.beside(path)
	if err != nil {
		return nil, err
	}
	line, err := peekLine(r)
	if !fits {
		// scriptreplay skips a line too, whatever it holds; but a log
		// without one begins with its first byte.
		offset = int64(len(line) + 1)
		if stat, statErr := os.Stat(path); err != nil || statErr == nil && stat.Size() == s.sum(isOut) && !isTypescriptLine(line) {
			offset = 0
		}
	}
	if err == nil && offset > 0 {
		if int64(len(line)+1) != offset {
			s.in.note("several sessions in the typescript", fmt.Sprintf("the timing covers the one at byte %d; those before it are skipped", offset))
			if _, err := io.CopyN(io.Discard, r, offset-1); err != nil {
				return nil, err
			}
			r.Discard(1)
		} else {
			r.Discard(int(offset))
		}
		if isOut {
			if fits && s.line != "" {
				typescriptLine(s.line, h)
			} else {
				typescriptLine(line, h)
			}
		}
	}
	return &logReader{r: r, first: line}, nil
}

// headerLines reads the header lines of the timing.
func (s *scriptFiles) headerLines(h *Header) {
	get := func(name string) string { return s.info.header[name] }
	if t, ok := scriptTime(get("START_TIME")); ok {
		h.Start = t
	}
	if v := get("TERM"); v != "" {
		h.Term.Type = v
	}
	if v := get("COMMAND"); v != "" {
		h.Command = v
	}
	cols, ok1 := parseSide(get("COLUMNS"))
	rows, ok2 := parseSide(get("LINES"))
	if ok1 && ok2 {
		h.Size = Size{cols, rows}
	}
}
