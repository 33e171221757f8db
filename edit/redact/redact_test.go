package redact

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// planted is a text with a secret, as a program prints it or a user types it.
type planted struct {
	before, secret, after string
}

func (p planted) text() string { return p.before + p.secret + p.after }

// generated returns a secret of n random characters from set.
func generated(seed uint64, n int, set string) string {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = set[r.IntN(len(set))]
	}
	// Make sure of each kind of character.
	copy(b[n/2:], "q7Z")
	return string(b)
}

const (
	alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	hexes = "0123456789abcdef"
	caps  = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// plantings returns 54 secrets in typical surroundings.
func plantings() []planted {
	awsID := "AKIA" + strings.ReplaceAll(strings.ToUpper(generated(1, 16, caps)), "Q7Z", "Q5Z")
	list := []planted{
		{"github: ", "ghp_" + generated(2, 36, alnum), ""},
		{"", "gho_" + generated(3, 36, alnum), " is it"},
		{"x ", "github_pat_" + generated(4, 82, alnum), ""},
		{"gitlab ", "glpat-" + generated(5, 20, alnum), ""},
		{"aws id ", awsID, " in eu-central-1"},
		{"AWS_SECRET_ACCESS_KEY=", generated(6, 40, alnum+"/+"), ""},
		{"aws_secret_access_key = ", generated(7, 40, alnum+"/+"), ""},
		{"slack ", "xoxb-" + "123456789012-123456789012-" + generated(8, 24, alnum), ""},
		{"stripe ", "sk_live_" + generated(9, 24, alnum), " ok"},
		{"npm ", "npm_" + strings.ToLower(generated(10, 36, alnum)), ""},
		{"google ", "AIza" + generated(11, 35, alnum), ""},
		{"jwt ", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ" + generated(12, 40, alnum) + "." + generated(13, 43, alnum), ""},
		{"digitalocean ", "dop_v1_" + strings.ReplaceAll(strings.ToLower(generated(14, 64, hexes)), "q7z", "a7f"), ""},
		{"sendgrid ", "SG." + strings.ToLower(generated(15, 66, alnum)), ""},
		{"pypi ", "pypi-AgEIcHlwaS5vcmc" + generated(16, 60, alnum), ""},
		{"vault ", "hvs." + generated(17, 95, alnum), ""},
		{"anthropic ", "sk-ant-api03-" + generated(18, 93, alnum) + "AA", ""},
		{"shopify ", "shpat_" + strings.ReplaceAll(strings.ToLower(generated(19, 32, hexes)), "q7z", "c7d"), ""},
		{"telegram_token=", "123456789:A" + generated(20, 34, alnum), ""},
		{"twilio ", "SK" + strings.ReplaceAll(strings.ToLower(generated(21, 32, hexes)), "q7z", "c7d"), ""},
	}
	for i, before := range []string{
		"DB_PASSWORD=", "export API_TOKEN=", "MYSQL_ROOT_PASSWORD=", "PGPASSWORD=", "DOCKER_AUTH_TOKEN=", "declare -x CLIENT_SECRET=\"",
		"SECRET_KEY_BASE=", "password: ", "  \"apiKey\": \"", "client_secret = '", "REDIS_PASS=", "NPM_TOKEN=", "STRIPE_API_KEY=",
	} {
		after := ""
		if i := strings.IndexAny(before, `"'`); i >= 0 {
			after = before[len(before)-1:]
		}
		list = append(list, planted{before, generated(uint64(100+i), 12+i, alnum), after})
	}
	for i, p := range []planted{
		{"curl -H 'Authorization: Bearer ", "", "' https://api.example"},
		{"> Authorization: Basic ", "", ""},
		{"Authorization: token ", "", ""},
		{"X-Api-Key: ", "", ""},
		{"X-Auth-Token: ", "", ""},
		{"postgres://app:", "", "@db.example:5432/app"},
		{"git clone https://oauth2:", "", "@git.example/x.git"},
		{"redis://:", "", "@localhost:6379"},
		{"mongodb+srv://root:", "", "@cluster0.example/?w=majority"},
		{"https://user:", "", "@host/path"},
		{"amqp://guest:", "", "@mq:5672/%2f"},
		{"tool --password ", "", " --verbose"},
		{"tool --api-key=", "", ""},
		{"tool --token \"", "", "\" run"},
		{"curl -u admin:", "", " https://x.example"},
		{"mysql -u root -p", "", " app"},
		{"sshpass -p ", "", " ssh host"},
		{"openssl enc -pass pass:", "", ""},
		{"machine x.example login bob password ", "", ""},
		{"https://x.example/cb?access_token=", "", "&state=1"},
		{"$ MY_SECRET=", "", " ./run"},
	} {
		p.secret = generated(uint64(200+i), 14+i, alnum)
		list = append(list, p)
	}
	return list
}

func TestPlantedAreFound(t *testing.T) {
	r := mustNew(t, Options{})
	list := plantings()
	if len(list) < 50 {
		t.Fatalf("%d secrets; want at least 50", len(list))
	}
	for _, p := range list {
		in := newTape(200, 5).add(format.Output, p.text()+"\r\n")
		out, _ := redacted(t, r, in)
		if p.before == "curl -u admin:" { // the rule of gitleaks includes the name
			p.before = "curl -u ******"
		}
		if got, want := out.stream(format.Output), p.before+strings.Repeat("*", len(p.secret))+p.after+"\r\n"; got != want {
			t.Errorf("%q became %q; want %q", p.text(), got, want)
		}
	}
}

// drawings are ways to show a text on a terminal. Each leaves the cursor after
// the text, on a line that starts at column 0.
var drawings = []struct {
	name string
	draw func(text string, r *rand.Rand, cols int) string
}{
	{"printed", func(text string, r *rand.Rand, cols int) string { return text }},
	{"coloured", func(text string, r *rand.Rand, cols int) string {
		var b strings.Builder
		for _, c := range text {
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, "\x1b[%dm", 31+r.IntN(6))
			}
			b.WriteRune(c)
		}
		return b.String() + "\x1b[m"
	}},
	{"behind titles and bells", func(text string, r *rand.Rand, cols int) string {
		n := r.IntN(len(text))
		return text[:n] + "\x1b]0;busy\x07\a\x1b[?25l" + text[n:] + "\x1b[?25h"
	}},
	{"with mistakes", func(text string, r *rand.Rand, cols int) string {
		var b strings.Builder
		for i, c := range text {
			if r.IntN(6) == 0 && (i+1)%cols > 1 {
				b.WriteString("#\b \b")
			}
			b.WriteRune(c)
		}
		return b.String()
	}},
	{"from behind", func(text string, r *rand.Rand, cols int) string {
		// Draw the second part first, if the text fits in one row.
		if len(text) >= cols {
			return text
		}
		n := r.IntN(len(text))
		return fmt.Sprintf("\r\x1b[%dG%s\r%s\x1b[%dG", n+1, text[n:], text[:n], len(text)+1)
	}},
	{"inserted", func(text string, r *rand.Rand, cols int) string {
		if len(text) >= cols {
			return text
		}
		n := r.IntN(len(text))
		return fmt.Sprintf("%s%s\x1b[%dG\x1b[@%c\x1b[%dG", text[:n], text[n+1:], n+1, text[n], len(text)+1)
	}},
	{"in insert mode", func(text string, r *rand.Rand, cols int) string {
		if len(text) >= cols {
			return text
		}
		n := r.IntN(len(text))
		return fmt.Sprintf("%s\r\x1b[4h%s\x1b[4l\x1b[%dG", text[n:], text[:n], len(text)+1)
	}},
	{"deleted from", func(text string, r *rand.Rand, cols int) string {
		if len(text)+2 >= cols {
			return text
		}
		n := r.IntN(len(text))
		return fmt.Sprintf("%s##%s\x1b[%dG\x1b[2P\x1b[%dG", text[:n], text[n:], n+1, len(text)+1)
	}},
	{"twice", func(text string, r *rand.Rand, cols int) string {
		if len(text) >= cols {
			return text
		}
		return text + "\r\x1b[K" + text
	}},
}

