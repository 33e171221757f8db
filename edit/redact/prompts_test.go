package redact

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// A prompt of a shell on the row of a prompt for a password, whose Enter is not
// echoed, is no secret; nor is one behind a full row.
func TestPromptIsNoSecret(t *testing.T) {
	r := mustNew(t, Options{})
	secret := "a7Zq9Kp2Xw4L"
	full := "ann@ip-10-0-3-17:~$ X_TOKEN=" + secret // 40 columns
	for name, parts := range map[string][]string{
		"read -s":         {"ann@ip-10-0-3-17:~$ read -s -p 'Password: ' PW\r\nPassword: ann@ip-10-0-3-17:~$ ls\r\nindex.html\r\nann@ip-10-0-3-17:~$ "},
		"its first":       {"Password: ann@ip-10-0-3-17:~$ ls\r\nindex.html\r\nann@ip-10-0-3-17:~$ "},
		"marked":          {"\x1b]133;A\x07web01 7 > read -s -p 'Password: ' PW\r\nPassword: \x1b]133;A\x07web01 7 > ls\r\nweb01 7 > "},
		"marked as VS":    {"Password: \x1b]633;A\x07web01_7| ls\r\nweb01_7| "},
		"its words":       {"web01% read -s '?Password: ' PW\r\nPassword: web01% ls\r\nindex.html\r\nweb01% "},
		"in brackets":     {"Password: [ann@h1 ~]$ ls -l\r\n[ann@h1 ~]$ "},
		"of bash":         {"Password: bash-5.1$ ls\r\nbash-5.1$ "},
		"of PowerShell":   {"Password: PS C:\\Users\\ann1> ls\r\n"},
		"of a container":  {"Token: root@a1b2c3d4e5f6:/# ls\r\n"},
		"in German":       {"Passwort: ann@ip-10-0-3-17:~$ ls\r\n"},
		"sudo -S":         {"$ sudo -S id < f\r\n[sudo] password for bob: uid=0(root) gid=0(root)\r\n$ "},
		"passphrase":      {"Enter passphrase: ann@ip-10-0-3-17:~$ ls\r\n"},
		"echo":            {full + "\r\nann@ip-10-0-3-17:~$ ls\r\nindex.html\r\nann@ip-10-0-3-17:~$ ", secret},
		"readline":        {"\x1b[?2004h" + full + " \r\x1b[A\x1b[39C\x1b[KL\r\n\x1b[?2004l\rindex.html\r\n\x1b[?2004hann@ip-10-0-3-17:~$ ", secret},
		"readline, plain": {full + " \r\x1b[A\x1b[39C\x1b[KL\r\nann@ip-10-0-3-17:~$ ls\r\nindex.html\r\nann@ip-10-0-3-17:~$ ", secret},
		"zsh":             {"\x1b[?2004h" + full + " \x1b[K\r\x1b[?2004l\r\r\nindex1.html\r\n", secret},
		"marked, full":    {full + "\x1b]133;A\x07ann@ip-10-0-3-17:~$ ls\r\nann@ip-10-0-3-17:~$ ", secret},
		"no line feed":    {"X_TOKEN=" + secret + "\x1b]133;A\x07ann@ip-10-0-3-17:~$ ls\r\nann@ip-10-0-3-17:~$ ", secret},
		"at the bottom":   {strings.Repeat("\r\n", 20) + full + "\r\nann@ip-10-0-3-17:~$ ls\r\nindex.html\r\nann@ip-10-0-3-17:~$ ", secret},
	} {
		for seed := range uint64(3) {
			in := newTape(40, 9).add(format.Output, parts[0])
			if seed > 0 {
				in = in.split(rand.New(rand.NewPCG(seed, 3)))
			}
			out, report := redacted(t, r, in)
			want := parts[0]
			for _, secret := range parts[1:] {
				want = strings.ReplaceAll(want, secret, strings.Repeat("*", len(secret)))
				want = strings.ReplaceAll(want, "\x1b[KL", "\x1b[K*")
			}
			if got := out.stream(format.Output); got != want {
				t.Errorf("%s: output =\n%q\nwant\n%q\n%+v", name, got, want, report.Findings)
				break
			}
		}
	}
}

// A program that wraps lines itself prints the rest of a value behind a line feed.
func TestFoldedValue(t *testing.T) {
	secret := generated(3, 70, alnum)
	text := "export X_TOKEN=" + secret
	in := newTape(40, 9).add(format.Output, text[:40]+"\r\n"+text[40:80]+"\r\n"+text[80:]+"\r\n$ ls -l\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if where := leak(out, 4, secret); where != "" {
		t.Errorf("the secret remains in %s", where)
	}
	if got := out.stream(format.Output); !strings.HasSuffix(got, "*\r\n$ ls -l\r\n") {
		t.Errorf("output = %q", got)
	}
}

