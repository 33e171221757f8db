package glyph

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/fontscan"
)

// maxSystemFonts is how many fonts of the system one Fonts loads: they may be large,
// and a hostile recording may ask for all.
const maxSystemFonts = 24

// systemFonts lists the fonts of the system. The first call of a process scans them, which
// takes a moment unless the cache of an earlier process has them.
var systemFonts = sync.OnceValues(func() (list []fontscan.Footprint, err error) {
	defer func() {
		if p := recover(); p != nil {
			list, err = nil, fmt.Errorf("scanning the fonts of the system: %v", p)
		}
	}()
	dir, done := cacheDir()
	defer done()
	return fontscan.SystemFonts(log.New(io.Discard, "", 0), dir)
})

// cacheDir returns a folder for the index that can be written, and a function to call
// when it is not used anymore.
func cacheDir() (dir string, done func()) {
	if user, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(user, "ttydeck")
		if os.MkdirAll(dir, 0o700) == nil {
			if probe, err := os.CreateTemp(dir, "probe"); err == nil {
				_ = probe.Close()
				_ = os.Remove(probe.Name())
				return dir, func() {}
			}
		}
	}
	dir, err := os.MkdirTemp("", "ttydeck-fonts")
	if err != nil {
		return os.TempDir(), func() {}
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// system finds fonts of the system that have a text. The zero system has none.
type system struct {
	// index lists the fonts; nil if there are none.
	index func() ([]fontscan.Footprint, error)
	fonts map[font.FontID]*loaded // nil where the file cannot be read
	made  map[madeFace]*face
	count int // of those read
}

type madeFace struct {
	at    font.FontID
	style Style
}

// faces yields the faces that have all runes of a cluster, best first.
func (s *system) faces(c cluster, style Style, locale string) iter.Seq[*face] {
	return s.ranked(c, style, func(fp *fontscan.Footprint) int { return rank(fp, c.seen[0], style, locale) })
}

// emoji yields the faces with emoji that have all runes of a cluster, best first.
func (s *system) emoji(c cluster) iter.Seq[*face] {
	return s.ranked(c, Regular, func(fp *fontscan.Footprint) int {
		for i, name := range []string{"notocoloremoji", "applecoloremoji", "segoeuiemoji", "twemoji", "twittercoloremoji", "emoji"} {
			if strings.Contains(fp.Family, name) {
				return i
			}
		}
		return -1
	})
}

// ranked yields the faces of the fonts that have all runes of a cluster, in the order of
// their ranks; -1 excludes a font.
func (s *system) ranked(c cluster, style Style, rank func(*fontscan.Footprint) int) iter.Seq[*face] {
	return func(yield func(*face) bool) {
		if s.index == nil {
			return
		}
		all, err := s.index()
		if err != nil {
			return
		}
		type candidate struct {
			*fontscan.Footprint
			rank int
		}
		var list []candidate
		for i := range all {
			fp := &all[i]
			if !hasAll(fp.Runes, c.seen) {
				continue
			}
			if r := rank(fp); r >= 0 {
				list = append(list, candidate{fp, r})
			}
		}
		// The order is the same on every run.
		slices.SortFunc(list, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Family, b.Family),
				cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Index, b.Location.Index))
		})
		for i, c := range list {
			if i == 4 {
				return
			}
			if face := s.face(c.Location, style); face != nil && !yield(face) {
				return
			}
		}
	}
}

func hasAll(set fontscan.RuneSet, runes []rune) bool {
	for _, r := range runes {
		if !set.Contains(r) {
			return false
		}
	}
	return true
}

// face returns a face of the system's; nil if it cannot be read.
func (s *system) face(at font.FontID, style Style) *face {
	if f := s.made[madeFace{at, style}]; f != nil {
		return f
	}
	l, ok := s.fonts[at]
	if !ok {
		if s.count >= maxSystemFonts {
			return nil
		}
		s.count++
		l = loadFace(at)
		s.fonts[at] = l
	}
	if l == nil {
		return nil
	}
	f := l.face(style)
	s.made[madeFace{at, style}] = f
	return f
}

// loadFace reads a face; nil if it cannot be read.
func loadFace(at font.FontID) *loaded {
	file, err := os.Open(at.File)
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	faces, err := loadFaces(file, info.Size(), int(at.Index))
	if err != nil {
		return nil
	}
	return &faces[0]
}

// rank says how well a font suits a rune: the lower the better; -1 if not at all.
func rank(fp *fontscan.Footprint, r rune, style Style, locale string) int {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(fp.Family, n) })
	}
	score := 100
	switch {
	case has("lastresort", "adobeblank", "notdef", "unifontcsur"):
		return -1
	case unicode.Is(unicode.Co, r) && has("dejavu", "liberation", "noto", "opensymbol"):
		return -1 // what these have for private use is not what others use it for
	case has("unifont", "fallback"):
		score += 60 // of pixels
	case has("color emoji", "coloremoji", "segoeuiemoji", "twemoji"):
		score += 80 // without outlines, or those of pictures
	case has("emoji"):
		score += 40
	}
	if has("mono", "code", "terminal", "console", "consol", "courier", "menlo") {
		score -= 20
	}
	if has("sans") {
		score -= 10
	}
	if has("serif") && !has("sansserif") || has("ming", "song", "batang", "naskh", "nastaliq", "math", "cursive", "script", "fraktur", "display") {
		score += 15
	}
	if unicode.Is(unicode.Co, r) && has("nerdfont", "nerd", "symbolsnf", "powerline") {
		score -= 30
	}
	if has("symbol") && symbol(r) {
		score -= 5
	}
	bold := fp.Aspect.Weight >= font.WeightSemibold
	if bold != (style&Bold != 0) {
		score += 4
	}
	if fp.Aspect.Weight != 0 && (fp.Aspect.Weight < 400 || fp.Aspect.Weight > 700) {
		score += 3
	}
	if (fp.Aspect.Style == font.StyleItalic) != (style&Italic != 0) {
		score += 4
	}
	if fp.Aspect.Stretch != 0 && fp.Aspect.Stretch != font.StretchNormal {
		score += 6
	}
	if strings.Contains(fp.Family, "cjk") || unicode.Is(unicode.Han, r) {
		score += regional(fp.Family, locale)
	}
	return score
}

// regional says how far the form of Han characters in a font is from that of a locale:
// they differ by region.
func regional(family, locale string) int {
	order := []string{"sc", "jp", "tc", "hk", "kr"}
	switch l := strings.ToLower(strings.ReplaceAll(locale, "_", "-")); {
	case strings.HasPrefix(l, "ja"):
		order = []string{"jp", "sc", "tc", "hk", "kr"}
	case strings.HasPrefix(l, "ko"):
		order = []string{"kr", "jp", "sc", "tc", "hk"}
	case strings.HasPrefix(l, "zh-hk"), strings.HasPrefix(l, "zh-mo"):
		order = []string{"hk", "tc", "sc", "jp", "kr"}
	case strings.HasPrefix(l, "zh-tw"), strings.HasPrefix(l, "zh-hant"):
		order = []string{"tc", "hk", "sc", "jp", "kr"}
	}
	for i, region := range order {
		if strings.HasSuffix(family, region) {
			return i
		}
	}
	return len(order)
}
