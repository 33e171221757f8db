//go:build unix

package transcript_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record"
)

// TestPlantedSecrets records fifty secrets, with input and marks. None of them
// remains in the redacted recording or in any transcript of it.
func TestPlantedSecrets(t *testing.T) {
	for _, name := range []string{"bash", "zsh"} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(name); err != nil && os.Getenv("CI") == "" {
				t.Skipf("skipped: %s is not installed", name)
			}
			plantSecrets(t, name)
		})
	}
}

func plantSecrets(t *testing.T, shell string) {
	var secrets, lines []string
	// plant adds a secret of prefix and n random characters, and a line that
	// contains it.
	plant := func(prefix string, n int, alphabet, line string) {
		const seed = 0x9e3779b97f4a7c15
		x := uint64(len(secrets)+1) * seed
		b := []byte(prefix)
		for range n {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			b = append(b, alphabet[x%uint64(len(alphabet))])
		}
		secrets = append(secrets, string(b))
		if line != "" {
			lines = append(lines, strings.ReplaceAll(line, "@", string(b)))
		}
	}
	const (
		hex   = "0123456789abcdef"
		alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	)
	for i, how := range []string{
		"export GITHUB_TOKEN=@", "echo @", "printf '%s\\n' @", `printf '\033]0;@\007'`, "curl -H 'Authorization: token @' http://127.0.0.1:1/",
		"printf '@' | sed 's/./&\\n/8' | { read a; sleep 0.1; read b; printf '%s' $a; sleep 0.1; echo $b; }", "T=@; echo $T; env T=$T env | grep ^T=",
		"echo a line that is so long that the secret in it is wrapped by the terminal @ and goes on", `printf '\033]8;;http://x/?t=@\033\\link\033]8;;\033\\\n'`, "echo @ | base64",
	} {
		plant("ghp_", 36, alnum, how)
		if i < 5 {
			plant("AKIA", 16, upper, how)
			plant("glpat-", 20, alnum, how)
		}
	}
	for _, how := range []string{
		"export DB_PASSWORD=@", "export API_KEY='@'", "MYSQL_PWD=@ true", "echo \"password: @\"", "curl -u me:@ http://127.0.0.1:1/",
		"git clone https://me:@@127.0.0.1/x.git", "psql postgres://u:@@127.0.0.1/db", "echo 'Authorization: Bearer @'", "mysql --password=@", "export SECRET_KEY=@; env | grep SECRET_KEY",
	} {
		how = strings.Replace(how, "@@", "@\x00", 1)
		plant("", 24, alnum, how)
		lines[len(lines)-1] = strings.ReplaceAll(lines[len(lines)-1], "\x00", "@")
	}
	for range 7 {
		plant("", 40, hex, "export ACCESS_TOKEN=@")
	}
	ask := map[string]string{"bash": "read -s -p 'Password: ' p", "zsh": "read -s 'p?Password: '"}[shell]
	for range 7 {
		plant("", 14, alnum, "")
		// Type the secret only once the program reads it.
		lines = append(lines, ask, "\x00"+secrets[len(secrets)-1], `echo "it is $p"`)
	}
	for range 7 {
		plant("", 16, alnum, "")
		lines = append(lines, `python3 -c 'import getpass; print(getpass.getpass())'`, "\x00"+secrets[len(secrets)-1])
	}
	lines = append(lines, "echo bob is no secret", "exit")
	if len(secrets) < 50 {
		t.Fatalf("%d secrets; want at least 50", len(secrets))
	}

	home := t.TempDir()
	for name, text := range map[string]string{".bashrc": "PS1='$ '\n", ".zshrc": "PS1='$ '\nunsetopt banghist\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(home, "session.cast")
	file, err := record.Create(path, record.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	typist := newTypist(lines)
	r := record.Recorder{Writer: typistWriter{file, typist}, Args: []string{shell}, Integrate: true, Input: true, Headless: true, Stdin: typist, Size: format.Size{Cols: 60, Rows: 24},
		Header: format.Header{Title: "the session of " + secrets[0]},
		Env:    []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "PYENV_VERSION=" + os.Getenv("PYENV_VERSION")}}
	if _, err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, s := range secrets {
		if bytes.Contains(raw, []byte(s)) {
			seen++
		}
	}
	if seen < 35 {
		t.Fatalf("the recording contains only %d of %d secrets", seen, len(secrets))
	}

	f, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	redactor, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var clean bytes.Buffer
	w, err := format.AsciicastV3.NewWriter(&clean)
	if err != nil {
		t.Fatal(err)
	}
	if err := format.Copy(w, redactor.Filter(context.Background(), nil)(f.Cast)); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"the recording": clean.Bytes()}
	cast, _, err := format.Open(bytes.NewReader(clean.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	cmds := commandsOf(t, cast, transcript.Options{Styled: true, REPL: true, Cancelled: true})
	if len(cmds) < 40 {
		t.Errorf("got %d commands; want at least 40", len(cmds))
	}
	for _, style := range transcript.Styles {
		var b bytes.Buffer
		if err := transcript.Write(&b, style, []transcript.Recording{{Name: "x", Header: cast.Header, Commands: slices.Values(cmds)}}, transcript.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		files["the transcript as "+style.Name] = b.Bytes()
		if style == transcript.Styles[0] && !bytes.Contains(b.Bytes(), []byte("bob is no secret")) {
			t.Errorf("text that is not secret is gone too:\n%s", b.Bytes())
		}
	}
	for where, text := range files {
		for i, s := range secrets {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("secret %d, %q, remains in %s", i, s, where)
			}
		}
	}
}

// typist types lines, each when the shell marks its prompt. A line that begins
// with NUL is typed when a program asks for a password.
type typist struct {
	lines []string
	ready chan struct{}
	ask   chan struct{}
	rest  []byte
}

func newTypist(lines []string) *typist {
	return &typist{lines: lines, ready: make(chan struct{}, 1000), ask: make(chan struct{}, 1000)}
}

func (y *typist) Read(p []byte) (int, error) {
	if len(y.rest) == 0 {
		if len(y.lines) == 0 {
			select {}
		}
		line := y.lines[0]
		y.lines = y.lines[1:]
		if secret, ok := strings.CutPrefix(line, "\x00"); ok {
			<-y.ask
			line = secret
		} else {
			<-y.ready
		}
		y.rest = []byte(line + "\r")
	}
	n := copy(p, y.rest)
	y.rest = y.rest[n:]
	return n, nil
}

// typistWriter tells the typist when to type.
type typistWriter struct {
	*record.File
	y *typist
}

func (w typistWriter) WriteEvent(ev format.Event) error {
	if ev.Code == format.Output {
		for range strings.Count(ev.Data, "\x1b]133;B;aid=") {
			w.y.ready <- struct{}{}
		}
		if strings.HasSuffix(ev.Data, "Password: ") {
			w.y.ask <- struct{}{}
		}
	}
	if err := w.File.WriteEvent(ev); err != nil {
		return fmt.Errorf("typist: %w", err)
	}
	return nil
}
