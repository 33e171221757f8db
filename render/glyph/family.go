package glyph

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/fontscan"
	"github.com/ttydeck/ttydeck/internal/near"
)

// family is the four faces of a font, by Style.
type family struct {
	load  [4]func() *face
	faces [4]*face // nil until they are used
	size  float64  // for [face.fit], when one is loaded; 0 if that is not known yet
	width int
}

// face returns the face of a style.
func (f *family) face(style Style) *face {
	if f.faces[style] == nil {
		f.faces[style] = f.load[style]()
		if f.size > 0 {
			f.faces[style].fit(f.size, f.width)
		}
	}
	return f.faces[style]
}

// fit sets the scale of the faces: see [face.fit].
func (f *family) fit(size float64, width int) {
	f.size, f.width = size, width
	for _, face := range f.faces {
		if face != nil {
			face.fit(size, width)
		}
	}
}

// builtinFamily returns DejaVu Sans Mono.
func builtinFamily() *family { return &family{load: builtin} }

// NotFoundError is the error for a font that is neither a file nor the family of an
// installed font.
type NotFoundError struct {
	Font string   // as it was asked for
	Near []string // families that are installed and have similar names; may be empty
}

// Error names the font and the similar ones.
func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("font %q: no such file, and no such family is installed", e.Font)
	if len(e.Near) > 0 {
		s += "; similar names are " + strings.Join(e.Near, ", ")
	}
	return s
}

// findFamily returns the font that Options.Font names.
func findFamily(name string, s *system) (*family, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case ext == ".woff", ext == ".woff2", ext == ".pfb", ext == ".bdf", ext == ".pcf":
		return nil, fmt.Errorf("font %q: files of this kind are not read; use TrueType or OpenType (.ttf, .otf, .ttc)", name)
	case ext == ".ttf", ext == ".otf", ext == ".ttc", ext == ".otc", strings.ContainsRune(name, filepath.Separator), strings.ContainsRune(name, '/'):
		f, err := fileFamily(name)
		if err != nil {
			return nil, fmt.Errorf("font %q: %w", name, err)
		}
		return f, nil
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		f, err := fileFamily(name)
		if err != nil {
			return nil, fmt.Errorf("font %q: %w", name, err)
		}
		return f, nil
	}
	key := font.NormalizeFamily(name)
	if key == font.NormalizeFamily("DejaVu Sans Mono") {
		return builtinFamily(), nil
	}
	if s.index == nil {
		return nil, &NotFoundError{Font: name}
	}
	all, err := s.index()
	if err != nil {
		return nil, fmt.Errorf("font %q: %w", name, err)
	}
	var members []loaded
	for i := range all {
		if all[i].Family == key {
			if l := loadFace(all[i].Location); l != nil && len(members) < 32 {
				members = append(members, *l)
			}
		}
	}
	if len(members) == 0 {
		return nil, &NotFoundError{Font: name, Near: similar(key, all)}
	}
	return familyOf(members), nil
}

// fileFamily reads a font file and, if it is one of several of a family in one folder,
// such as Regular and Bold, its members.
func fileFamily(name string) (*family, error) {
	members, err := readFont(name)
	if err != nil {
		return nil, err
	}
	first := members[0]
	var own []loaded
	for _, m := range members {
		if m.about.Family == first.about.Family {
			own = append(own, m)
		}
	}
	// Name-Regular.ttf has Name-Bold.ttf beside it.
	base := filepath.Base(name)
	if stem, _, ok := strings.Cut(base, "-"); ok {
		names, _ := filepath.Glob(filepath.Join(filepath.Dir(name), escapeGlob(stem)+"-*"+escapeGlob(filepath.Ext(base))))
		for _, other := range names[:min(len(names), 32)] {
			if filepath.Base(other) == base {
				continue
			}
			more, err := readFont(other)
			if err != nil {
				continue
			}
			for _, m := range more {
				if m.about.Family == first.about.Family {
					own = append(own, m)
				}
			}
		}
	}
	f := familyOf(own)
	if style := styleOf(first); style == Regular || len(own) == 1 {
		// The named file is the regular face, even if it is Light, say.
		f.load[Regular] = func() *face { return first.face(Regular) }
	}
	return f, nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

// readFont reads the faces of a font file.
func readFont(name string) ([]loaded, error) {
	// To open a FIFO would wait for whoever writes to it.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	file, err := os.Open(name)
	if err != nil {
		var pathErr *os.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	if info.Size() > maxFontFile {
		return nil, checkFont(nil, info.Size())
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFontFile))
	if err != nil {
		return nil, err
	}
	return parseFont(data)
}

// parseFont reads the faces of a font.
func parseFont(data []byte) ([]loaded, error) {
	return loadFaces(bytes.NewReader(data), int64(len(data)), -1)
}

var _ opentype.Resource = (*bytes.Reader)(nil)

// styleOf returns the style of a face.
func styleOf(l loaded) (s Style) {
	if l.about.Aspect.Weight >= font.WeightSemibold {
		s |= Bold
	}
	if l.about.Aspect.Style == font.StyleItalic {
		s |= Italic
	}
	return s
}

// familyOf chooses the members for the four styles.
func familyOf(members []loaded) *family {
	f := &family{}
	for style := range f.load {
		best := slices.MinFunc(members, func(a, b loaded) int {
			return cmp.Compare(distance(a, Style(style)), distance(b, Style(style)))
		})
		f.load[style] = func() *face { return best.face(Style(style)) }
	}
	return f
}

// distance says how far a face is from a style.
func distance(l loaded, style Style) float64 {
	want := font.WeightNormal
	if style&Bold != 0 {
		want = font.WeightBold
	}
	d := float64(l.about.Aspect.Weight - want)
	if d < 0 {
		d = -d
	}
	if l.weights[1] >= 600 {
		d = 1
	}
	if (l.about.Aspect.Style == font.StyleItalic) != (style&Italic != 0) {
		d += 350
	}
	if l.about.Aspect.Stretch != font.StretchNormal {
		d += 100
	}
	return d
}

// similar returns the names of at most 3 families whose names are like key, as they
// spell them.
func similar(key string, all []fontscan.Footprint) (names []string) {
	best := map[string]int{}
	at := map[string]font.FontID{}
	for _, fp := range all {
		if _, ok := best[fp.Family]; ok {
			continue
		}
		d := near.Edits(key, fp.Family)
		if len(key) >= 3 && (strings.Contains(fp.Family, key) || strings.Contains(key, fp.Family)) {
			d = min(d, 1)
		}
		if d <= max(len(key)/3, 2) {
			best[fp.Family] = d
			at[fp.Family] = fp.Location
		}
	}
	var keys []string
	for k := range best {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b)) })
	for _, k := range keys[:min(len(keys), 3)] {
		name := k
		if l := loadFace(at[k]); l != nil && l.about.Family != "" {
			name = l.about.Family
		}
		names = append(names, name)
	}
	return names
}
