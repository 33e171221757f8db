package redact

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// wordCases are lines with a secret that is a shell word or a value in another
// grammar. want is the line with the secret replaced, or "" if nothing is
// replaced.
var wordCases = []struct{ line, want string }{
	// Assignments.
	{`$ DB_PASSWORD='aaa bbb' ls /tmp`, `$ DB_PASSWORD='*******' ls /tmp`},
	{`$ DB_PASSWORD="aaa\"bbb" ls /tmp`, `$ DB_PASSWORD="********" ls /tmp`},
	{`$ DB_PASSWORD='aaa'"bbb" ls /tmp`, `$ DB_PASSWORD='***'"***" ls /tmp`},
	{`$ DB_PASSWORD='aaa'\''bbb' ls /tmp`, `$ DB_PASSWORD='***'**'***' ls /tmp`},
	{`$ DB_PASSWORD=$'aaa\'bbb ccc' ls /tmp`, `$ DB_PASSWORD=$'************' ls /tmp`},
	{`$ DB_PASSWORD=$"aaa bbb" ls /tmp`, `$ DB_PASSWORD=$"*******" ls /tmp`},
	{`$ DB_PASSWORD=aaa\ bbb ls /tmp`, `$ DB_PASSWORD=******** ls /tmp`},
	{`$ DB_PASSWORD=aaa\'bbb ls /tmp`, `$ DB_PASSWORD=******** ls /tmp`},
	{`$ DB_PASSWORD=a'a'a"b"b\ b$'c'c ls`, `$ DB_PASSWORD=*'*'*"*"****$'*'* ls`},
	{`$ DB_PASSWORD="a\\" ls /tmp`, `$ DB_PASSWORD="***" ls /tmp`},
	{`$ DB_PASSWORD='a\' ls /tmp`, `$ DB_PASSWORD='**' ls /tmp`},
	{`$ DB_PASSWORD="aaa bbb"; ls /tmp`, `$ DB_PASSWORD="*******"; ls /tmp`},
	{`$ DB_PASSWORD="aaa bbb"&& ls /tmp`, `$ DB_PASSWORD="*******"&& ls /tmp`},
	{`$ (DB_PASSWORD='aaa bbb' ls)`, `$ (DB_PASSWORD='*******' ls)`},
	{`$ DB_PASSWORD='aaa bbb'>out ls`, `$ DB_PASSWORD='*******'>out ls`},
	{`$ DB_PASSWORD='aaa bbb`, `$ DB_PASSWORD='*******`},
	{`$ DB_PASSWORD="aaa bbb # ccc`, `$ DB_PASSWORD="*************`},
	{`$ DB_PASSWORD='' DB_TOKEN='aaa bbb' ls`, `$ DB_PASSWORD='' DB_TOKEN='*******' ls`},
	{`$ DB_PASSWORD+=' aaa bbb' ls`, `$ DB_PASSWORD+='********' ls`},
	{`$ DB_PASSWORD[0]='aaa bbb' ls`, `$ DB_PASSWORD[0]='*******' ls`},
	{`$ a=1;DB_PASSWORD='aaa bbb';ls`, `$ a=1;DB_PASSWORD='*******';ls`},
	{`$ X=$(DB_PASSWORD='aaa bbb' cmd) ls`, `$ X=$(DB_PASSWORD='*******' cmd) ls`},
	{`$ X="$(DB_PASSWORD="aaa bbb" cmd)" ls`, `$ X="$(DB_PASSWORD="*******" cmd)" ls`},
	{`$ env X=1 DB_PASSWORD='aaa;bbb ccc' cmd`, `$ env X=1 DB_PASSWORD='***********' cmd`},
	{`$ export A='x y' DB_PASSWORD='aaa bbb' C="d e"`, `$ export A='x y' DB_PASSWORD='*******' C="d e"`},
	{`$ declare -x DB_PASSWORD="aaa bbb"`, `$ declare -x DB_PASSWORD="*******"`},
	{`$ PGPASSWORD="correct horse battery staple" psql`, `$ PGPASSWORD="****************************" psql`},
	{`+ export 'DB_PASSWORD=aaa bbb'`, `+ export 'DB_PASSWORD=*******'`},
	{`$ DB_PASSWORD="aaa bbb" DB_TOKEN="ccc ddd" ls`, `$ DB_PASSWORD="*******" DB_TOKEN="*******" ls`},
	// After an apostrophe, or a quote that opens nothing.
	{`$ X="it's" DB_PASSWORD='aaa bbb' ls`, `$ X="it's" DB_PASSWORD='*******' ls`},
	{`$ echo don't; DB_PASSWORD='aaa bbb' ls`, `$ echo don't; DB_PASSWORD='*******' ls`},
	{`$ echo "it's" && DB_PASSWORD="aaa 'x' bbb" ls`, `$ echo "it's" && DB_PASSWORD="***********" ls`},
	{`$ echo 5" && DB_PASSWORD="aaa bbb" ls`, `$ echo 5" && DB_PASSWORD="*******" ls`},
	{`it' DB_PASSWORD="it's aaa" ls`, `it' DB_PASSWORD="********" ls`},
	// Literal dollars are not expansions.
	{`$ DB_PASSWORD='$a b' ls`, `$ DB_PASSWORD='****' ls`},
	{`$ DB_PASSWORD="\$a b" ls`, `$ DB_PASSWORD="*****" ls`},
	{`$ DB_PASSWORD='aa$(bb' ls`, `$ DB_PASSWORD='******' ls`},
	// The value of an argument.
	{`$ docker run -e 'DB_PASSWORD=aaa bbb' img`, `$ docker run -e 'DB_PASSWORD=*******' img`},
	{`$ docker run -e "DB_PASSWORD=aaa;bbb" img`, `$ docker run -e "DB_PASSWORD=*******" img`},
	{`$ docker run -e DB_PASSWORD="aaa bbb" img`, `$ docker run -e DB_PASSWORD="*******" img`},
	{`$ docker run -e'DB_PASSWORD=aaa bbb' img`, `$ docker run -e'DB_PASSWORD=*******' img`},
	{`$ docker run --env "DB_PASSWORD=aaa;bbb" img`, `$ docker run --env "DB_PASSWORD=*******" img`},
	{`$ docker run --env="DB_PASSWORD=aaa bbb" img`, `$ docker run --env="DB_PASSWORD=*******" img`},
	{`$ docker run -e "DB_PASSWORD=aaa bbb"'c d' img`, `$ docker run -e "DB_PASSWORD=*******"'***' img`},
	{`$ docker run -e 'DB_PASSWORD=aaa bbb`, `$ docker run -e 'DB_PASSWORD=*******`},
	{`$ kubectl create secret --from-literal='password=aaa bbb' -n x`, `$ kubectl create secret --from-literal='password=*******' -n x`},
	{`Environment="DB_PASSWORD=aaa bbb"`, `Environment="DB_PASSWORD=*******"`},
	// A command in quotes.
	{`$ sh -c 'DB_PASSWORD=aaa ./run' && ls /tmp`, `$ sh -c 'DB_PASSWORD=*** ./run' && ls /tmp`},
	{`$ sh -c 'DB_PASSWORD="aaa bbb" ./run' && ls`, `$ sh -c 'DB_PASSWORD="*******" ./run' && ls`},
	{`$ sh -c "DB_PASSWORD=\"aaa bbb\" ./run" && ls`, `$ sh -c "DB_PASSWORD=\"*******\" ./run" && ls`},
	{`$ sh -c 'DB_PASSWORD='\''aaa bbb'\'' ./run' && ls`, `$ sh -c 'DB_PASSWORD='\''*******'\'' ./run' && ls`},
	{`$ sh -c 'export DB_PASSWORD=aaa' && echo 'b c'`, `$ sh -c 'export DB_PASSWORD=***' && echo 'b c'`},
	{`$ sh -c "export DB_PASSWORD=aaa; run" && echo "b c"`, `$ sh -c "export DB_PASSWORD=***; run" && echo "b c"`},
	{`$ sh -c 'DB_PASSWORD="'"aaa bbb"'" run' && ls`, `$ sh -c 'DB_PASSWORD="'"*******"'" run' && ls`},
	{`$ eval "DB_PASSWORD='aaa bbb'; ls"`, `$ eval "DB_PASSWORD='*******'; ls"`},
	{`$ alias x='DB_PASSWORD="aaa bbb" ls'`, `$ alias x='DB_PASSWORD="*******" ls'`},
	{`$ ssh host 'DB_PASSWORD=aaa ./run' && ls`, `$ ssh host 'DB_PASSWORD=*********' && ls`}, // more than necessary
	{`$ echo DB_PASSWORD=\'aaa bbb\' >> .env`, `$ echo DB_PASSWORD=\'*******\' >> .env`},
	// Other shells.
	{`C:\> set DB_PASSWORD=aaa bbb&& dir`, `C:\> set DB_PASSWORD=*******&& dir`},
	{`C:\> set "DB_PASSWORD=aaa bbb" & dir`, `C:\> set "DB_PASSWORD=*******" & dir`},
	{`C:\> setx DB_PASSWORD "aaa bbb"`, `C:\> setx DB_PASSWORD "*******"`},
	{`PS> $env:DB_PASSWORD = "aaa bbb"; ls`, `PS> $env:DB_PASSWORD = "*******"; ls`},
	{"PS> $env:DB_PASSWORD=\"aaa`\"b bb\"; ls", `PS> $env:DB_PASSWORD="*********"; ls`},
	{`PS> $env:DB_PASSWORD='aaa''b bb'; ls`, `PS> $env:DB_PASSWORD='***''****'; ls`},
	{`PS> $password = "aaa bbb"; ls`, `PS> $password = "*******"; ls`},
	{`PS> Connect -Password "aaa bbb" -User x`, `PS> Connect -Password "*******" -User x`},
	{`~> set -x DB_PASSWORD 'aaa bbb'; ls`, `~> set -x DB_PASSWORD '*******'; ls`},
	{`~> set -gx DB_PASSWORD 'aaa\'b bb' ; ls`, `~> set -gx DB_PASSWORD '*********' ; ls`},
	{`~> set -x DB_PASSWORD aaa bbb; ls`, `~> set -x DB_PASSWORD *** ***; ls`},
	{`% setenv DB_PASSWORD 'aaa bbb'; ls`, `% setenv DB_PASSWORD '*******'; ls`},
	// Configuration files and program data.
	{`ENV DB_PASSWORD "aaa bbb"`, `ENV DB_PASSWORD "*******"`},
	{`ENV DB_PASSWORD aaa bbb`, `ENV DB_PASSWORD *******`},
	{`ENV DB_PASSWORD="aaa bbb" X=y`, `ENV DB_PASSWORD="*******" X=y`},
	{`  - "DB_PASSWORD=aaa bbb"`, `  - "DB_PASSWORD=*******"`},
	{`db_password: 'it''s aaa' # c`, `db_password: '*********' # c`},
	{`password: Xy12ab cd # comment`, `password: ********* # comment`},
	{`password: Xy12ab;cd,ef(g`, `password: **************`},
	{`password: Xy12ab, user: bob`, `password: ******, user: bob`},
	{`password: Xy12ab   user`, `password: ******   user`},
	{`password=swordfish`, `password=*********`},
	{`{"password":"aaa\"b bb","user":"bob x"}`, `{"password":"*********","user":"bob x"}`},
	{`"{\"password\":\"aaa bbb\",\"user\":\"bob x\"}"`, `"{\"password\":\"*******\",\"user\":\"bob x\"}"`},
	{`{\\\"password\\\":\\\"aaa bbb\\\",\\\"user\\\":\\\"bob\\\"}`, `{\\\"password\\\":\\\"*******\\\",\\\"user\\\":\\\"bob\\\"}`},
	{`["DB_PASSWORD=aaa bbb","PATH=/bin"]`, `["DB_PASSWORD=*******","PATH=/bin"]`},
	{`["tool","--password","aaa bbb","x"]`, `["tool","--password","*******","x"]`},
	{`connect(password="aaa bbb",user="bob")`, `connect(password="*******",user="bob")`},
	{`os.environ["DB_PASSWORD"] = "aaa bbb"`, `os.environ["DB_PASSWORD"] = "*******"`},
	{`password => 'aaa bbb', user => 'bob'`, `password => '*******', user => 'bob'`},
	{`level=info password="aaa bbb" msg="it's done"`, `level=info password="*******" msg="it's done"`},
	{`Server=x;Password="aaa bbb";Database=y`, `Server=x;Password="*******";Database=y`},
	{`MY_ACCESS="abcdefghij1234 foo bar" ls`, `MY_ACCESS="**********************" ls`},
	{`machine h login bob password "aaa bbb" port 3`, `machine h login bob password "*******" port 3`},
	// Options.
	{`tool --password 'aaa bbb' --x`, `tool --password '*******' --x`},
	{`tool --password="aaa bbb" --x`, `tool --password="*******" --x`},
	{`tool --password=aaa\ bbb --x`, `tool --password=******** --x`},
	{`tool '--password=aaa bbb' --x`, `tool '--password=*******' --x`},
	{`tool --password 'aaa'"b b" --x`, `tool --password '***'"***" --x`},
	{`curl -u 'bob:aaa bbb' http://x`, `curl -u ************* http://x`}, // the rule of gitleaks includes the name
	{`curl -u bob:aaa\ bbb http://x`, `curl -u bob:******** http://x`},
	{`curl -u "bob:aa\"a b" http://x`, `curl -u "bob:*******" http://x`},
	{`curl -x p -u a:bbb --proxy-user "p:ccc ddd" x`, `curl -x p -u a:*** --proxy-user "p:*******" x`},
	{`mysql -p'aaa bbb' db`, `mysql -p'*******' db`},
	{`mysql "-paaa bbb" db`, `mysql "-p*******" db`},
	{`time=1 cmd="mysql -p'aaa bbb' db" user=bob`, `time=1 cmd="mysql -p'*******' db" user=bob`},
	{`sshpass -p"aaa bbb" ssh host`, `sshpass -p"*******" ssh host`},
	{`openssl x -passin 'pass:aaa1 bbb' -out f`, `openssl x -passin 'pass:********' -out f`},
	{`openssl x -passin pass:'aaa1 bbb' -out f`, `openssl x -passin pass:'********' -out f`},
	{`tool login --password-stdin <<< 'aaa bbb' && ls`, `tool login --password-stdin <<< '*******' && ls`},
	{`read -r DB_PASSWORD <<< "aaa bbb"`, `read -r DB_PASSWORD <<< "*******"`},
	{`sudo -S id <<<$'aaa bbb'`, `sudo -S id <<<$'*******'`},
	// Headers.
	{`curl -H 'Authorization: Bearer abcdef"123 456' x`, `curl -H 'Authorization: Bearer **************' x`},
	{`curl -H "Authorization: Custom abcdef 123456" x`, `curl -H "Authorization: ********************" x`},
	{`curl -H 'X-Api-Key: aaa bbb ccc' x`, `curl -H 'X-Api-Key: ***********' x`},
	{`curl -H Authorization:\ Bearer\ abcdef123456 x`, `curl -H Authorization:\ Bearer\ ************ x`},
	{`curl -H Authorization:' Bearer abcdef123456' x`, `curl -H Authorization:' Bearer ************' x`},
	{`curl -H 'Authorization: Digest username="b", realm="x y", response="abcdef"' x`, `curl -H 'Authorization: Digest ********************************************' x`},
	{`> Authorization: Digest username="b", realm="x", response="abcdef"`, `> Authorization: Digest ******************************************`},
	{`12:00 sent Authorization: Bearer abcdef123456 to host`, `12:00 sent Authorization: Bearer ************ to host`},
	{`{"Authorization": "Bearer abcdef123456", "X": "y z"}`, `{"Authorization": "Bearer ************", "X": "y z"}`},
	// URLs.
	{`psql postgres://app:a@aa@host/db`, `psql postgres://app:****@host/db`},
	{`psql postgres://app:aa/a1@host/db`, `psql postgres://app:*****@host/db`},
	{`psql 'postgres://app:aaa bbb@host/db' x`, `psql 'postgres://app:*******@host/db' x`},
	{`psql postgres://app:'aaa bbb'@host/db x`, `psql postgres://app:'*******'@host/db x`},
	{`psql "postgresql://app:aaa@host/db?x=a@b" -c 'x y'`, `psql "postgresql://app:***@host/db?x=a@b" -c 'x y'`},
	// Not secrets: a shell variable, an empty value, or something else.
	{line: `$ DB_PASSWORD=$(pass show foo) ls`},
	{line: `$ DB_PASSWORD="$(pass show "foo bar")" ls`},
	{line: "$ DB_PASSWORD=`pass show foo` ls"},
	{line: `$ DB_PASSWORD=$Y ls`},
	{line: `$ DB_PASSWORD="${Y}" ls`},
	{line: `$ DB_PASSWORD='$Y' ls`},
	{line: `$ DB_PASSWORD="aaa${Y}bbb" ls`},
	{line: `$ DB_PASSWORD="" ls /tmp`},
	{line: `$ DB_PASSWORD= ls /tmp`},
	{line: `$ echo "DB_PASSWORD=" is "foo"`},
	{line: `$ grep -q 'DB_PASSWORD=' .env && echo 'it is'`},
	{line: `$ sed -i 's/DB_PASSWORD=.*//' .env && ls`},
	{line: `$ printf 'DB_PASSWORD=%s\n' "$X" > .env`},
	{line: `~> set -e DB_PASSWORD foo`},
	{line: `~> set -l token (commandline -ct)`},
	{line: `tool --password $PW --x`},
	{line: `tool --password "$(cat f)" --x`},
	{line: `  '--password=[specify password to use]:password'`},
	{line: `curl -u "$U:$P" http://x`},
	{line: `curl -H "Authorization: Bearer $TOKEN" https://x`},
	{line: `psql postgres://app:$PW@host/db x`},
	{line: `http://host:8080/x@y and http://host:80/@scope`},
	{line: `cat <<< "$DB_PASSWORD"`},
	{line: `grep x <<< 'aaa bbb'`},
	{line: `headers['Authorization'] = ', '.join(header)`},
	{line: `password = config.get_password("x y")`},
}

