package redact

import "github.com/ttydeck/ttydeck/format"

const (
	batchEvents = 256       // events in a batch
	batchBytes  = 256 << 10 // bytes of their data after which a batch is complete
	batches     = 4         // read ahead
)

// ahead returns events, which it reads in another goroutine, a little ahead: while one
// is searched or written, the next ones are read. The goroutine has ended when the range
// over the result has.
func ahead(events format.Events) format.Events {
	type read struct {
		ev  format.Event
		err error
	}
	return func(yield func(format.Event, error) bool) {
		full := make(chan []read, batches)
		stop := make(chan struct{})
		go func() {
			defer close(full)
			var batch []read
			size := 0
			for ev, err := range events {
				batch = append(batch, read{ev, err})
				if size += len(ev.Data); len(batch) < batchEvents && size < batchBytes && err == nil {
					continue
				}
				select {
				case full <- batch:
				case <-stop:
					return
				}
				batch, size = nil, 0
			}
			select {
			case full <- batch:
			case <-stop:
			}
		}()
		defer func() {
			close(stop)
			for range full {
			}
		}()
		for batch := range full {
			for _, r := range batch {
				if !yield(r.ev, r.err) {
					return
				}
			}
		}
	}
}