// TestHoweverDrawn plants all secrets in recordings of different widths, draws
// each in a random way, and splits the output at random. All secrets are
// replaced, and nothing else changes.
func TestHoweverDrawn(t *testing.T) {
	if testing.Short() {
		t.Skip("TestHoweverDrawn is skipped with -short: it is long and uses one goroutine")
	}
	t.Parallel()
	r := mustNew(t, Options{})
	list := plantings()
	for round := range 24 {
		rng := rand.New(rand.NewPCG(uint64(round), 42))
		cols, rows := 20+rng.IntN(100), 2+rng.IntN(30)
		in := newTape(cols, rows)
		var secrets []string
		var ways []string
		for _, p := range list {
			way := drawings[rng.IntN(len(drawings))]
			// Add a space: a secret that fills its row would seem to continue
			// on the next.
			in.add(format.Output, way.draw(p.text(), rng, cols)+" \r\n")
			secrets = append(secrets, p.secret)
			ways = append(ways, way.name)
			if rng.IntN(4) == 0 {
				in.add(format.Output, "nothing to see here\r\n")
			}
		}
		in = in.split(rng)
		out, report := redacted(t, r, in)
		if where := leak(out, 8, secrets...); where != "" {
			for i, secret := range secrets {
				if where := leak(out, 8, secret); where != "" {
					t.Errorf("round %d, %dx%d: %s %q remains in %.1500s", round, cols, rows, ways[i], list[i].text(), where)
				}
			}
			return
		}
		sameBut(t, in, out, append(secrets, "#")...)
		if _, again := redacted(t, r, out); again.Secrets > 0 {
			t.Errorf("round %d: the redacted recording has secrets: %+v", round, again)
		}
		if report.Secrets < len(list) {
			t.Errorf("round %d: report has %d secrets; want at least %d", round, report.Secrets, len(list))
		}
		for _, f := range report.Findings {
			if f.Rule == "" || f.Secret == 0 || f.Count == 0 {
				t.Errorf("round %d: finding %+v is incomplete", round, f)
			}
		}
	}
}

