//go:build linux

package cli

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unicode"

	"github.com/coder/websocket"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/vt"
)

// mean lists output that makes a terminal do more than show text.
var mean = []string{
	"\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]52;c;?\x1b\\", "\x1b]0;PWNED\x07", "\x1b]2;PWNED\x1b\\", "\x1bkPWNED\x1b\\",
	"\x1b]8;;file:///etc/passwd\x1b\\link\x1b]8;;\x1b\\", "\x1b]9;evil\x07", "\x1b]777;notify;a;b\x07", "\x1b]1337;CopyToClipboard=\x07",
	"\x1b]4;1;#000000\x07\x1b]10;#000000\x07\x1b]11;?\x07", "\x1bP$qm\x1b\\", "\x1bP1;1|17/63616c\x1b\\", "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
	"\x1b_Ga=T,f=100,t=f;L2V0Yy9wYXNzd2Q=\x1b\\", "\x1b^x\x1b\\\x1bXx\x1b\\", "\u009b21t", "\u009d0;x\u009c", "\u009d52;c;eA==\u009c", "\u0090q\u009c",
	"\x9b21t\x9d0;x\x9c", "\x1b[21t\x1b[c\x1b[>c\x1b[6n\x1b[>q\x1bZ\x05", "\x1b[5isecret\x1b[4i", "\x1b[?1004h\x1b[?1003h\x1b[?1006h\x1b[?9h",
	"\x1b[>1u\x1b[=31u\x1b[>4;2m", "\x1b[8;500;500t\x1b[3;0;0t\x1b[22;0t", "\x1b[?1049h\x1b[?5h\x1b[?3h\x1b[?7l\x1b[4h\x1b[?69h\x1b[?2031h\x1b[?2048h",
	"\x1b[?1049l\x1b[4l\x1b[?7h", "abc\u202edef\u2066ghi\u2069\u200f", "\x1b(0lqk\x1b(B\x0e\x0f", "\x1bc", "\x1b#8", "\x07\x07", "\x1b[201~", "\x18\x1a",
}

// onlyDrawn matches the output of play's painter, and the modes that change the
// bytes of keys.
var onlyDrawn = regexp.MustCompile(`^(?:[^\x00-\x1f\x7f-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]|` +
	`\x1b\[(?:[0-9;:]*m|[0-9;]*H|2J|K|[0-9]+[ST]|[0-9;]*r|\?25[hl]|\?2026[hl]|[0-6] q)|\x1b\[\?(?:1|2004)[hl]|\x1b[=>])*$`)

// startStranger serves f as a user's session of that name, at a socket that the
// user owns.
func startStranger(t *testing.T, uid int, name string, f http.HandlerFunc) {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "ttydeck-"+strconv.Itoa(uid))
	made := make(chan error)
	var l net.Listener
	go func() {
		// This thread takes the user's ID, and ends with the goroutine.
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			made <- errno
			return
		}
		err := os.MkdirAll(dir, 0o700)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".lock"), nil, 0o600)
		}
		if err == nil {
			l, err = net.Listen("unix", filepath.Join(dir, name+".sock"))
		}
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

// meanState returns a State whose texts all hold mean.
func meanState() live.State {
	text := meanText()
	return live.State{Name: text, User: text, PID: 1, Process: 1, Command: []string{"vi", text, "\n\r\t\n"}, Dir: text, File: "/f" + text, Fault: text, Cols: 80, Rows: 24}
}

func meanText() string { return "abc\u202edef\u009d0;x" + strings.Join(mean, "") }

func answer(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) }

// meanSession is a session for a terminal to attach to.
type meanSession struct {
	protocol string   // of its messages; empty: those before ttydeck.v2
	frames   chan any // each a meanMessage, or a string: output, or what draws the screen of a message before
	mu       sync.Mutex
	typed    string // guarded by mu
}

// meanMessage is a message on the wire.
type meanMessage struct {
	Kind string `json:"kind"`
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
	Lost int64  `json:"lost"`
	US   int64  `json:"us"`
}

func (s *meanSession) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/attach") {
		answer(w, meanState())
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{s.protocol}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	go func() {
		for {
			kind, data, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if kind == websocket.MessageBinary {
				s.mu.Lock()
				s.typed += string(data)
				s.mu.Unlock()
			}
		}
	}()
	screen := false // the next string draws a screen
	for f := range s.frames {
		kind, data := websocket.MessageBinary, []byte(nil)
		switch f := f.(type) {
		case string:
			data = []byte(f)
			if s.protocol != "" && !screen {
				data = meanEvents(f)
			}
			screen = false
		case meanMessage:
			screen = f.Kind == "screen"
			if s.protocol != "" && f.Kind == "size" {
				data = meanEvent('r', fmt.Sprintf("%dx%d", f.Cols, f.Rows))
				break
			}
			kind = websocket.MessageText
			data, _ = json.Marshal(f)
		}
		if conn.Write(r.Context(), kind, data) != nil {
			return
		}
	}
}

