package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// folded breaks text into lines of n bytes.
func folded(text string, n int) string {
	var lines []string
	for ; len(text) > n; text = text[n:] {
		lines = append(lines, text[:n])
	}
	return strings.Join(append(lines, text), "\r\n")
}

// escapedAll returns text with a format for each byte.
func escapedAll(text, format string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, format, text[i])
	}
	return b.String()
}

// derivedForms returns the forms of a secret that programs print.
func derivedForms(secret string) map[string]string {
	b64, digits := base64.StdEncoding.EncodeToString, hex.EncodeToString([]byte(secret))
	quoted, _ := json.Marshal(secret)
	long := strings.Repeat("some text ", 9)
	forms := map[string]string{
		"base64":             b64([]byte(secret)),
		"base64 with a line": b64([]byte(secret + "\n")),
		"base64 for URLs":    base64.URLEncoding.EncodeToString([]byte(secret)),
		"base64, unpadded":   base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"base64 of two":      b64([]byte("bob:" + secret)),
		"base64 of three":    b64([]byte("ann:x" + secret + "yz")),
		"base64, offset 2":   b64([]byte("ab" + secret)),
		"a header":           "> Authorization: Basic " + b64([]byte("root:"+secret)),
		"JSON":               `{"auth": "` + b64([]byte("root:"+secret)) + `"}`,
		"hex":                digits,
		"hex, upper case":    strings.ToUpper(digits),
		"hex with a line":    digits + "0a",
		"hex inside":         "0001" + digits + "ff",
		"hex with colons":    "",
		"od":                 strings.TrimSpace(escapedAll(secret, "%02x ")),
		"xxd":                "00000000: " + grouped(digits, 4, 4),
		"C":                  escapedAll(secret, `\x%02x`),
		"octal":              escapedAll(secret, `\%03o`),
		"JSON, numbers":      escapedAll(secret, `\u%04x`),
		"JSON, a string":     string(quoted),
		"percent":            escapedAll(secret, "%%%02X"),
		"percent, lower":     escapedAll(secret, "%%%02x"),
		"a query":            "https://h/?q=" + url.QueryEscape(secret) + "&x=1",
		"a path":             "https://h/" + url.PathEscape(secret) + "/x",
		"HTML":               "<p>" + html.EscapeString(secret) + "</p>",
		"HTML, numbers":      escapedAll(secret, "&#%d;"),
		"HTML, hex":          escapedAll(secret, "&#x%x;"),
		"single quotes":      "'" + strings.ReplaceAll(secret, "'", `'\''`) + "'",
		"other quotes":       "'" + strings.ReplaceAll(secret, "'", `'"'"'`) + "'",
		"double quotes":      `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(secret) + `"`,
		"YAML":               "'" + strings.ReplaceAll(secret, "'", "''") + "'",
		"CSV":                `"` + strings.ReplaceAll(secret, `"`, `""`) + `"`,
	}
	for i := range 12 {
		forms[fmt.Sprintf("base64 of a file %d", i)] = folded(b64([]byte(long[:40+i]+secret+long)), 76)
		forms[fmt.Sprintf("base64 of 64 columns %d", i)] = folded(b64([]byte(long[:38+i]+secret+long)), 64)
		forms[fmt.Sprintf("xxd -p %d", i)] = folded(hex.EncodeToString([]byte(long[:20+i]+secret+long)), 60)
	}
	delete(forms, "hex with colons")
	return forms
}

// A known secret is replaced in every form, before it is known and after, in output,
// input, titles and markers.
func TestDerived(t *testing.T) {
	r := mustNew(t, Options{})
	for _, secret := range []string{"abcdEFGH1234ijklMNOP5678qrs", `Tr0ub4d'r & "3" <x>/y?z`, "Heron42", "sk>>>???~~~42abcXYZ"} {
		quoted := "'" + strings.ReplaceAll(secret, "'", `'\''`) + "'"
		for name, form := range derivedForms(secret) {
			if len(secret) < 8 {
				if len(form) < 8 || strings.Contains(form, "\r\n") {
					continue
				}
			}
			for _, cols := range []int{80, 100, 33} {
				in := newTape(cols, 24)
				assign := "$ export API_TOKEN=" + quoted + "\r\n"
				if len(secret) < 8 {
					in.add(format.Input, "x\r").add(format.Output, "\r\nPassword: ").add(format.Input, secret).add(format.Input, "\r")
					assign = "\r\n"
				}
				in.add(format.Output, "$ cat x\r\n"+form+"\r\n"+assign+form+"\r\n$ ")
				flat := strings.ReplaceAll(form, "\r\n", "")
				in.add(format.Input, flat+"\r")
				in.add(format.Marker, form).add(format.Output, "\x1b]0;"+flat+"\x07").add(format.Output, "\x1b]7;file://h/"+flat+"\x07")
				out, report := redacted(t, r, in)
				left := strings.Join([]string{out.stream(format.Output), out.stream(format.Input)}, "\n")
				if !strings.Contains(form, "\r\n") {
					left += out.stream(format.Marker)
				}
				left = strings.NewReplacer("\r\n", "", "\n", "").Replace(left)
				// What remains of a form at its edges is less than five bytes of
				// the secret.
				if got := left; strings.Contains(got, secret) || remains(flat, got, secret) {
					t.Errorf("%s of %q in %d columns remains: %q (%+v)", name, secret, cols, got, report.Findings)
					break
				}
			}
		}
	}
}

// remains reports whether a part of a form that stands for the middle of the secret
// is in got.
func remains(form, got, secret string) bool {
	if i := strings.Index(form, secret); i >= 0 {
		form = form[i : i+len(secret)]
	}
	for _, code := range []func(string) string{
		func(s string) string { return s },
		func(s string) string { return hex.EncodeToString([]byte(s)) },
		func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s))[2:] },
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xx" + s))[3:] },
	} {
		for i := 0; i+6 <= len(secret); i++ {
			part := code(secret[i : i+6])
			if part = strings.TrimRight(part, "="); len(part) > 6 {
				part = part[:len(part)-1]
			}
			if strings.Contains(form, part) && strings.Contains(got, part) {
				return true
			}
		}
	}
	return false
}

// What a secret in base64 stands for is a secret too.
func TestDerivedFromBase64(t *testing.T) {
	in := newTape(80, 9).add(format.Output, "> Authorization: Basic Ym9iOkhlcm9uNDJGbHV4\r\n  DB_PASSWORD: UGViYmxlNjRXYXZl\r\nHeron42Flux and Pebble64Wave\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	if got := out.stream(format.Output); !strings.HasSuffix(got, "\r\n*********** and ************\r\n") {
		t.Errorf("output = %q", got)
	}
}

// The words of a passphrase remain where they stand alone.
func TestWordsOfPassphrase(t *testing.T) {
	secret := "not my real password"
	in := newTape(100, 9).add(format.Output, "export PASSPHRASE='"+secret+"'\r\nhttps://x.example/?p=not+my+real+password\r\nthe password and the authentication of a user\r\n")
	out, _ := redacted(t, mustNew(t, Options{}), in)
	want := "export PASSPHRASE='********************'\r\nhttps://x.example/?p=********************\r\nthe password and the authentication of a user\r\n"
	if got := out.stream(format.Output); got != want {
		t.Errorf("output =\n%s\nwant\n%s", got, want)
	}
}
