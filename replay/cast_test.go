package replay

import "github.com/ttydeck/ttydeck/internal/testcast"

var castOf, out, marker = testcast.Of, testcast.Out, testcast.Marker