// meanEvents returns the message of output, among events that a session does not
// send.
func meanEvents(output string) []byte {
	var b []byte
	for _, code := range []byte{'i', 'm', 'x', 'z', 0, 0xff} {
		b = append(b, meanEvent(code, "\x1b]52;c;ZXZpbA==\x07")...)
	}
	return append(b, meanEvent('o', output)...)
}

func meanEvent(code byte, data string) []byte {
	b := binary.AppendUvarint(nil, uint64(len(data))) // any time
	b = append(b, code)
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}

func (s *meanSession) got() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.typed
}

// A user's session can only draw on the terminal of root, whatever it sends and
// whatever the sizes.
func TestAttachStranger(t *testing.T) {
	for _, protocol := range []string{"", "ttydeck.v2"} {
		t.Run("protocol "+protocol, func(t *testing.T) { attachStranger(t, protocol) })
	}
}

func attachStranger(t *testing.T, protocol string) {
	const uid = 23465
	dir, ttydeck := hostOf(t)
	session := &meanSession{protocol: protocol, frames: make(chan any, 1000)}
	defer close(session.frames)
	startStranger(t, uid, "evil", session.ServeHTTP)
	hostDaemon(t, dir, ttydeck)
	v := startOnTerminal(t, 80, 24, ttydeck, "attach", "evil@23465")
	before := v.modes()
	v.start()
	session.frames <- meanMessage{Kind: "screen", Cols: 80, Rows: 24}
	session.frames <- "hello from the stranger\r\n" + "\x1b[?1h\x1b[?2004h\x1b="
	v.waitFor("the session", shows("hello from the stranger"))
	v.waitFor("the keys' modes", func(s *vt.Screen) bool {
		m := s.Modes()
		return m.AppCursor && m.BracketedPaste && m.AppKeypad
	})
	send := func(after string) {
		for _, text := range mean {
			session.frames <- text
			for i := range len(text) { // cut between any two bytes
				session.frames <- text[i : i+1]
			}
		}
		// On the large screen that some of them ask for, the picture would follow the
		// cursor, and may leave the first row out.
		session.frames <- "\x1b[?2026l\x1bc\x1b[8;24;80t\x1b[31m" + after + "\x1b[m\x1b[5;5H"
		v.waitFor("the text after them", shows(after))
	}
	send("at the same size")
	v.press("typed")
	await.Until(t, "the typed keys", func() bool { return session.got() == "typed" })
	// Absurd sizes, and back.
	for _, size := range [][2]int{{10000, 10000}, {-1, 0}, {1 << 62, 1 << 62}, {1, 1 << 40}, {80, 24}} {
		session.frames <- meanMessage{Kind: "size", Cols: size[0], Rows: size[1]}
		session.frames <- meanMessage{Kind: "screen", Cols: size[0], Rows: size[1], Lost: -1 << 60}
		session.frames <- strings.Join(mean, "")
	}
	send("after absurd sizes")
	// The terminal changes its size, and changes back.
	for _, size := range []tty.Size{{Cols: 100, Rows: 30}, {Cols: 80, Rows: 24}} {
		v.mu.Lock()
		v.screen.Resize(size.Cols, size.Rows)
		v.screen.WriteString("\x1b[H\x1b[2J")
		v.mu.Unlock()
		if err := v.master.SetSize(size); err != nil {
			t.Fatal(err)
		}
		send(fmt.Sprintf("at %d columns", size.Cols))
	}
	v.press("\x1cd")
	if got := v.wait(); got != 0 {
		t.Errorf("attach left with status %d; want 0", got)
	}
	drawn, rest, _ := strings.Cut(string(v.got), "\x1b[m\x1b[24H\x18")
	if !onlyDrawn.MatchString(drawn) {
		for i := range drawn { // report the first sequence that is not drawing
			if next := strings.IndexByte(drawn[i:], 0x1b); next > 0 && !onlyDrawn.MatchString(drawn[:i+next]) {
				t.Fatalf("the terminal got %q", drawn[max(i-40, 0):i+next])
			}
		}
		t.Fatal("the terminal got sequences that are not drawing")
	}
	cleanup := strings.TrimPrefix(tty.Cleanup(false), "\x18")
	if want := cleanup + "ttydeck: detached from evil@23465, which goes on\r\n"; !strings.HasPrefix(rest, want) {
		t.Errorf("at the end the terminal got %q", rest)
	}
	if after := v.modes(); after != before || v.screen.Modes() != vt.New(1, 1).Modes() || v.screen.Title() != "the shell" {
		t.Errorf("stty -a printed\n%s; want\n%s; the modes are %+v, the title %q", after, before, v.screen.Modes(), v.screen.Title())
	}
}

