package record

import (
	"testing"

	"github.com/ttydeck/ttydeck/internal/tty"
)

// TestSecrecyOfEditors: input to an editor is recorded, whatever words it
// contains.
func TestSecrecyOfEditors(t *testing.T) {
	raw := tty.Mode{}
	var y secrecy
	var got []byte
	for _, line := range []string{"echo password: abc", "mysql --password=x", "vim token:"} {
		y.printed("\r\n\x1b[?2004hme@box:~$ ")
		for _, c := range line {
			got = append(got, y.typed([]byte(string(c)), raw)...)
			y.printed(string(c))
		}
		got = append(got, y.typed([]byte("\r"), raw)...)
	}
	if want := "echo password: abc\rmysql --password=x\rvim token:\r"; string(got) != want {
		t.Errorf("input %q; want %q", got, want)
	}
	y.printed("\x1b[?1049hPassword: ")
	if got := y.typed([]byte("x"), raw); string(got) != "x" {
		t.Errorf("input to a full-screen editor %q; want x", got)
	}
	y.printed("\x1b[?1049l\r\nEnter the API key: ")
	y.typed([]byte("\r"), raw)
	if got := y.typed([]byte("s3cr3t-key"), raw); len(got) > 0 {
		t.Errorf("input at a prompt for a key %q; want none", got)
	}
}