const token = "ghp_Zk3vT9wLq2Xn7RbY5sMd8HfGc4PjAe6UiO1t"

func TestEverywhere(t *testing.T) {
	enc := base64.StdEncoding.EncodeToString
	theme, _ := json.Marshal(map[string]any{"note": "is " + token, "n": 12345678901234567, "token": "abc-not-me-77"})
	in := newTape(80, 24)
	in.header.Command = "tool --token " + token
	in.header.Title = "on " + token
	in.header.Env = map[string]string{"SHELL": "/bin/sh", "PGPASSWORD": "swordfish", "X": token}
	in.header.Tags = []string{token, "demo"}
	in.header.Extra = []format.Field{{Key: "x", JSON: string(theme)}}
	in.header.Term.Extra = []format.Field{{Key: "y", JSON: `"` + token + `"`}}
	in.add(format.Output, "before it is known: "+token+"\r\n")
	for _, osc := range []string{
		"0;" + token, "2;x" + token + "x", "7;file://h/" + token, "8;id=1;https://h/?t=" + token,
		"133;C;cmdline_url=echo%20" + url.QueryEscape(token), "133;C;cmdline_url=%67hp" + token[3:],
		`633;E;echo\x20` + token + `\x3b;x`, "52;c;" + enc([]byte(token)), "52;c;" + enc([]byte("12"+token+"3")),
		"1337;SetUserVar=x=" + enc([]byte("1"+token)), "777;notify;a;" + token, "3008;start=1;cmdline=" + token,
	} {
		in.add(format.Output, "\x1b]"+osc+"\x1b\\")
		in.add(format.Output, "\x1b]"+osc+"\x07")
	}
	in.add(format.Output, "\x1bP+q"+token+"\x1b\\\x1b_G"+token+"\x1b\\\x1b^"+token+"\x1b\\\x1bX"+token+"\x1b\\")
	in.add(format.Marker, "got "+token)
	in.add(format.Comment, " "+token)
	in.add("u", "custom "+token)
	in.events = append(in.events, format.Event{Time: time.Hour, Code: "z", Data: `{"a":["` + token + `",1.50]}`, JSON: true})
	in.events = append(in.events, format.Event{Time: time.Hour, Code: format.Input, Data: "\x1b[200~" + token + "\x1b[201~\r"})

	r := mustNew(t, Options{})
	out, report := redacted(t, r, in.split(rand.New(rand.NewPCG(1, 1))))
	for _, part := range []string{token, "swordfish"} {
		if where := leak(out, 8, part); where != "" {
			t.Errorf("%s remains in %s", part, where)
		}
	}
	data := out.stream(format.Output)
	for _, text := range []string{token, "12" + token + "3", "1" + token} {
		for i := 0; i+16 <= len(text); i += 3 {
			// In base64, a secret reads differently at each offset.
			if s := enc([]byte(text[i : i+12])); strings.Contains(data, s) && i >= 3 {
				t.Errorf("base64 of %q remains: %q", text[i:i+12], s)
			}
		}
	}
	for _, m := range regexp.MustCompile(`\x1b\]52;c;([^\x07\x1b]*)`).FindAllStringSubmatch(data, -1) {
		if plain, err := base64.StdEncoding.DecodeString(m[1]); err != nil || !bytes.Contains(plain, []byte("****")) {
			t.Errorf("clipboard %q = %q, %v; want base64 of stars", m[1], plain, err)
		}
	}
	where := map[string]int{}
	for _, f := range report.Findings {
		where[f.Where] += f.Count
	}
	for place, want := range map[string]int{
		"output": 1, "title": 4, "osc 7": 2, "osc 8": 2, "osc 133": 4, "osc 633": 2, "osc 52": 4, "osc 1337": 2, "osc 777": 2, "osc 3008": 2,
		"dcs": 1, "apc": 1, "pm": 1, "sos": 1, "marker": 1, "comment": 1, "event": 2, "input": 1,
		"header.command": 1, "header.title": 1, "header.env": 2, "header.tags": 1, "header.x": 2, "header.y": 1,
	} {
		if where[place] != want {
			t.Errorf("%s: reported %d; want %d", place, where[place], want)
		}
	}
	if got, want := out.header.Extra[0].JSON, `"n":12345678901234567`; !strings.Contains(got, want) {
		t.Errorf("header.x = %s; want %s in it", got, want)
	}
	if out.header.Env["SHELL"] != "/bin/sh" || out.header.Tags[1] != "demo" {
		t.Errorf("header = %+v; other values than secrets changed", out.header)
	}
	if text := fmt.Sprintf("%+v", report); strings.Contains(text, "Zk3v") {
		t.Errorf("the report contains the secret: %s", text)
	}
	if in.header.Env["X"] != token || in.header.Tags[0] != token {
		t.Error("the caller's header changed")
	}
}

