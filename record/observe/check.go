package observe

// Check is something that this host allows or does not.
type Check struct {
	Name   string
	OK     bool
	Detail string // what there is, or why not and what would help
}
