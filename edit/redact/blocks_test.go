package redact

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// Lines that are secrets because of those above them. Secrets stand between « and ».
func TestBlocks(t *testing.T) {
	r := mustNew(t, Options{})
	var key []string
	for i := range 6 {
		key = append(key, generated(uint64(i), 64, alnum+"+/"))
	}
	body := func(before, behind string) string {
		var b strings.Builder
		for _, line := range key {
			b.WriteString(before + "«" + line + "»" + behind + "\n")
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"secret":             "apiVersion: v1\ndata:\n  user: «YWRtaW51c2Vy»\n  pw: «UGViYmxlNjRXYXZl»\n  db-key: «SGVyb240MkZsdXg=»\nkind: Secret\nmetadata:\n  name: abcdefgh\n",
		"secret, nested":     "items:\n- apiVersion: v1\n  data:\n    pw: «UGViYmxlNjRXYXZl»\n  kind: Secret\n",
		"secret, JSON":       "{\n    \"data\": {\n        \"pw\": \"«UGViYmxlNjRXYXZl»\",\n        \"u\": \"«SGVyb240MkZsdXg=»\"\n    },\n    \"kind\": \"Secret\"\n}\n",
		"secret as text":     "kind: Secret\nstringData:\n  user: «bob»\n  pw: \"«Heron 42 Flux»\"\ntype: Opaque\n",
		"a map":              "apiVersion: v1\ndata:\n  level: information\n  mode: database\n  size: \"12345678\"\n  url: example\nkind: ConfigMap\n",
		"netrc":              "machine git.example\n  login bob\n  password «swordfish»\nmachine h2\n\tpassword «Heron42Flux»\n",
		"netrc, two lines":   "machine git.example login bob\npassword «swordfish»\n",
		"no netrc":           "the machine learns\npassword required\n",
		"environment":        "env:\n- name: DB_PASSWORD\n  value: \"«Heron42Flux»\"\n- name: MODE\n  value: production1\n- name: DB_PASSWORD_FILE\n  value: /run/x1\n",
		"environment, JSON":  "{\n    \"name\": \"API_TOKEN\",\n    \"value\": \"«Heron42Flux»\"\n},\n{\n    \"name\": \"MODE\",\n    \"value\": \"production1\"\n}\n",
		"parameter":          "- ParameterKey: DbPassword\n  ParameterValue: «Heron42Flux»\n",
		"from a reference":   "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db1\n      key: password\n  value2: x1\n",
		"property list":      "<dict>\n\t<key>Password</key>\n\t<string>«Heron42Flux»</string>\n\t<key>Name</key>\n\t<string>Willow52</string>\n</dict>\n",
		"FTP":                "220 ready\nUSER bob\n331 Password required\nPASS «swordfish»\n230 Logged in\n",
		"test results":       "PASS swordfish\nFAIL other\n",
		"terraform":          "var.db_password\n  The database password\n\n  Enter a value: «swordfish»\n\n",
		"terraform, none":    "var.region\n  The region\n\n  Enter a value: eu-central-1\n\n",
		"key":                "-----BEGIN RSA PRIVATE KEY-----\n" + body("", "") + "-----END RSA PRIVATE KEY-----\n",
		"key, indented":      "key: |\n    -----BEGIN PRIVATE KEY-----\n" + body("    ", "") + "    -----END PRIVATE KEY-----\nother: 1\n",
		"key in source code": "const key = \"-----BEGIN EC PRIVATE KEY-----\\n\" +\n" + body("\t\"", "\\n\" +") + "\t\"-----END EC PRIVATE KEY-----\"\n",
		"key in a diff":      "+-----BEGIN OPENSSH PRIVATE KEY-----\n" + strings.ReplaceAll(body("+", ""), "+«", "«+") + "+-----END OPENSSH PRIVATE KEY-----\n",
		"key with numbers":   "  1  -----BEGIN OPENSSH PRIVATE KEY-----\n" + body("  2  ", "") + "  9  -----END OPENSSH PRIVATE KEY-----\n",
		"key in a comment":   "# -----BEGIN PRIVATE KEY-----\n" + body("# ", "") + "# -----END PRIVATE KEY-----\n",
		"end of a key":       "$ tail -7 id_rsa\n" + body("", "") + "-----END RSA PRIVATE KEY-----\n$ ls\nMakefile\n",
		"PGP":                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + body("", "") + "-----END PGP PRIVATE KEY BLOCK-----\n",
		"PuTTY":              "Private-Lines: 6\n" + body("", "") + "Private-MAC: «0011»\n",
		"public key":         "-----BEGIN PUBLIC KEY-----\n" + strings.ReplaceAll(strings.ReplaceAll(body("", ""), "«", ""), "»", "") + "-----END PUBLIC KEY-----\n",
		"certificate":        "-----BEGIN CERTIFICATE-----\n" + strings.ReplaceAll(strings.ReplaceAll(body("", ""), "«", ""), "»", "") + "-----END CERTIFICATE-----\n",
	} {
		plain, secrets, want := marked(strings.ReplaceAll(text, "\n", "\r\n"))
		for seed := range uint64(3) {
			cols := []int{100, 100, 72}[seed]
			in := newTape(cols, 24).add(format.Output, plain)
			if seed > 0 {
				in = in.split(rand.New(rand.NewPCG(seed, 3)))
			}
			out, report := redacted(t, r, in)
			if got := out.stream(format.Output); got != want {
				t.Errorf("%s: output =\n%s\nwant\n%s\n%+v", name, got, want, report.Findings)
				break
			}
			if (report.Secrets > 0) != (len(secrets) > 0) {
				t.Errorf("%s: %d secrets", name, report.Secrets)
			}
		}
	}
	// In one line, whole or cut off.
	for _, text := range []string{
		`"private_key": "-----BEGIN PRIVATE KEY-----\n` + key[0] + `\n` + key[1] + `\n-----END PRIVATE KEY-----\n",`,
		`"private_key": "-----BEGIN PRIVATE KEY-----\n` + key[0] + `\n` + key[1],
		`KEY="-----BEGIN RSA PRIVATE KEY----- ` + key[0] + " " + key[1],
	} {
		for _, cols := range []int{400, 60} {
			out, _ := redacted(t, r, newTape(cols, 24).add(format.Output, text+"\r\n$ "))
			if where := leak(out, 8, key[0], key[1]); where != "" {
				t.Errorf("%s remains in %s", text, where)
			}
		}
	}
}