// The header is copied field by field, so a new field must be copied too.
func TestHeaderIsWhole(t *testing.T) {
	h := format.Header{
		Size: format.Size{Cols: 80, Rows: 24}, Term: format.Term{Type: "xterm", Version: "v", Theme: &format.Theme{}},
		Start: time.Unix(1, 0), IdleLimit: 1, Command: "c", Title: "t", Env: map[string]string{"A": "b"}, Tags: []string{"x"},
		Duration: 1, Extra: []format.Field{{Key: "k", JSON: "1"}},
	}
	for i := range reflect.TypeFor[format.Header]().NumField() {
		f := reflect.TypeFor[format.Header]().Field(i)
		if f.IsExported() && reflect.ValueOf(h).Field(i).IsZero() {
			t.Errorf("this test does not set Header.%s", f.Name)
		}
	}
	out, _ := redacted(t, mustNew(t, Options{}), &tape{header: h})
	if want := h.SetRedacted(true); !reflect.DeepEqual(out.header, want) {
		t.Errorf("header = %+v; want %+v", out.header, want)
	}
}

func TestOwnRules(t *testing.T) {
	r := mustNew(t, Options{NoRules: true, Texts: []string{"bob", "Grüße 漢字"}, Patterns: []*regexp.Regexp{regexp.MustCompile(`case (\d+)`)}})
	in := newTape(40, 5).add(format.Output, "bob saw case 1234 and "+token+"\r\n").add(format.Output, "Grü\x1b[1mße 漢字.\r\n")
	in.add(format.Input, "bo").add(format.Input, "c\x7fb\r")
	out, report := redacted(t, r, in)
	if got, want := out.stream(format.Output), "*** saw case **** and "+token+"\r\n***\x1b[1m***\uff0a\uff0a.\r\n"; got != want {
		t.Errorf("output = %q; want %q", got, want)
	}
	if got, want := out.stream(format.Input), "***\x7f*\r"; got != want && got != "**c\x7f*\r" {
		t.Errorf("input = %q; want %q", got, want)
	}
	sameBut(t, in, out, "bob", "Grüße 漢字", "1234")
	if len(report.Findings) != 4 {
		t.Errorf("findings = %+v; want 4", report.Findings)
	}
	for _, opts := range []Options{{Texts: []string{""}}, {Patterns: []*regexp.Regexp{regexp.MustCompile(`x*`)}}} {
		if _, err := New(opts); err == nil {
			t.Errorf("New(%+v) returned no error", opts)
		}
	}
}

