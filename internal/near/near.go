// Package near tells how far apart two names are, for errors that suggest what was meant.
package near

// Edits returns how many bytes have to be inserted, removed or replaced to make b of a
// (Levenshtein's distance). It is 100 if one of them has more bytes than that.
func Edits(a, b string) int {
	const most = 100
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
