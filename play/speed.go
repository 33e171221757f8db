package play

import "strconv"

// speeds are the speeds that the keys step through.
var speeds = []float64{0.25, 0.5, 1, 2, 4, 8, 16, unpaced}

// faster returns the next step above speed.
func faster(speed float64) float64 {
	for _, s := range speeds {
		if s > speed {
			return s
		}
	}
	return unpaced
}

// slower returns the next step below speed.
func slower(speed float64) float64 {
	for i := len(speeds) - 1; i >= 0; i-- {
		if speeds[i] < speed {
			return speeds[i]
		}
	}
	return min(speed, speeds[0])
}

func itoa(n int) string { return strconv.Itoa(n) }