// Text that only resembles a secret stays.
func TestNotSecret(t *testing.T) {
	r := mustNew(t, Options{})
	for _, text := range []string{
		"Password: ", "password: no", "TOKEN=$TOKEN", "export API_KEY=\"${KEY}\"", "PASSWORD=<your password>", "token: invalid",
		"PWD=/home/bob/src", "OLDPWD=/tmp", "SSH_AUTH_SOCK=/tmp/ssh-XXXX/agent.1234", "--password-stdin", "--token string   the token",
		"--api-key KEY", "max_tokens=4096", "GOOGLE_APPLICATION_CREDENTIALS=/home/bob/key.json", "author=Bob", "https://example.com:8080/x@y",
		"git@github.com:user/repo.git", "monkey=banana12", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"commit 5a5ebfb0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6", "password=password", "CSRF token missing", "token=getToken(user)",
		"refresh-token rotation", "Password Store", "-rw-r--r-- 1 root root 3 passwd", "PASSWORD=********",
	} {
		out, report := redacted(t, r, newTape(120, 5).add(format.Output, text+"\r\n"))
		if got := out.stream(format.Output); got != text+"\r\n" {
			t.Errorf("%q became %q: %+v", text, got, report.Findings)
		}
	}
}

func TestPrivateKey(t *testing.T) {
	var key []string
	for i := range 12 {
		key = append(key, generated(uint64(i), 64, alnum+"+/"))
	}
	key = append(key, generated(20, 21, alnum)+"==")
	text := "-----BEGIN OPENSSH PRIVATE KEY-----\r\n" + strings.Join(key, "\r\n") + "\r\n-----END OPENSSH PRIVATE KEY-----\r\n$ ls\r\nMakefile\r\n"
	for _, rows := range []int{5, 40} { // with and without scrolling
		in := newTape(80, rows).add(format.Output, "$ cat id\r\n"+text)
		out, _ := redacted(t, mustNew(t, Options{}), in.split(rand.New(rand.NewPCG(3, 3))))
		for _, line := range key {
			if where := leak(out, 8, line); where != "" {
				t.Errorf("%d rows: %s remains in %s", rows, line, where)
			}
		}
		if got := out.stream(format.Output); !strings.HasSuffix(got, "-----END OPENSSH PRIVATE KEY-----\r\n$ ls\r\nMakefile\r\n") {
			t.Errorf("%d rows: output = %q", rows, got)
		}
	}
}

func TestTypedPassword(t *testing.T) {
	session := func(prompt, echo string) *tape {
		in := newTape(40, 5).add(format.Output, "$ sudo id\r\n"+prompt)
		for _, c := range "hunter22" {
			in.add(format.Input, string(c))
			if echo != "" {
				in.add(format.Output, strings.ReplaceAll(echo, "?", string(c)))
			}
		}
		return in.add(format.Input, "\r").add(format.Output, "\r\nuid=0\r\n").add(format.Input, "ls\r")
	}
	r := mustNew(t, Options{})
	for _, tt := range []struct {
		prompt, echo string
		secret       bool
	}{
		{"[sudo] password for bob: ", "", true},
		{"Enter passphrase for key '/home/bob/.ssh/id': ", "", true},
		{"Password: ", "*", true},
		{"PIN: ", "", true},
		{"Name: ", "", false},
		{"Password hint: ", "?", false},
	} {
		out, _ := redacted(t, r, session(tt.prompt, tt.echo))
		got, want := out.stream(format.Input), "hunter22\rls\r"
		if tt.secret {
			want = "********\rls\r"
		}
		if got != want {
			t.Errorf("%q: input = %q; want %q", tt.prompt, got, want)
		}
	}
}