// Keys typed before the program asks are echoed, before its prompt and behind it.
func TestTypedAhead(t *testing.T) {
	r := mustNew(t, Options{})
	for name, tt := range map[string]struct {
		steps []string // output, and input after a "<"
		want  string
	}{
		"before":     {[]string{"$ sudo id\r\n", "<hun", "hun", "[sudo] password for bob: ", "<ter22", "<\r", "\r\nuid=0\r\n"}, "$ sudo id\r\n***[sudo] password for bob: \r\nuid=0\r\n"},
		"in parts":   {[]string{"$ ftp h\r\n", "<hun", "hun", "Password: ", "<ter22", "ter22", "<\r", "\r\nok\r\n"}, "$ ftp h\r\n***Password: *****\r\nok\r\n"},
		"whole":      {[]string{"$ su\r\n", "<hunter22", "hunter22", "Password: ", "<\r", "\r\n# "}, "$ su\r\n********Password: \r\n# "},
		"not echoed": {[]string{"$ su\r\n", "<hunter22", "Password: ", "<\r", "\r\n# "}, "$ su\r\nPassword: \r\n# "},
	} {
		in := newTape(60, 9)
		for _, step := range tt.steps {
			if keys, ok := strings.CutPrefix(step, "<"); ok {
				in.add(format.Input, keys)
			} else {
				in.add(format.Output, step)
			}
		}
		out, report := redacted(t, r, in)
		if got := out.stream(format.Output); got != tt.want {
			t.Errorf("%s: output = %q; want %q: %+v", name, got, tt.want, report.Findings)
		}
		if got := out.stream(format.Input); got != "********\r" {
			t.Errorf("%s: input = %q", name, got)
		}
	}
	// Without the input, only what stands before sudo's prompt is known.
	in := newTape(60, 9).add(format.Output, "hun[sudo] password for bob: ter22\r\n")
	out, _ := redacted(t, r, in)
	if got, want := out.stream(format.Output), "***[sudo] password for bob: *****\r\n"; got != want {
		t.Errorf("output = %q; want %q", got, want)
	}
	// A line typed at a shell that ends as a prompt does is none.
	for _, prompt := range []string{"$ ", "bob@web:~/my-secrets$ "} {
		for _, line := range []string{"echo Password:", "read -s -p 'Password: ' x; echo done"} {
			in = newTape(90, 9).add(format.Output, prompt).add(format.Input, line).add(format.Output, line).add(format.Input, "\r").add(format.Output, "\r\nok\r\n"+prompt)
			if out, report := redacted(t, r, in); report.Secrets > 0 {
				t.Errorf("output = %q, input %q", out.stream(format.Output), out.stream(format.Input))
			}
		}
	}
}

// What is typed at a prompt for a secret is removed from the input, in any language,
// whether it is echoed or not.
func TestTypedSecret(t *testing.T) {
	r := mustNew(t, Options{})
	for _, prompt := range []string{
		"Password: ", "Passwort: ", "Mot de passe : ", "Contraseña: ", "Password di bob: ", "Senha:", "Hasło: ", "Пароль: ", "[sudo] пароль до bob: ", "パスワード: ", "密码：", "암호: ", "Heslo: ", "Jelszó: ", "كلمة السر: ",
	} {
		for _, echo := range []string{"bicycle", "*******", ""} {
			in := newTape(80, 9).add(format.Output, "$ login\r\n"+prompt)
			for i, c := range "bicycle" {
				in.add(format.Input, string(c))
				if echo != "" {
					in.add(format.Output, echo[i:i+1])
				}
			}
			in.add(format.Input, "\r").add(format.Output, "\r\n$ ").add(format.Input, "ls\r").add(format.Output, "ls\r\nMakefile\r\n$ ")
			out, _ := redacted(t, r, in)
			if got, want := out.stream(format.Input), "*******\rls\r"; got != want {
				t.Errorf("%q, echo %q: input = %q; want %q", prompt, echo, got, want)
			}
			if got := out.stream(format.Output); strings.Contains(got, "bicycle") || !strings.Contains(got, "ls\r\nMakefile") {
				t.Errorf("%q, echo %q: output = %q", prompt, echo, got)
			}
		}
	}
	// The stars of an echo may come before the keys.
	in := newTape(80, 9).add(format.Output, "$ login\r\n? Paste your authentication token: *******").add(format.Input, "bicycle").add(format.Input, "\r").add(format.Output, "\r\n$ ")
	out, _ := redacted(t, r, in)
	if got, want := out.stream(format.Input), "*******\r"; got != want {
		t.Errorf("input = %q; want %q", got, want)
	}
	// The shell reads without an echo.
	in = newTape(80, 9).add(format.Output, "$ read -rs X\r\n").add(format.Input, "bicycle\r").add(format.Output, "$ ").add(format.Input, "ls\r").add(format.Output, "ls\r\n")
	out, _ = redacted(t, r, in)
	if got, want := out.stream(format.Input), "*******\rls\r"; got != want {
		t.Errorf("input = %q; want %q", got, want)
	}
	// A directory is no prompt.
	in = newTape(80, 9).add(format.Output, "bob@web ~/token/passwort> ").add(format.Input, "ls -l\r").add(format.Output, "ls -l\r\n")
	if _, report := redacted(t, r, in); report.Secrets > 0 {
		t.Errorf("%+v", report.Findings)
	}
}

