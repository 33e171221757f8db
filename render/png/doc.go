// Package png writes films as PNG: a [Still] of their last frame, an [Animation]
// (APNG), or a [Folder] with one file for each frame.
//
// All pictures are exact: each pixel has the colour that [raster.Raster] draws, also
// where the corners of a window are translucent. Pictures of at most 256 colours have a
// palette, which makes them much smaller.
//
// # Limits
//
// The sizes of pictures are limited by [render.MaxSide] and [render.MaxPixels]. The
// number of frames is limited by the format: [MaxFrames]. An Animation of w times h
// pixels takes about 8·w·h bytes of memory, and one or four more for each pixel of
// the frames that are being compressed, of which there are two for each processor;
// it does not grow with the length of the film.
package png