func TestWords(t *testing.T) {
	r := mustNew(t, Options{})
	for _, tt := range wordCases {
		want := tt.want
		if want == "" {
			want = tt.line
		}
		out, _ := redacted(t, r, newTape(120, 3).add(format.Output, tt.line+"\r\n"))
		if got := strings.TrimSuffix(out.stream(format.Output), "\r\n"); got != want {
			t.Errorf("%s\nbecame\n%s\nwant\n%s", tt.line, got, want)
		}
	}
}

// Values are read whole wherever lines are searched: in input, markers, titles
// and encoded marks.
func TestWordsElsewhere(t *testing.T) {
	for _, tt := range []struct {
		code     format.Code
		in, want string
	}{
		{format.Input, "X_TOKEN='aaa bbb' ls\r", "X_TOKEN='*******' ls\r"},
		{format.Marker, "X_TOKEN='aaa bbb' ls", "X_TOKEN='*******' ls"},
		{format.Output, "\x1b]0;X_TOKEN='aaa bbb' ls\x07", "\x1b]0;X_TOKEN='*******' ls\x07"},
		{format.Output, "\x1b]133;C;cmdline_url=X_TOKEN%3D%27aaa%20bbb%27%20ls\x07", "\x1b]133;C;cmdline_url=X_TOKEN%3D%27*********%27%20ls\x07"},
		{format.Output, "\x1b]633;E;X_TOKEN='aaa\\x20bbb'\\x20ls\x07", "\x1b]633;E;X_TOKEN='**********'\\x20ls\x07"},
	} {
		out, _ := redacted(t, mustNew(t, Options{}), newTape(80, 5).add(tt.code, tt.in))
		if got := out.stream(tt.code); got != tt.want {
			t.Errorf("%q became %q; want %q", tt.in, got, tt.want)
		}
	}
}

