package glyph_test

import (
	"fmt"
	"image"

	"github.com/ttydeck/ttydeck/render/glyph"
)

func ExampleFonts_Glyph() {
	fonts, err := glyph.New(glyph.Options{Size: 8, LineHeight: 1.25, NoSystem: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	cell := fonts.Cell()
	g := fonts.Glyph("┼", glyph.Regular, 1)
	for y := range cell.Y {
		for _, coverage := range g.Mask[y*cell.X : (y+1)*cell.X] {
			fmt.Print(string(".:-=*#"[coverage/51]))
		}
		fmt.Println()
	}
	// Output:
	// ..#..
	// ..#..
	// ..#..
	// ..#..
	// #####
	// ..#..
	// ..#..
	// ..#..
	// ..#..
	// ..#..
}

func ExampleShapeOf() {
	shape, ok := glyph.ShapeOf('▄', image.Pt(10, 22), 1, 1)
	fmt.Println(ok)
	for _, s := range shape[0].Path {
		fmt.Println(s.Op, s.P[0])
	}
	// Output:
	// true
	// 0 {0 11}
	// 1 {10 11}
	// 1 {10 22}
	// 1 {0 22}
	// 3 {0 0}
}
