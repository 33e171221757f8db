package cli

import (
	"bytes"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/internal/await"
)

func TestProgressBar(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	seen, drawn := make(chan string), make(chan struct{})
	go func() {
		var all []byte
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf) // ends with an error when the terminal closes
			before := bytes.Contains(all, []byte("\r[#"))
			all = append(all, buf[:n]...)
			if !before && bytes.Contains(all, []byte("\r[#")) {
				close(drawn)
			}
			if err != nil {
				break
			}
		}
		seen <- string(all)
	}()
	var done atomic.Int64
	bar := startProgress(slave, func() (string, int64, int64) { return "a \x1b[31mname", done.Add(10), 200 })
	await.Receive(t, "the bar", drawn)
	io.WriteString(bar, "a note\n")
	bar.Stop()
	slave.Close()
	text := <-seen
	for _, want := range []string{"\r[#", "% a \\x1b[31mname\x1b[K", "\r\x1b[Ka note"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal got %q; want %q in it", text, want)
		}
	}
	if !strings.HasSuffix(text, "\r\x1b[K") && !strings.HasSuffix(text, "a note\r\n") {
		t.Errorf("the terminal got %q; want the bar erased at the end", text)
	}
}

func TestNoProgressBarInAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		bar := startProgress(&b, func() (string, int64, int64) { return "x", 1, 2 })
		time.Sleep(time.Hour)
		bar.Stop()
		if b.Len() > 0 {
			t.Errorf("the pipe got %q; want nothing", b.String())
		}
		if _, err := bar.Write([]byte("x")); err != nil || b.String() != "x" {
			t.Errorf("Write(\"x\") wrote %q, %v; want it unchanged", b.String(), err)
		}
	})
}

func TestProgressLine(t *testing.T) {
	if got, want := progressLine("x", 1, 2), "[###############...............]  50% x"; got != want {
		t.Errorf("progressLine = %q; want %q", got, want)
	}
	if line := progressLine(strings.Repeat("漢", 100), 300, 2); len([]rune(line)) > 79 {
		t.Errorf("progressLine returned %d characters; want at most 79: %q", len([]rune(line)), line)
	}
}
