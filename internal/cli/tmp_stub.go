package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

func (e *env) editDeck(ctx context.Context, o editOptions, name string) error {
	return errors.New("not yet")
}
func commandPoints(c format.Cast) iter.Seq2[place.Command, error] {
	return func(func(place.Command, error) bool) {}
}
