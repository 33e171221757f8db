package visible

import (
	"encoding/json"
	"testing"
)

func TestText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"plain ~", "plain ~"},
		{"über 世界 👍🏽", "über 世界 👍🏽"},
		{"a\u00a0b \ue0b0", "a\u00a0b \ue0b0"},
		{"a\x1b[31m\n\x7f", `a\x1b[31m\n\x7f`},
		{"\u009b31m", `\u009b31m`},
		{"\u202egpj.exe", `\u202egpj.exe`},
		{"pay\u200bpal\ufeff", `pay\u200bpal\ufeff`},
		{"\u2028\u2029\u2066", `\u2028\u2029\u2066`},
		{"\U000e0041", `\U000e0041`},
		{"\xff\xc3", `\xff\xc3`},
	} {
		if got := Text(tt.text); got != tt.want {
			t.Errorf("Text(%q) = %q; want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b\u009b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Text(s) {
			if !Rune(r) {
				t.Errorf("Text(%q) contains %q", s, r)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add("a\x1b\u009b\u202e\U000e0041 \"\\u0041\"")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.MarshalIndent(map[string]string{s: s}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]string
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		safe := JSON(text)
		if err := json.Unmarshal(safe, &got); err != nil {
			t.Fatalf("JSON(%q) = %q: %v", text, safe, err)
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("JSON(%q) = %q; want the same values", text, safe)
			}
		}
		for _, r := range string(safe) {
			if r != '\n' && !Rune(r) {
				t.Errorf("JSON(%q) contains %q", text, r)
			}
		}
	})
}
