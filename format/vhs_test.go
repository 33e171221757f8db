package format

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// typedSession returns a session in which keys are typed and echoed.
func typedSession(keys ...string) Cast {
	var events []Event
	now := time.Duration(0)
	for _, k := range keys {
		now += 100 * time.Millisecond
		events = append(events, Event{Time: now, Code: Input, Data: k}, Event{Time: now, Code: Output, Data: k})
	}
	return castOf(Header{}, events...)
}

// tapeOf returns the commands of a tape, and the losses.
func tapeOf(t *testing.T, src Cast) (commands []string, lost []Loss) {
	t.Helper()
	var b strings.Builder
	w, err := VHS.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := Copy(w, src); err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(b.String(), "Output recording.gif\n")
	if !ok {
		t.Fatalf("tape has no Output command: %s", b.String())
	}
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" {
			commands = append(commands, line)
		}
	}
	return commands, LossesOf(w)
}

func TestTape(t *testing.T) {
	for _, row := range []struct {
		name string
		src  Cast
		want string
		lost string
	}{
		{"text at a pace", typedSession("l", "s", " ", "-", "l", "\r"), `Sleep 100ms|Type@100ms "ls -l"|Enter@1ms`, ""},
		{"all quotes", typedSession("\"'`", "\r"), "Sleep 100ms|Type@1ms `\"'`|Type@1ms \"`\"|Sleep 97ms|Enter@1ms", ""},
		{"the longest key counts", typedSession("\x1b[A", "\x1b[D", "\x1b[C", "\x1b", "\x1bb", "\x1b[3~", "\x03"),
			"Sleep 100ms|Up@1ms|Sleep 99ms|Left@1ms|Sleep 99ms|Right@1ms|Sleep 99ms|Escape@1ms|Sleep 99ms|Alt+b@1ms|Sleep 99ms|Delete@1ms|Sleep 99ms|Ctrl+C@1ms", ""},
		{"a key's sequence that is split", typedSession("\x1b[", "A"), "Sleep 200ms|Up@1ms", ""},
		{"the same key again", typedSession("\x7f", "\x7f", "\x7f"), "Sleep 100ms|Backspace@100ms 3", ""},
		{"a long pause is one", castOf(Header{}, Event{Time: ms(0), Code: Input, Data: "a"}, Event{Time: ms(2500), Code: Input, Data: "b"}),
			`Type@1ms "a"|Sleep 2499ms|Type@1ms "b"`, ""},
		{"what the terminal answers is not typed", typedSession("\x1b[24;80R", "\x1b]11;rgb:0/0/0\x07", "\x1b[?1;2c", "\x1b[I", "x"), `Sleep 500ms|Type@1ms "x"`, ""},
		{"a key without a name is told", typedSession("\x1b[15~"), "Sleep 100ms", "keys without a name in VHS"},
		{"a secret at a prompt", castOf(Header{}, Event{Code: Output, Data: "[sudo] password for bob: "}, Event{Time: ms(100), Code: Input, Data: "hunter2\r"}, Event{Time: ms(200), Code: Output, Data: "\r\nok\r\n$ "},
			Event{Time: ms(300), Code: Input, Data: "id"}, Event{Time: ms(300), Code: Output, Data: "id"}),
			`Sleep 100ms|# a secret was typed here; to type it, add|# Type "..."|Enter@1ms|Sleep 199ms|Type@1ms "id"`, "secrets"},
		{"a secret without an echo", castOf(Header{}, Event{Code: Output, Data: "PIN? "}, Event{Time: ms(100), Code: Input, Data: "s"}, Event{Time: ms(200), Code: Input, Data: "3cr3t"}, Event{Time: ms(300), Code: Input, Data: "\r"}, Event{Time: ms(400), Code: Output, Data: "\r\nwelcome\r\n"}),
			`Sleep 100ms|# a secret was typed here; to type it, add|# Type "..."|Sleep 200ms|Enter@1ms|Sleep 99ms`, "secrets"},
		{"a secret whose characters are echoed as stars", castOf(Header{}, Event{Code: Output, Data: "Login code "}, Event{Time: ms(100), Code: Input, Data: "hunter2"}, Event{Time: ms(100), Code: Output, Data: "*******"}, Event{Time: ms(200), Code: Input, Data: "\r"}, Event{Time: ms(200), Code: Output, Data: "\r\nok\r\n"}),
			`Sleep 100ms|# a secret was typed here; to type it, add|# Type "..."|Sleep 100ms|Enter@1ms`, "secrets"},
		{"the keys of a full-screen program need no echo", castOf(Header{}, Event{Code: Output, Data: "\x1b[?1049h"}, Event{Time: ms(100), Code: Input, Data: "ddjj\r"}, Event{Time: ms(200), Code: Output, Data: "\x1b[H"}),
			`Sleep 100ms|Type@1ms "ddjj"|Enter@1ms|Sleep 95ms`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			commands, lost := tapeOf(t, row.src)
			if got := strings.Join(commands, "|"); got != row.want {
				t.Errorf("tape = %s\nwant %s", got, row.want)
			}
			text := fmt.Sprint(lost)
			for _, what := range []string{"secrets", "keys without a name in VHS"} {
				if got, want := strings.Contains(text, what), what == row.lost; got != want {
					t.Errorf("losses = %s; mention of %s is %v", text, what, got)
				}
			}
		})
	}
}

