package record

import (
	"fmt"
	"testing"
)

func TestParseKey(t *testing.T) {
	for s, want := range map[string]Key{
		"": {}, "none": {}, "p": {'p', false}, "C-b": {'b', true}, "c-B": {'b', true}, "C+b": {'b', true},
		"^b": {'b', true}, `C-\`: {'\\', true}, `^\`: {'\\', true}, "^": {'^', false}, "ż": {'ż', false},
	} {
		got, err := ParseKey(s)
		if err != nil || got != want {
			t.Errorf("ParseKey(%q) = %+v, %v; want %+v", s, got, err, want)
		}
		if again, err := ParseKey(got.String()); err != nil || again != got {
			t.Errorf("ParseKey(%q) = %+v, %v; want the same again", got.String(), again, err)
		}
	}
	for _, s := range []string{"F1", "C-", "C-1", "C-é", "pp", "\x1b", "\xff", "C-C-b"} {
		if got, err := ParseKey(s); err == nil {
			t.Errorf("ParseKey(%q) = %+v; want an error", s, got)
		}
	}
}

func TestHotkeys(t *testing.T) {
	direct := Keys{Pause: Key{'\\', true}}
	tests := []struct {
		name  string
		keys  Keys
		reads []string
		want  string // the bytes passed on, with <P>, <M> and <D> for actions
	}{
		{"plain", DefaultKeys, []string{"hello\r"}, "hello\r"},
		{"pause", DefaultKeys, []string{"\x1cp"}, "<P>"},
		{"in a larger read", DefaultKeys, []string{"ab\x1cpcd\x1cmef"}, "ab<P>cd<M>ef"},
		{"over two reads", DefaultKeys, []string{"a\x1c", "mb"}, "a<M>b"},
		{"prefix twice", DefaultKeys, []string{"a\x1c\x1cb"}, "a\x1cb"},
		{"no key of ours", DefaultKeys, []string{"a\x1cxb"}, "ab"},
		{"p alone", DefaultKeys, []string{"p", "m"}, "pm"},
		{"mouse between", DefaultKeys, []string{"\x1c", "\x1b[<35;1;1M", "p"}, "\x1b[<35;1;1M<P>"},
		{"kitty", DefaultKeys, []string{"\x1b[92;5u", "\x1b[112u"}, "<P>"},
		{"kitty with locks", DefaultKeys, []string{"\x1b[92;69u\x1b[112;129u"}, "<P>"},
		{"kitty with alternates and kinds", DefaultKeys, []string{"\x1b[92:124;5:1u\x1b[92;5:3u\x1b[109;1:1u\x1b[109;1:3u."}, "<M>."},
		{"kitty with text", DefaultKeys, []string{"\x1b[92;5u\x1b[109;;109u"}, "<M>"},
		{"kitty, modifier keys between", DefaultKeys, []string{"\x1b[57442;5u\x1b[92;5u\x1b[57442;1:3u\x1b[112u"}, "\x1b[57442;5u\x1b[57442;1:3u<P>"},
		{"kitty, release of another key", DefaultKeys, []string{"\x1b[97;1:3u"}, "\x1b[97;1:3u"},
		{"kitty, prefix twice", DefaultKeys, []string{"\x1b[92;5u\x1b[92;5u"}, "\x1b[92;5u"},
		{"modifyOtherKeys", DefaultKeys, []string{"\x1b[27;5;92~p"}, "<P>"},
		{"Ctrl and Alt is another key", DefaultKeys, []string{"\x1b[92;7up"}, "\x1b[92;7up"},
		{"Escape and the prefix", DefaultKeys, []string{"\x1b\x1cp"}, "\x1b\x1cp"},
		{"paste", DefaultKeys, []string{"\x1b[200~a\x1cpb\x1b[201~\x1cp"}, "\x1b[200~a\x1cpb\x1b[201~<P>"},
		{"paste with its ends split", DefaultKeys, []string{"\x1b[20", "0~\x1cp\x1b[2", "01~", "\x1cp"}, "\x1b[200~\x1cp\x1b[201~<P>"},
		{"paste whose end got lost", DefaultKeys, []string{"\x1b[200~abc", "\x1c", "p"}, "\x1b[200~abc<P>"},
		{"no prefix", direct, []string{"a\x1cb"}, "a<P>b"},
		{"no keys", Keys{Prefix: Key{'\\', true}}, []string{"a\x1cpb"}, "a\x1cpb"},
		{"other keys", Keys{Key{'b', true}, Key{'ż', false}, Key{'M', false}, Key{'d', false}}, []string{"\x02ż\x02M\x1b[98;5u\x1b[109;2u\x02d"}, "<P><M><M><D>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			h := &hotkeys{Keys: tt.keys, pass: func(p []byte) { got += string(p) }, do: func(a Action) {
				got += map[Action]string{PauseAction: "<P>", MarkerAction: "<M>", DetachAction: "<D>"}[a]
			}}
			for _, r := range tt.reads {
				h.feed([]byte(r))
			}
			if got != tt.want {
				t.Errorf("feed of %q passes %q; want %q", tt.reads, got, tt.want)
			}
		})
	}
}

// No input makes the filter panic or add bytes, wherever it is cut. Input
// without the keys passes unchanged.
func FuzzHotkeys(f *testing.F) {
	f.Add([]byte("\x1b[92;5u\x1b[112u\x1cp\x1b[200~\x1c\x1b[201~"), 3)
	f.Add([]byte("\x1b["), 1)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		n := 0
		h := &hotkeys{Keys: DefaultKeys, pass: func(p []byte) { n += len(p) }, do: func(Action) {}}
		cut = min(max(cut, 0), len(in))
		h.feed(in[:cut])
		h.feed(in[cut:])
		if n > len(in) {
			t.Errorf("feed of %d bytes passes %d; want no more", len(in), n)
		}
		var plain, got []byte
		for _, c := range in {
			if c >= 0x20 && c < 0x7f {
				plain = append(plain, c)
			}
		}
		h = &hotkeys{Keys: DefaultKeys, pass: func(p []byte) { got = append(got, p...) }, do: func(Action) {}}
		h.feed(plain)
		if string(got) != string(plain) {
			t.Errorf("feed of %q passes %q; want all of it", plain, got)
		}
	})
}

func itoa(n int) string { return fmt.Sprint(n) }
