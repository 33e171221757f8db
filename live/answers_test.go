package live

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ttydeck/ttydeck/internal/await"
)

// asks is a program that queries its terminal, reports the answers, and ends at
// the key q.
const asks = `
import os, sys, tty
tty.setraw(0)
def ask(q, *ends):
    os.write(1, q)
    got = b""
    for end in ends:
        while not got.endswith(end):
            got += os.read(0, 1)
    return got
os.write(1, b"\x1b[5;7H")
a = ask(b"\x1b[6n\x1b[c", b"R", b"c")
a += ask(b"\x1b[>c\x1b[>q", b"c", b"\\")
a += ask(b"\x1b[18t", b"t")
a += ask(b"\x1b[?2026h\x1b[?2026$p\x1b[?2026l\x1b[?9999$p", b"y", b"y")
a += ask(b"\x1b]11;?\x07", b"\x07")
a += ask(b"\x1b[2;3H\x1b[?6n\x1b[5n", b"R", b"n")
os.write(1, b"\x1b[H" + repr(a).encode() + b"\r\n")
open(sys.argv[1], "wb").write(a)
while os.read(0, 1) != b"q": pass
`

// A session without a terminal answers its program's queries once, with any
// number of watchers.
func TestAnswers(t *testing.T) {
	const want = "\x1b[5;7R\x1b[?62;22c\x1b[>1;10;0c\x1bP>|ttydeck\x1b\\\x1b[8;24;80t\x1b[?2026;1$y\x1b[?9999;0$y\x1b]11;rgb:0000/0000/0000\x07\x1b[?2;3R\x1b[0n"
	for _, watchers := range []int{0, 1, 3} {
		t.Run(fmt.Sprint(watchers), func(t *testing.T) {
			d := newDir(t)
			said := filepath.Join(t.TempDir(), "said")
			start := filepath.Join(t.TempDir(), "start")
			r := serve(t, d, Options{Name: "s"}, "sh", "-c", `while test $2 != 0 && ! test -e "$3"; do sleep 0.01; done; exec python3 -c "$0" "$1"`, asks, said, fmt.Sprint(watchers), start)
			c := clientOf(t, d, "s")
			for range watchers {
				w, err := c.Watch(t.Context())
				l := look(t, w, err)
				go func() {
					for l.step(t.Context()) == nil {
					}
				}()
			}
			if err := os.WriteFile(start, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			var got []byte
			await.Until(t, "the answers", func() bool {
				got, _ = os.ReadFile(said)
				return len(got) > 0
			})
			if string(got) != want {
				t.Errorf("answers %q\nwant %q", got, want)
			}
			if st, err := c.State(t.Context()); err != nil || st.Watching != watchers {
				t.Errorf("%d watch, %v; want %d: who answers is none of them", st.Watching, err, watchers)
			}
			c.Type(t.Context(), []byte("q"))
			r.wait(t)
		})
	}
}
