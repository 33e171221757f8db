package redact

import (
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// Lines that are secrets because of those above them. Secrets stand between « and ».
func TestBlocks(t *testing.T) {
	r := mustNew(t, Options{})
	if len(entryKinds) > bits.UintSize {
		t.Errorf("%d kinds; want at most %d, as screen.heads has a bit of each", len(entryKinds), bits.UintSize)
	}
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
		"OpenVPN":            "-----BEGIN OpenVPN Static key V1-----\n" + body("", "") + "-----END OpenVPN Static key V1-----\n",
		"minisign":           "untrusted comment: minisign encrypted secret key\n" + body("", "")[:68] + "\n",
		"made":               "$ openssl rand -hex 20\n«4dce1118813830d71939b53182e4e349d98729e7»\n$ ls\nabcdef1234567890\n",
		"made, several":      "bob@web1:~$ pwgen 8 3\n«7czdxvzp» «v1uz9du7» «jwp1axg7»\nbob@web1:~$ \n",
		"made, not shown":    "$ openssl rand -hex 20 > key1.txt\nbob42@web1:~$ openssl rand -hex 20 | docker secret create x -\n7czdxvzp12\n",
		"shown":              "$ kubectl get secret db -o jsonpath='{.data.password}' | base64 -d\n«LbyoVFz8uZdZv8FuKKIB»\n$ gcloud auth print-access-token\n«ya29.or2hCsgkGvp8kD0D3Ms8GbLkV3AZkGAs-M»\n",
		"shown, a variable":  "$ echo $DB_PASSWORD\n«swordfish»\n$ echo ${PATH}\n/usr/bin\n$ printenv API_TOKEN\n$ ls -l\n",
		"made of bytes":      "$ head -c 8 /dev/random\nQt1l2D3x9\n$ tr -dc A-Za-z0-9 </dev/urandom | head -c 12\n«vB7kM4qL7wE1»\n",
		"shown, a file":      "$ cat /run/secrets/db1\n«Heron42Flux»\n$ cat token.go\npackage main\n$ cat /etc/passwd\nroot:x:0:0::/root:/bin/sh\n",
		"a manager":          "$ pass show web/example.org\n«correct horse 9»\nlogin: bob42\n$ pass show x1\nError: x1 is not in the password store.\n$ pass -c web/x1\nCopied web/x1 to clipboard.\n",
		"a manager makes":    "$ pass generate web/x 14\nThe generated password for web/x is:\n«%Sazaga51^5d8»\n",
		"announced":          "Please use the following password to proceed to installation:\n\n«e9d4a455b817a151dd64b338ec80cc5c»\n\nThis may also be found at: /var/x1\n",
		"announced, framed":  "│ Save this token, it is shown only once: │\n│ «LfGXMR5fCtI5V2a3» │\n",
		"announced, none":    "The password is stored in the following file:\n\n/etc/app/pw1.conf\nGenerate a token as follows:\n\ntool-1.2.3 login\n",
		"codes":              "Your emergency scratch codes are:\n  «44302720»\n  «43468681»\n\nDone 12345678\n",
		"codes, grouped":     "Recovery codes (keep them safe):\n  1. «n1abd-q5t8t»\n  2. «81771-y3wcw»\n",
		"exit codes":         "Exit codes:\n  12345678\nHTTP status codes:\n  404\n",
		"words":              "Write down your seed phrase:\n«abandon ability able about above absent absorb abstract absurd abuse access accident»\n",
		"users":              "# chpasswd <<EOF\n> bob:«swordfish»\n> ann:«Heron42»\n> EOF\n",
		"here-document":      "$ docker login -u ann --password-stdin <<EOF\n> «swordfish»\n> EOF\n",
		"reset":              "Password for the [elastic] user successfully reset.\nNew value: «+Heron42=Flux»\nOther value: x12345\n",
		"PPP":                "# client server secret IP addresses\nbob * «Heron42Flux» *\n",
		"continued lines":    "$ curl -sS \\\n> -H 'Accept: text/html' \\\n> -u 'bob:«+Vorifa29=lvf»' \\\n> https://x.example/\n$ id -u bob:Vorifa2\n",
		"continued, mysql":   "$ mysql -h db1 \\\n>   -u bob -p«swordfish» \\\n>   -P 3306\n",
		"terraform output":   "{\n  \"db_password\": {\n    \"sensitive\": true,\n    \"type\": \"string\",\n    \"value\": \"«swordfish»\"\n  },\n  \"region\": {\n    \"value\": \"eu-central-1\"\n  }\n}\n",
		"unattended":         "<AdministratorPassword>\n  <Value>«swordfish»</Value>\n</AdministratorPassword>\n<Name>\n  <Value>web1</Value>\n",
		"cloud-init":         "chpasswd:\n  list: |\n    root:«swordfish»\n    bob:RANDOM\nusers:\n  - name:x\n",
		"debugger":           "(gdb) print cfg->password\n$1 = 0x55d \"«swordfish»\"\n(gdb) p cfg->name\n$2 = 0x55d \"web1\"\n",
		"parameter of AWS":   "    \"Parameter\": {\n        \"Name\": \"/app/x\",\n        \"Type\": \"SecureString\",\n        \"Value\": \"«swordfish»\",\n        \"Version\": 1\n",
		"secret of Azure":    "{\n  \"id\": \"https://v.vault.example/secrets/db/1\",\n  \"managed\": null,\n  \"value\": \"«swordfish»\"\n}\n",
		"cracked":            "$ john --show hashes\nbob:«swordfish»:1001::/home/bob:/bin/sh\n1 password hash cracked\n",
		"picked":             "$ jq -r .password creds.json\n«Zatibe78»\n$ grep DB_PASSWORD .env | cut -d= -f2\n«Fadalu11»\n$ jq -r .name x.json\nweb12345\n",
		"storage account":    "  {\n    \"keyName\": \"key1\",\n    \"permissions\": \"FULL\",\n    \"value\": \"«kX9vB2nM4qL7wE1rT5yU8iO3pA6sD0fG2hJ4kL9zX9vB2n==»\"\n  }\n",
		"box":                "┌─────Login──────┐\n│ Enter password │\n│ «Pasafa85»     │\n└────────────────┘\n",
		"table":              "+----+------+----------+\n| id | name | password |\n+----+------+----------+\n|  1 | ann1 | «Kibobo12» |\n|  2 | bob2 | «Kibobo13» |\n+----+------+----------+\n",
		"table of psql":      " id | token       | name\n----+-------------+------\n  1 | «Heron42Flux» | ann12345\n",
		"table, aligned":     "TOKEN                     TTL         USAGES\n«abcdef.0123456789abcdef»   23h         signing1\n",
		"table, a manual":    "| Option | Password |\n|--------|----------|\n| user42 | required |\n",
		"table of files":     "x_autopasswd          expect1\nupdate-environment2   tokens12345\n",
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