// In the kitty keyboard protocol, terminals send text as numbers.
func TestTypedAsNumbers(t *testing.T) {
	in := newTape(80, 5).add(format.Output, "$ "+token+"\r\n")
	var want strings.Builder
	in.add(format.Input, "\x1b[97u")
	want.WriteString("\x1b[97u")
	for i, c := range token {
		n := len(fmt.Sprint(c))
		stars := fmt.Sprintf("%0*d", n, '*')
		switch {
		case i%3 == 0:
			in.add(format.Input, fmt.Sprintf("\x1b[%d;1u\x1b[%d;1:3u", c, c))
			fmt.Fprintf(&want, "\x1b[%s;1u\x1b[%s;1:3u", stars, stars)
		case 'A' <= c && c <= 'Z':
			in.add(format.Input, fmt.Sprintf("\x1b[%d:%d;2u", c+0x20, c))
			fmt.Fprintf(&want, "\x1b[%0*d:%s;2u", len(fmt.Sprint(c+0x20)), '*', stars)
		case 'a' <= c && c <= 'z':
			in.add(format.Input, fmt.Sprintf("\x1b[%d;;%du", c, c))
			fmt.Fprintf(&want, "\x1b[%s;;%su", stars, stars)
		default:
			in.add(format.Input, string(c))
			want.WriteString("*")
		}
	}
	in.add(format.Input, "\x1b[13u\x1b[57441;2u\x1b[A")
	want.WriteString("\x1b[13u\x1b[57441;2u\x1b[A")
	out, _ := redacted(t, mustNew(t, Options{}), in.split(rand.New(rand.NewPCG(1, 2))))
	if got := out.stream(format.Input); got != want.String() {
		t.Errorf("input =\n%q\nwant\n%q", got, want.String())
	}
}

// Several goroutines may use one Redactor at the same time.
func TestConcurrent(t *testing.T) {
	r := mustNew(t, Options{})
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for _, p := range plantings()[i*10:][:10] {
				out, _ := redacted(t, r, newTape(200, 5).add(format.Output, p.text()+"\r\n"))
				if where := leak(out, 8, p.secret); where != "" {
					t.Errorf("the secret remains in %s", where)
				}
			}
		})
	}
}

// A plain value is replaced only next to the name that makes it a secret.
func TestPlainValueStays(t *testing.T) {
	in := newTape(80, 5).add(format.Output, "PASSWORD=hello ./x\r\nhello world\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if got, want := out.stream(format.Output), "PASSWORD=***** ./x\r\nhello world\r\n"; got != want {
		t.Errorf("output = %q; want %q", got, want)
	}
}

// Without wrapping, the rest of the secret overwrites the last column, so no
// screen ever shows the whole secret.
func TestDrawnOver(t *testing.T) {
	in := newTape(20, 5).add(format.Output, "\x1b[?7lGH_TOKEN="+token+"\r\n\x1b[?7h$ ")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 6, token); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	// In another character set, the secret is not readable on the screen.
	in = newTape(80, 5).add(format.Output, "x "+token+"\r\n\x0e\x1b)0"+token+"\x0f\r\n")
	out, _ = redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 6, token); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
}

// A secret that a rule finds once is replaced everywhere, before and after, and
// so are long parts of it.
func TestElsewhere(t *testing.T) {
	in := newTape(60, 9).add(format.Output, "is it w8Kd-pQ2x-Zr5m?\r\nor ...pQ2x-Zr5m\r\nDB_PASSWORD=w8Kd-pQ2x-Zr5m\r\nit was w8Kd-pQ2x-Zr5m.\r\n")
	in.add(format.Output, "\x1b]0;w8Kd-pQ2x-Zr5m\x07").add(format.Input, "w8Kd-pQ2x-Zr5m\r").add(format.Marker, "w8Kd-pQ2x-Zr5m")
	out, report := redacted(t, mustNew(t, Options{}), in)
	stars := strings.Repeat("*", 14)
	want := "is it " + stars + "?\r\nor ...*********\r\nDB_PASSWORD=" + stars + "\r\nit was " + stars + ".\r\n\x1b]0;" + stars + "\x07"
	if got := out.stream(format.Output); got != want {
		t.Errorf("output =\n%q\nwant\n%q", got, want)
	}
	if got := out.stream(format.Input) + out.stream(format.Marker); got != stars+"\r"+stars {
		t.Errorf("input and marker = %q", got)
	}
	if report.Secrets != 1 {
		t.Errorf("%d secrets; want 1: %+v", report.Secrets, report.Findings)
	}
}

// Some programs, such as fold and fish, wrap lines themselves.
func TestFolded(t *testing.T) {
	text := "my token is " + token
	in := newTape(20, 9)
	for ; len(text) > 20; text = text[20:] {
		in.add(format.Output, text[:20]+"\r\n")
	}
	in.add(format.Output, text+"\r\n$ ")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 4, token); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	if n := sameBut(t, in, out, token); n != len(token) {
		t.Errorf("masked %d cells; want %d", n, len(token))
	}
}

