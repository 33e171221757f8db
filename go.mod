module github.com/ttydeck/ttydeck

go 1.26
