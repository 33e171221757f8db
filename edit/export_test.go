package edit

import "reflect"

// SameMetadata compares two counts.
func SameMetadata(a, b Metadata) bool {
	a.scan, b.scan = metadataScan{}, metadataScan{}
	return reflect.DeepEqual(a, b)
}
