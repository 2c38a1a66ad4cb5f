// Package names holds the names under which a model keeps its variables in its store and
// in its files. Files of every format use them, so they cannot change.
package names

const (
	Flow  = "flow" // prefix of all that a model saves
	Base  = "base" // the base, within Flow
	Place = "%02d" // the bijector at a place of a chain

	FlowPrefix = "/" + Flow + "/"        // of the paths of a flow's variables
	BasePrefix = FlowPrefix + Base + "/" // of the paths of its base's variables

	// Initialized is the variable, 0 or 1, of a layer that its first data initialize.
	Initialized = "initialised"
)