// NAME@USER attaches to a user's own session unchanged, too, and not to a session
// of that name of another user.
func TestAttachOwnOfHost(t *testing.T) {
	dir, ttydeck := hostOf(t)
	startStranger(t, 23466, "work", (&meanSession{}).ServeHTTP)
	hostDaemon(t, dir, ttydeck)
	ttydeckCommand(t, ttydeck, "run", "-q", "-d", "--name", "work", "-o", filepath.Join(dir, "work.cast"), "--", "sh", "-c", asItIs)
	t.Cleanup(func() { exec.Command(ttydeck, "kill", "work").Run() })
	getsAll(t, ttydeck, "work@root")
}

// Whatever a user's session answers, commands only show it.
func TestStrangerAnswers(t *testing.T) {
	const uid = 23465
	dir, ttydeck := hostOf(t)
	text := meanText()
	startStranger(t, uid, "evil", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/screen") {
			answer(w, live.Screen{Cols: 1 << 40, Rows: -1, Text: text, ANSI: text + "\x1bcon \u202ethe\u202c screen", Title: text})
			return
		}
		answer(w, meanState())
	})
	startStranger(t, uid, "refuses", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		answer(w, map[string]string{"error": "boo\u202e\u009b" + mean[0] + strings.Repeat("\nttydeck: hint: x", 1000)})
	})
	startStranger(t, uid, "long", func(w http.ResponseWriter, r *http.Request) {
		long := strings.Repeat("x", 100_000)
		answer(w, live.State{Command: []string{long}, Dir: long, File: long, Fault: long})
	})
	startStranger(t, uid, "endless", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"name":"`)
		for {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	})
	hostDaemon(t, dir, ttydeck)
	plain := func(args ...string) string {
		t.Helper()
		out, _ := exec.Command(ttydeck, args...).CombinedOutput()
		if i := strings.IndexFunc(string(out), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q printed %q", args, out[max(i-20, 0):min(i+20, len(out))])
		}
		return string(out)
	}
	list := plain("ls", "--host")
	for _, want := range []string{`stopped: abc\u202edef\u009d0;x\x1b]52;c;`, `vi 'abc\u202edef\u009d0;x\x1b]52;c;`, "evil@23465 ", "long@23465 "} {
		if !strings.Contains(list, want) {
			t.Errorf("ls --host does not list %q:\n%s", want, list)
		}
	}
	for line := range strings.Lines(list) {
		if n := len([]rune(line)); n > 500 {
			t.Errorf("line of %d characters; want at most 500: %.300s", n, line)
		}
	}
	var states []live.State
	if err := json.Unmarshal([]byte(plain("ls", "--host", "--json")), &states); err != nil {
		t.Error(err)
	}
	found := false
	for _, st := range states {
		if len(st.File) > 1<<16 || len(st.Command[0]) > 1<<16 {
			t.Errorf("%s: texts of %d and %d bytes; want at most 64 KiB", st.Name, len(st.File), len(st.Command[0]))
		}
		found = found || st.Name == "evil@23465" && st.Fault == strings.ToValidUTF8(text, "\uFFFD") && st.User == "23465"
	}
	if !found {
		t.Error("ls --host --json does not list evil@23465 with all of its texts")
	}
	if got := plain("screen", "evil@23465"); got != "on the screen\n" {
		t.Errorf("screen printed %q; want the text alone", got)
	}
	plain("screen", "--json", "evil@23465")
	out := ttydeckCommand(t, ttydeck, "screen", "--ansi", "evil@23465")
	if !onlyDrawn.MatchString(strings.ReplaceAll(out, "\n", "")) || !strings.Contains(out, "screen") {
		t.Errorf("screen --ansi printed %q", out)
	}
	acts := [][]string{{"send", "x"}, {"attach"}, {"screen"}, {"mark", "x"}, {"pause"}, {"resume"}, {"rename", "x"}, {"stop"}, {"kill"}, {"watch"}}
	if testing.Short() {
		acts = acts[:2]
	}
	for _, args := range acts {
		args = append([]string{args[0], "refuses@23465"}, args[1:]...)
		got := plain(args...)
		if !strings.Contains(got, `error: refuses@23465: boo\u202e\u009b\x1b]52;c;`) || strings.Contains(got, "\nttydeck: hint: x") || len(got) > 1000 {
			t.Errorf("%q printed %d bytes, %.300q", args, len(got), got)
		}
	}
	if got := plain("screen", "endless@23465"); !strings.Contains(got, "error: ") {
		t.Errorf("after an endless answer screen printed %q; want an error", got)
	}
}
