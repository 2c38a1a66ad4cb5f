// Package names spells the names under which a model keeps its variables, in its store
// and in its files. Files of every format have them: they stay.
package names

const (
	Flow  = "flow" // of all that a model saves
	Base  = "base" // of the base, in that of the flow
	Place = "%02d" // of the bijector at a place of a chain, in that of the chain

	FlowPrefix = "/" + Flow + "/"        // of the paths of a flow's variables
	BasePrefix = FlowPrefix + Base + "/" // of those of its base

	// Initialized is the variable, 0 or 1, of what is set by the first data.
	Initialized = "initialised"
)
