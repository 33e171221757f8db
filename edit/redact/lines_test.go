package redact

import (
	"context"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// linePieces are what FuzzLines makes a recording of: plain lines, secrets, and what
// ends a run of plain lines or gives them another meaning.
var linePieces = []string{
	"func main() {\r\n", "\tif err != nil {\r\n", "\t\treturn err\r\n", "\r\n", "\t\r\n", "    \r\n", "x", " ", "key", "\t", "\r", "\n",
	"\x1b[32mok\x1b[0m  \x1b[1;31mfailed\x1b[m\r\n", "\t\x1b[1mbold\x1b[22m\r\n", "\x1b[0m\r\n", "name\tvalue\tkey\r\n",
	"GH_TOKEN=" + token + "\r\n", "\t\tGH_TOKEN=" + token + "\r\n", token + "\r\n", "  " + token[:20] + "\r\n", "\t" + token[6:] + "\r\n",
	"GH_TOKEN=ghp_0123x\r\n", "\tGH_TOKEN=\x1b[32mghp_0\x1b[0m\r\n", "X_TOKEN=y\tGH_TOKEN=ghp_z\r\n",
	"token: \"p%40ss%2Fw0rd%21x\"\r\n", "p@ss/w0rd!x\r\n", "Z2hwX2FCM2RFNmdIOWpLMm1ONXBRM3JTNnRVOXZX\r\n",
	"dXNlcjpnaHBfYUIzZEU2Z0g5aksybU41cFEzclM\r\n", "password for bob: hunter2x\r\n", "Enter PIN: 4711\r\n", "mapping: keys\r\n",
	"bob@host:~$ ls\r\n", "host$ cat secret.txt\r\n", "Password: host$ id\r\n",
	"-----BEGIN RSA PRIVATE KEY-----\r\n", "MIIEowIBAAKCAQEAq0Zr7yqYv0bT8mWc\r\n", "\tMIIEowIBAAKCAQEAq0Zr7yqYv0bT8mWc\r\n", "-----END RSA PRIVATE KEY-----\r\n", "word\r\n",
	"data:\r\n", "  password: aHVudGVyMmh1bnRlcjI=\r\n", "stringData:\r\n", "  user: correct-horse\r\n", "machine x.example\r\n", "  password hunter3hunter\r\n",
	"var.db_password\r\n", "  Enter a value: s3cr3t-s3cr3t\r\n",
	"\x1b[1;1H", "\x1b[99;1H", "\x1b[A", "\x1b[2K", "\x1b[K", "\x1b[4h", "\x1b[4l", "\x1b(0", "\x1b(B", "\x1b[2;4r", "\x1b[r", "\x1b[3g", "\x1bH", "\x1b[?7l", "\x1b[?7h",
	"\x1b[?1049h", "\x1b[?1049l", "\x1b[?2004h", "\x1b[?2004l", "\x1b]133;A\x07", "\x1b]133;C\x07", "\x1bN", "\x1b[?69h\x1b[2;9s", "\x1b[?69l", "\x1bc", "\b", "\a",
	"12345678GH_TOKEN=\x1f" + token + "\r\n", "a long line\x80 of text\r\n", "a long li\x7fne of text\r\n", "a longer\x1f line\r\n", "GH_TOKEN=ghp_\x1f0123\r\n",
	"gr\u00fc\u00dfe\r\n", "漢字\r\n", "e\u0301\r\n", "\xff\r\n", strings.Repeat("long line ", 14) + "\r\n", strings.Repeat("a1", 30), strings.Repeat("=", 20),
}

// lineTape returns a recording of n pieces, and of text somewhere among them.
func lineTape(rng *rand.Rand, n int, text string) *tape {
	in := newTape(2+rng.IntN(90), 1+rng.IntN(10))
	at := rng.IntN(n + 1)
	var few []string // a run of the same few pieces
	for i := range n {
		if i == at {
			in.add(format.Output, text)
		}
		if i%12 == 0 {
			few = few[:0]
			for range 1 + rng.IntN(4) {
				few = append(few, linePieces[rng.IntN(len(linePieces))])
			}
		}
		switch rng.IntN(60) {
		case 0:
			in.add(format.Input, "ls "+token[:rng.IntN(len(token))]+"\r")
		case 1:
			in.add(format.Resize, "40x8")
		case 2:
			in.add(format.Marker, "key "+token)
		case 3, 4, 5, 6, 7, 8:
			in.add(format.Output, linePieces[rng.IntN(len(linePieces))])
		case 9, 10:
			in.add(format.Output, strings.Repeat("}\r\n", rng.IntN(20)))
		default:
			in.add(format.Output, few[rng.IntN(len(few))])
		}
	}
	return in
}

// FuzzLines checks that plain lines that wait, and are searched as they are in the
// stream, leave the same recording and the same report as drawing each of them, and so
// do parts that are searched at the same time.
func FuzzLines(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed, uint64(i))
	}
	for i := range uint64(200) {
		f.Add("", i)
	}
	r, err := New(Options{Texts: []string{"b c"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if len(text) > 4096 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 9))
		in := lineTape(rng, 20+rng.IntN(200), text)
		if rng.IntN(3) > 0 {
			in = in.split(rng)
		}
		least := int64(1 + rng.IntN(2000))
		var events [2][]format.Event
		var reports [2]*Report
		for i := range events {
			scan := r.Scan(in.header)
			scan.least = least
			scan.workers = 3
			if i == 1 {
				scan.run.out.tok.lines = nil
				scan.workers = 1
			}
			for _, ev := range in.events {
				if err := scan.Event(ev); err != nil {
					t.Fatal(err)
				}
			}
			cast, report, err := scan.Finish(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for ev, err := range cast.Events {
				if err != nil {
					t.Fatal(err)
				}
				events[i] = append(events[i], ev)
			}
			reports[i] = report
		}
		for i := range events[0] {
			if got, want := events[0][i], events[1][i]; got != want {
				t.Fatalf("event %d is %q if lines wait, and %q if they are drawn, of %q", i, got.Data, want.Data, in.events[i].Data)
			}
		}
		if !reflect.DeepEqual(reports[0], reports[1]) {
			t.Errorf("the report is\n%+v\nif lines wait, and\n%+v\nif they are drawn", reports[0], reports[1])
		}
	})
}

// Eight bytes are taken for printable ASCII only if each of them is.
func TestPrintable(t *testing.T) {
	for c := range 256 {
		for i := range 8 {
			text := []byte("abcdefgh")
			text[i] = byte(c)
			if printable(string(text)) && (c < 0x20 || c > 0x7e) {
				t.Errorf("%q is taken for printable", text)
			}
		}
	}
	if !printable("abc ~!09") {
		t.Error("printable ASCII is not")
	}
}
