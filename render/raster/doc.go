// Package raster draws the frames of a film as pixels.
//
// [New] makes a [Raster] for one film, one picture around it and one set of fonts.
// [Raster.Draw] draws a canvas whole: it is what every format made of pixels must show.
// [Raster.DrawDirty] draws only what a frame changes, with the same result.
//
// A writer that has no use for RGBA pixels calls [Raster.Changes] instead: each change is
// a [Tile], which says for each pixel which of a few colours it has, and a [Paint], which
// has these colours. Both are shared by all cells that look alike, so that such a writer
// resolves each colour once, not for each pixel.
package raster
