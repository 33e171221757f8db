module github.com/ttydeck/ttydeck/vt/internal/gentables

go 1.26

require (
	github.com/clipperhouse/uax29/v2 v2.7.0
	github.com/mattn/go-runewidth v0.0.31
)