// A value found in quotes is replaced elsewhere without quotes.
func TestQuotedElsewhere(t *testing.T) {
	in := newTape(80, 9).add(format.Output, `$ X_TOKEN='w8Kd pQ2x'\''Zr'"5m" run`+"\r\nw8Kd pQ2x'Zr5m\r\n")
	out, report := redacted(t, mustNew(t, Options{}), in)
	if got, want := out.stream(format.Output), `$ X_TOKEN='*********'**'**'"**" run`+"\r\n**************\r\n"; got != want {
		t.Errorf("output =\n%q\nwant\n%q", got, want)
	}
	if report.Secrets != 1 || len(report.Findings) != 1 || report.Findings[0].Count != 2 {
		t.Errorf("report = %+v; want one secret, twice", report)
	}
	// The text after the first word may not belong to the secret, so it stays
	// elsewhere.
	in = newTape(80, 9).add(format.Output, "$ X_TOKEN='w8Kd-pQ2x on 2025-01-02\r\nw8Kd-pQ2x on 2025-01-02\r\n")
	out, _ = redacted(t, mustNew(t, Options{}), in)
	if got, want := out.stream(format.Output), "$ X_TOKEN='***********************\r\n********* on 2025-01-02\r\n"; got != want {
		t.Errorf("output =\n%q\nwant\n%q", got, want)
	}
}

