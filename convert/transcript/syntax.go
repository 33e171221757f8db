package transcript

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// incomplete reports whether a shell asks for another line after text.
func incomplete(text string) bool {
	if len(text) > 16<<10 {
		return false
	}
	p := syntax.NewParser(syntax.Variant(syntax.LangBash))
	_, err := p.Parse(strings.NewReader(text+"\n"), "")
	if err == nil {
		return trailingBackslash(text)
	}
	return syntax.IsIncomplete(err) || strings.Contains(err.Error(), "unclosed here-document")
}

func trailingBackslash(text string) bool {
	n := len(text) - len(strings.TrimRight(text, `\`))
	return n%2 == 1
}