// fish goes to a wrapped row by a line feed, and redraws a part of it. What it draws
// there is soon drawn over.
func TestWrapRedrawn(t *testing.T) {
	secret := "Zwölf Boxkämpfer; j4gen"
	in := newTape(20, 6).add(format.Output, "ABC_PASSWORD='Zwölf Boxk\x1b[A\r\r\n\x1b[4Cämpfer;\x1b[A\r\r\n\x1b[12C j4gen\x1b[A\r\x1b[13C'Zwölf Boxkämpfer; j4gen'\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 4, secret); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	sameBut(t, in, out, secret)
	// It may have left the full row by a line feed before it wrapped it.
	in = newTape(20, 6).add(format.Output, "ABC_PASSWORD='Zwölf \r\r\n\x1b[A\x1b[18Cf Bo\x1b[A\r\r\n\x1b[C\x1b[Cxkäm\x1b[A\r\r\n\x1b[6C\x1b[A\rABC_PASSWORD='Zwölf Boxkämpfer; j4gen'\r\n")
	out, _ = redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 4, secret); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	sameBut(t, in, out, secret)
	// A line of its own in such a row is searched as well.
	in = newTape(20, 6).add(format.Output, "a line of the 2 rows it takes\x1b[A\r\r\n"+token+"\r\n")
	out, _ = redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 4, token); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	sameBut(t, in, out, token)
}

func TestResized(t *testing.T) {
	in := newTape(30, 6).add(format.Output, "$ GH_TOKEN="+token).add(format.Resize, "50x6").add(format.Output, "\r\n$ echo ").
		add(format.Output, token[:10]).add(format.Resize, "12x9").add(format.Output, token[10:]+"\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 6, token); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	sameBut(t, in, out, token)
}

func TestErrorBehindEvents(t *testing.T) {
	broken := errors.New("broken")
	in := newTape(80, 5).add(format.Output, token+"\r\n").cast()
	events := in.Events
	in.Events = func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if !yield(ev, err) {
				return
			}
		}
		yield(format.Event{}, broken)
	}
	cast := mustNew(t, Options{}).Filter(context.Background(), nil)(in)
	var data string
	var got error
	for ev, err := range cast.Events {
		data += ev.Data
		got = err
	}
	if data != strings.Repeat("*", len(token))+"\r\n" || got != broken {
		t.Errorf("events = %q, %v; want stars and the reader's error", data, got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	long := newTape(80, 5)
	for range 3000 {
		long.add(format.Output, "x")
	}
	if _, _, err := mustNew(t, Options{}).Cast(ctx, long.cast()); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v; want %v", err, context.Canceled)
	}
}

// A second range over the events yields nothing.
func TestSingleUse(t *testing.T) {
	cast := mustNew(t, Options{}).Filter(context.Background(), nil)(newTape(80, 5).add(format.Output, "x").cast())
	for range cast.Events {
	}
	for ev, err := range cast.Events {
		t.Errorf("a second range yields %+v, %v", ev, err)
	}
}