// A value in the header has no quotes, so the whole value is the secret.
func TestNamedValues(t *testing.T) {
	in := newTape(80, 5)
	in.header.Env = map[string]string{"PGPASSWORD": "correct horse\nbattery 'staple", "DB_TOKEN": "$OTHER", "PASSWORD_FILE": "/a b"}
	in.header.Extra = []format.Field{{Key: "x", JSON: `{"password":"hello you"}`}}
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if got, want := out.header.Env["PGPASSWORD"], "*************\n***************"; got != want {
		t.Errorf("PGPASSWORD = %q; want %q", got, want)
	}
	if got := out.header.Env["DB_TOKEN"] + out.header.Env["PASSWORD_FILE"]; got != "$OTHER/a b" {
		t.Errorf("values that are not secrets became %q", got)
	}
	if got, want := out.header.Extra[0].JSON, `{"password":"*********"}`; got != want {
		t.Errorf("header.x = %s; want %s", got, want)
	}
}

// load reads a recording of testdata.
func load(t *testing.T, name string) *tape {
	t.Helper()
	f, err := format.OpenFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := &tape{header: f.Header}
	for ev, err := range f.Events {
		if err != nil {
			t.Fatal(err)
		}
		in.events = append(in.events, ev)
	}
	return in
}

// quoted.cast has thirty lines from a bug report. The secrets are aaa and bbb.
func TestQuotedRecording(t *testing.T) {
	in := load(t, "quoted.cast")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if len(out.events) != 30 {
		t.Fatalf("got %d lines; want 30", len(out.events))
	}
	for i, ev := range out.events {
		switch line := strings.TrimSpace(ev.Data); line {
		case "$ DB_PASSWORD = aaa bbb", "$ db.password=aaa bbb", "$ db.password: aaa;bbb":
			// In source code, a plain word after such a name may be another
			// name, as these are not shell variables.
		default:
			for _, part := range []string{"aaa", "bbb", "ccc", "b c d", "dos"} {
				if strings.Contains(line, part) {
					t.Errorf("line %d: %q remains in %s", i+1, part, line)
				}
			}
		}
	}
	for i, want := range map[int]string{12: "' ./run --x", 13: "' cmd", 26: "' x"} {
		if got := strings.TrimSpace(out.events[i].Data); !strings.HasSuffix(got, want) {
			t.Errorf("line %d = %s; want %s at its end", i+1, got, want)
		}
	}
}

