package vt

// sgr sets the pen.
func (s *Screen) sgr(q *seq) {
	lo, hi := s.penLo, s.penHi
	if q.n == 1 && q.params[0] == 0 {
		s.penLo = lo & (uint64(Protected) << attrShift)
		if s.opts.step == 0 {
			s.penHi = 0
		}
		if lo&extraBits != 0 {
			s.ulColor = 0
			s.setExtra()
		}
		return
	}
	attr, hi, ul := q.style(Attr(lo>>attrShift), hi, s.ulColor)
	if s.opts.step == 0 {
		s.penHi = hi
	}
	s.penLo = lo&extraBits | uint64(attr)<<attrShift
	s.ulColor = ul
	if ul != 0 || lo&extraBits != 0 {
		s.setExtra()
	}
}

// style applies an SGR sequence to attributes, colours (the high word of a
// cell) and the colour of underlines.
func (q *seq) style(attr Attr, hi uint64, ul Color) (Attr, uint64, Color) {
	params := q.params[:q.n]
	for i := 0; i < len(params); i++ {
		if q.colon != 0 && q.colon>>i&1 != 0 {
			continue // an unused sub-parameter
		}
		switch n := params[i]; n {
		case 0:
			attr &= Protected
			hi = 0
			ul = 0
		case 1:
			attr |= Bold
		case 2:
			attr |= Faint
		case 3:
			attr |= Italic
		case 4:
			u := SingleUnderline
			if i+1 < q.n && q.colon>>(i+1)&1 != 0 {
				if sub := q.params[i+1]; sub >= 0 && sub <= int32(DashedUnderline) {
					u = Underline(sub)
				}
			}
			attr = attr.withUnderline(u)
		case 5:
			attr |= Blink
		case 7:
			attr |= Inverse
		case 8:
			attr |= Conceal
		case 9:
			attr |= Strike
		case 21:
			attr = attr.withUnderline(DoubleUnderline)
		case 22:
			attr &^= Bold | Faint
		case 23:
			attr &^= Italic
		case 24:
			attr = attr.withUnderline(NoUnderline)
		case 25:
			attr &^= Blink
		case 27:
			attr &^= Inverse
		case 28:
			attr &^= Conceal
		case 29:
			attr &^= Strike
		case 30, 31, 32, 33, 34, 35, 36, 37:
			hi = hi&bgBits | uint64(colorPalette) | uint64(n-30)
		case 38:
			c, ok, last := color(q, i)
			if ok {
				hi = hi&bgBits | uint64(c)
			}
			i = last
		case 39:
			hi &= bgBits
		case 40, 41, 42, 43, 44, 45, 46, 47:
			hi = hi&^bgBits | (uint64(colorPalette)|uint64(n-40))<<32
		case 48:
			c, ok, last := color(q, i)
			if ok {
				hi = hi&^bgBits | uint64(c)<<32
			}
			i = last
		case 49:
			hi &^= bgBits
		case 53:
			attr |= Overline
		case 55:
			attr &^= Overline
		case 58:
			c, ok, last := color(q, i)
			if ok {
				ul = c
			}
			i = last
		case 59:
			ul = 0
		case 90, 91, 92, 93, 94, 95, 96, 97:
			hi = hi&bgBits | uint64(colorPalette) | uint64(n-90+8)
		case 100, 101, 102, 103, 104, 105, 106, 107:
			hi = hi&^bgBits | (uint64(colorPalette)|uint64(n-100+8))<<32
		}
	}
	return attr, hi, ul
}

// color parses the colour after params[i], which is 38, 48 or 58, in either
// notation, and returns the index of the last value it took. Missing values are
// 0.
//
//	38;5;n     38:5:n
//	38;2;r;g;b 38:2::r:g:b and, without the colour space, 38:2:r:g:b
func color(q *seq, i int) (c Color, ok bool, last int) {
	get := func(k int) uint8 {
		if k < q.n && q.params[k] > 0 {
			return uint8(q.params[k])
		}
		return 0
	}
	if i+1 < q.n && q.colon>>(i+1)&1 != 0 {
		last = i + 1
		for last+1 < q.n && q.colon>>(last+1)&1 != 0 {
			last++
		}
		switch q.params[i+1] {
		case 5:
			return PaletteColor(get(i + 2)), true, last
		case 2:
			k := i + 2
			if last-i >= 5 || last >= k && q.params[k] == noSubParam {
				k++ // the colour space
			}
			sub := func(k int) uint8 {
				if k > last {
					return 0
				}
				return get(k)
			}
			return RGBColor(sub(k), sub(k+1), sub(k+2)), true, last
		}
		return 0, false, last
	}
	if i+1 >= q.n {
		return 0, false, i
	}
	switch q.params[i+1] {
	case 5:
		return PaletteColor(get(i + 2)), true, i + 2
	case 2:
		return RGBColor(get(i+2), get(i+3), get(i+4)), true, i + 4
	}
	return 0, false, i + 1
}

// setExtra puts the index of the underline colour and hyperlink into the pen.
func (s *Screen) setExtra() {
	s.penLo &^= extraBits
	if s.ulColor != 0 || s.link != 0 {
		s.penLo |= uint64(s.extraID(extra{s.ulColor, s.link})) << 48
	}
}