// The report shows the text around a secret, and no secret; it numbers them without
// gaps.
func TestReportContext(t *testing.T) {
	in := newTape(80, 9)
	in.header.Command = "tool --token " + token
	in.add(format.Output, "$ curl -u admin:Pa55w0rdBasicZZ --header 'X-Api-Key: Heron42FluxCrane' h\r\n")
	in.add(format.Output, "$ redis-cli -a Heron42Flux\b\b\b\x1b[3P7Z9 ping\r\n[sudo] password for bob: Mango88Splash\r\n")
	in.add(format.Output, "\x1b]0;run "+token+" now\x07\x1b]52;c;"+"R0hfVE9LRU49Z2hwX1prM3ZUOXdMcTJYbjdSYlk1c01kOEhmR2M0UGpBZTZVaU8xdA=="+"\x07")
	in.add(format.Input, "echo "+token+"\r").add(format.Marker, "漢字 "+token+" x")
	_, report := redacted(t, mustNew(t, Options{}), in)
	seen := map[int]bool{}
	want := map[string]bool{
		"tool --token " + strings.Repeat("*", 40): true, "[sudo] password for bob: *************": true, "run " + strings.Repeat("*", 40) + " now": true,
		"echo " + strings.Repeat("*", 40): true, "漢字 " + strings.Repeat("*", 40) + " x": true, "$ redis-cli -a *********** ping": true,
	}
	for _, f := range report.Findings {
		seen[f.Secret] = true
		delete(want, f.Context)
		if !strings.Contains(f.Context, "*") {
			t.Errorf("%+v has no context", f)
		}
		for _, part := range []string{"Zk3v", "O1t", "Pa55", "Heron", "Mango", "Wmszd"} {
			if strings.Contains(f.Context, part) {
				t.Errorf("context %q has a part of a secret", f.Context)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no findings with the context %v: %+v", want, report.Findings)
	}
	for i := range report.Secrets {
		if !seen[i+1] {
			t.Errorf("no finding has the secret %d of %d: %+v", i+1, report.Secrets, report.Findings)
		}
	}
	if len(seen) != report.Secrets {
		t.Errorf("%d numbers; want %d", len(seen), report.Secrets)
	}
}

// Recordings in the shape of bug reports.
func TestReports(t *testing.T) {
	for name, secrets := range map[string][]string{
		"prompts-and-options.cast": {
			"AKIAQWERTYUIOPASDFGH", "kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9z", "Mango88Splash", "Mango77Splash", "CAESIJ1a2b3c4d5e6f7g8h9i0jKLMNOPQRSTUVWXYZabcd",
			"Heron42Flux", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVB", "UGViYmxlNjRXYXZl", "Willow52Peak",
		},
		"derived.cast": {"abcdEFGH1234ijklMNOP5678qrs", "YWJjZEVGR0gxMjM0aWprbE1OT1A1Njc4cXJz", "616263644546474831323334696a6b6c4d4e4f503536373871", "Pa55w0rdBasicZZ", "YWRtaW46UGE1NXcwcmRCYXNpY1pa"},
		"read-s.cast":  nil,
	} {
		in := load(t, name)
		out, report := redacted(t, mustNew(t, Options{}), in)
		for _, secret := range secrets {
			if where := leak(out, 8, secret); where != "" {
				t.Errorf("%s: %s remains in %s", name, secret, where)
			}
		}
		if secrets == nil && report.Secrets > 0 {
			t.Errorf("%s: %+v; want no secret", name, report.Findings)
		}
	}
}