// quotedAtRandom writes text as one shell word, with its parts quoted in
// different ways.
func quotedAtRandom(r *rand.Rand, text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := 1 + r.IntN(min(len(text), 6))
		part := text[:n]
		text = text[n:]
		switch r.IntN(4) {
		case 0:
			b.WriteString("'" + strings.ReplaceAll(part, "'", `'\''`) + "'")
		case 1:
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(part) + `"`)
		case 2:
			b.WriteString("$'")
			for i := range len(part) {
				switch c := part[i]; {
				case c == '\'' || c == '\\':
					b.WriteString(`\` + string(c))
				case r.IntN(4) == 0:
					fmt.Fprintf(&b, []string{`\x%02x`, `\%03o`, `\u%04x`}[r.IntN(3)], c)
				default:
					b.WriteByte(c)
				}
			}
			b.WriteString("'")
		case 3:
			for i := range len(part) {
				if !wordByte(part[i]) || r.IntN(8) == 0 {
					b.WriteByte('\\')
				}
				b.WriteByte(part[i])
			}
		}
	}
	return b.String()
}

// TestWordsAsBash compares our words with bash's.
func TestWordsAsBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is skipped: bash is not installed", t.Name())
	}
	r := rand.New(rand.NewPCG(1, 1))
	var script strings.Builder
	var words []string
	for range 2000 {
		text := make([]byte, 1+r.IntN(30))
		for i := range text {
			const set = "abcXYZ012 '\"\\$`;&|()<>#,:=!*?{}[]~%@ \t"
			text[i] = set[r.IntN(len(set))]
		}
		w := quotedAtRandom(r, string(text))
		words = append(words, w)
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", w)
	}
	cmd := exec.Command(bash, "--norc", "--noprofile")
	cmd.Env = []string{"LC_ALL=C.UTF-8"}
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	if len(want) != len(words) {
		t.Fatalf("bash printed %d words; want %d", len(want), len(words))
	}
	for i, shown := range words {
		for _, behind := range []string{"", " ls", ";ls", "&&ls"} {
			w := line{text: []byte(shown + behind)}.word(0, style{})
			if w.end != len(shown) || w.open || !bytes.Equal(w.text, want[i]) {
				t.Fatalf("%q reads as %q, to byte %d of %d, open %v; bash reads %q", shown+behind, w.text, w.end, len(shown), w.open, want[i])
			}
		}
		l := line{text: []byte("X_TOKEN=" + shown + " ls")}
		if w := (match{text: l.text}).place(0, 8).word(style{strict: true}); w.end != len(shown)+8 && !strings.HasPrefix(shown, `\`) {
			t.Fatalf("%q ends at byte %d; want %d", l.text, w.end, len(shown)+8)
		}
	}
}

// Of thousands of names in one word, each has the rest of the word as its value. These
// are read in part, but a secret behind them goes as a whole, however long it is.
func TestManyNames(t *testing.T) {
	secret := strings.Repeat("aB3dE6gH9jK2", 60)
	for _, name := range []string{"X_TOKEN=(", "token=[", "'X_TOKEN=(", "--token=(", "Authorization:(", "pass:("} {
		in := newTape(200, 50)
		in.add(format.Output, strings.Repeat(name, 6000/len(name))+" GH_TOKEN="+secret+" end\r\n")
		out, _ := redacted(t, mustNew(t, Options{}), in)
		if text := out.stream(format.Output); strings.Contains(text, secret[:12]) || !strings.HasSuffix(text, " end\r\n") {
			t.Errorf("%q: redacted to %q", name, text[len(text)-900:])
		}
	}
}