// playTape types the keys of a tape at the times VHS would: each command pauses
// after each key.
func playTape(t *testing.T, commands []string) (keys string, times []time.Duration, end time.Duration) {
	t.Helper()
	names := map[string]string{}
	for seq, name := range vhsKeys {
		// Of several sequences for a key, use the one that VHS's terminal
		// sends.
		if old := names[name]; !strings.HasPrefix(seq, "\x1bO") && (old == "" || len(seq) < len(old)) {
			names[name] = seq
		}
	}
	now := time.Duration(0)
	press := func(key string, pause time.Duration) {
		keys += key
		for range len(key) {
			times = append(times, now)
		}
		now += pause
	}
	for _, c := range commands {
		name, rest, _ := strings.Cut(c, " ")
		name, at, _ := strings.Cut(name, "@")
		pause, _ := time.ParseDuration(at)
		switch {
		case strings.HasPrefix(c, "#"), name == "Set":
		case name == "Sleep":
			d, err := time.ParseDuration(rest)
			if err != nil || d <= 0 {
				t.Fatalf("command %q: %v", c, err)
			}
			now += d
		case name == "Type":
			quote := rest[:1]
			if len(rest) < 2 || !strings.HasSuffix(rest, quote) || !strings.Contains("\"'`", quote) || strings.Count(rest, quote) != 2 {
				t.Fatalf("command %q: malformed quotes", c)
			}
			for _, r := range rest[1 : len(rest)-1] {
				press(string(r), pause)
			}
		default:
			n := 1
			if rest != "" {
				var err error
				if n, err = strconv.Atoi(rest); err != nil {
					t.Fatalf("command %q: %v", c, err)
				}
			}
			seq := names[name]
			if letter, ok := strings.CutPrefix(name, "Ctrl+"); ok && len(letter) == 1 {
				seq = string(rune(letter[0] - '@'))
			}
			if seq == "" {
				t.Fatalf("command %q: unknown key", c)
			}
			for range n {
				press(seq, pause)
			}
		}
	}
	return keys, times, now
}

// TestTapeRoundTrip writes a tape of random keys and plays it: the same keys
// come at about the same times.
func TestTapeRoundTrip(t *testing.T) {
	keys := []string{"a", "b", "Z", " ", "é", "漢", "\"", "'", "`", "\\", "\r", "\t", "\x7f", "\x1b[A", "\x1b[B", "\x1b[3~", "\x03", "\x1a"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		var events []Event
		var want strings.Builder
		var times []time.Duration
		now := time.Duration(0)
		for range 1 + r.IntN(60) {
			now += time.Duration(1+r.IntN(400)) * time.Millisecond
			if r.IntN(10) == 0 {
				now += time.Duration(r.IntN(5000)) * time.Millisecond
			}
			key := keys[r.IntN(len(keys))]
			want.WriteString(key)
			for range len(key) {
				times = append(times, now)
			}
			events = append(events, Event{Time: now, Code: Input, Data: key}, Event{Time: now, Code: Output, Data: key})
		}
		commands, _ := tapeOf(t, castOf(Header{}, events...))
		got, gotTimes, _ := playTape(t, commands)
		if got != want.String() {
			t.Fatalf("seed %d: tape types %q; want %q", seed, got, want.String())
		}
		for i := range times {
			if off := (gotTimes[i] - times[i]).Abs(); off > 120*time.Millisecond {
				t.Fatalf("seed %d: byte %d comes at %v; want %v", seed, i, gotTimes[i], times[i])
			}
		}
	}
}
