package observe

// Check reports whether this host allows a method.
type Check struct {
	// Name is the name of the [Method].
	Name string
	// OK reports whether the method works here.
	OK bool
	// Detail states which sessions the method can record, or why it fails and what
	// it needs.
	Detail string
}
