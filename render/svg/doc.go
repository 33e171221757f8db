// Package svg writes films as animated SVG: text that stays text, sharp at any size, and
// small. Start with a [Writer].
//
// The picture has no script and refers to nothing outside, so that it works as an image,
// such as in a README, and within a page, also beside others. It loops by SMIL. A program
// that does not know SMIL shows the last frame, and so does one whose user prefers
// reduced motion, or who prints the page.
//
// # How it is made
//
// Each distinct row of the film is in the file once. For each row of the picture, a use
// element refers to the rows one after another. Box drawing and the like are paths of the
// same geometry that other pictures have, lines and backgrounds too. Text is in runs that
// begin at their column and are as long as their columns, whichever font the viewer has;
// a character that fonts often lack has a place of its own.
//
// Text can be selected in a still, where a row never changes, and where motion is reduced:
// browsers do not select what use elements show.
package svg