// A large recording is kept in a file that no other user can read and that is
// removed at the end.
func TestSpooled(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in := newTape(80, 24)
	line := strings.Repeat("a line of a large recording\r\n", 1000)
	for range 2 * maxInMemory / len(line) {
		in.add(format.Output, line)
	}
	in.add(format.Output, token+"\r\n")
	out, report := redacted(t, mustNew(t, Options{}), in)
	if len(report.Findings) != 1 || strings.Contains(out.events[len(out.events)-1].Data, "ghp") || len(out.events) != len(in.events) {
		t.Errorf("got %d events of %d, findings = %+v", len(out.events), len(in.events), report.Findings)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
}

// Time must stay bounded even for streams in which a few bytes change much.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("TestHostile is skipped with -short: it is long and uses one goroutine")
	}
	r := mustNew(t, Options{})
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	for name, data := range map[string]string{
		"resizes":    many(2000, func(i int) string { return fmt.Sprintf("k=v\x1b[8;%d;4096t", 255+i%2) }),
		"rectangles": "\x1b[8;255;4096t" + strings.Repeat("\x1b[65;1;1;255;4096$x", 50),
		"moves":      "\x1b[8;255;4096t" + strings.Repeat("api_key=x\r", 5000) + strings.Repeat("k\x1b[4000G", 5000),
		"a line":     strings.Repeat("token=abcdefgh1&", 4000),
		"secrets":    many(17000, func(i int) string { return fmt.Sprintf("TOKEN=%s\r\n", generated(uint64(i), 12, alnum)) }),
		"osc":        strings.Repeat("\x1b]2;token=a\x07", 5000) + "\x1b]52;c;" + strings.Repeat("QUJD", 100000) + "\x07",
		"quoted":     "\"" + strings.Repeat("token=abcdefgh1&", 4000) + "\"",
		"quotes":     strings.Repeat("TOKEN='$x \"y ", 4000) + strings.Repeat(`token=\"$ `, 4000) + strings.Repeat(`"password":"$\\\" `, 4000),
		"commas":     "password: Abcd1" + strings.Repeat(",", 20000) + " password: Abcd1" + strings.Repeat(",a", 20000) + ";",
		"headers":    strings.Repeat("authorization: abcdefg, a=b, ", 4000) + strings.Repeat("authorization: $ ", 4000),
		"urls":       strings.Repeat("'http://a:b ", 4000) + strings.Repeat("http://a:'", 4000) + strings.Repeat("http://a:", 4000) + "@",
		"payload":    "\x1b]" + strings.Repeat(`token=\"$ `, 12000) + "\x07\x1b]\"" + strings.Repeat("token='$x ", 12000) + "\"",
		"open":       "\x1b]" + strings.Repeat("token=abcdefgh1&", 8000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Quadratic work would take hours.
			guard := time.AfterFunc(await.Patience, func() { panic(name + " does not end") })
			defer guard.Stop()
			in := newTape(80, 24).add(format.Output, data).add(format.Output, "\x18\r\n"+token+"\r\n")
			in.add(format.Input, strings.Repeat("x\x7fyy\x1b[D", 5000))
			out, report := redacted(t, r, in)
			if strings.Contains(out.stream(format.Output), token) {
				t.Error("the secret remains")
			}
			t.Logf("%d bytes; overflow %v, hurried %v", len(data), report.Overflow, report.Hurried)
		})
	}
}

// All public rules compile, and none is missing.
func TestPublicRules(t *testing.T) {
	rules, err := publicRules()
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) < 225 {
		t.Errorf("%d rules; want 217 from gitleaks and our own", len(rules))
	}
	for _, r := range rules {
		if r.compiled() == nil && r.locate == nil {
			t.Errorf("%s has no expression", r.name)
		}
		for _, word := range r.keywords {
			// Outside of ASCII, keywords are found as they are written.
			if lower := strings.ToLower(word); word != lower && strings.ContainsFunc(word, func(c rune) bool { return c >= utf8.RuneSelf }) {
				t.Errorf("%s: keyword %q is not in lower case", r.name, word)
			}
		}
	}
}

// TestFalsePositives redacts recordings by strangers. All were checked: none
// holds a secret.
func TestFalsePositives(t *testing.T) {
	r := mustNew(t, Options{})
	bytes := 0
	for _, path := range testcorpus.Files(t, "casts/*.cast*", 69) {
		f, err := format.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		in := &tape{header: f.Header}
		for ev, err := range f.Events {
			if err != nil {
				break
			}
			in.events = append(in.events, ev)
			bytes += len(ev.Data)
		}
		f.Close()
		_, report := redacted(t, r, in)
		for _, finding := range report.Findings {
			t.Errorf("%s: %+v", filepath.Base(path), finding)
		}
	}
	t.Logf("redacted %d bytes", bytes)
}

// BenchmarkRedact redacts a recording without secrets, which is read once, and
// one with a secret, whose bytes must be located.
func BenchmarkRedact(b *testing.B) {
	r := mustNew(b, Options{})
	rng := rand.New(rand.NewPCG(9, 9))
	var text strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&text, "\x1b[32m%06d\x1b[m drwxr-xr-x %2d user group %6d Nov %2d 12:%02d file%05d.go\r\n", i, rng.IntN(30), rng.IntN(99999), rng.IntN(30), rng.IntN(60), rng.IntN(99999))
	}
	for _, bb := range []struct{ name, tail string }{{"without", ""}, {"with", "GH_TOKEN=" + token + "\r\n"}} {
		b.Run(bb.name, func(b *testing.B) {
			in := newTape(80, 24)
			all := text.String() + bb.tail
			for chunk := range 1000 {
				in.add(format.Output, all[chunk*len(all)/1000:(chunk+1)*len(all)/1000])
			}
			b.SetBytes(int64(len(all)))
			for b.Loop() {
				if _, report := redacted(b, r, in); report.Secrets != min(len(bb.tail), 1) {
					b.Fatalf("%+v", report)
				}
			}
		})
	}
}
