package flow

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"normflow/flowlib/dataset"
)

// Settings are what a model needs besides its flow: the shape of its rows, their units,
// the seed and the precision.
type Settings struct {
	Features int `json:"features"`          // D, at least 1
	Context  int `json:"context,omitempty"` // C, the number of conditioning columns after the features; 0 for p(x)

	Seed int64 `json:"seed"` // of the initial weights

	// Scaler lets the flow work in standardized units while densities and samples stay
	// in the units of the data, see [Units]. Nil leaves the data as it is.
	Scaler *dataset.Standardizer `json:"scaler,omitempty"`
	// ContextScaler standardizes the context before any layer sees it, or is nil.
	ContextScaler *dataset.Standardizer `json:"context_scaler,omitempty"`

	DType dtypes.DType `json:"-"` // Float32, the default, or Float64
}

// Columns returns the width of the model's rows, D+C: the features, then the context.
func (s Settings) Columns() int { return s.Features + s.Context }

// Units returns the units of the model's rows.
func (s Settings) Units() Units {
	return Units{s.Scaler, s.ContextScaler, s.Features, s.Context}
}

// maxColumns bounds the number of features and the number of context columns.
const maxColumns = 1 << 16

func (s Settings) check() error {
	if s.Features < 1 || s.Features > maxColumns {
		return fmt.Errorf("features must be between 1 and %d, found %d", maxColumns, s.Features)
	}
	if s.Context < 0 || s.Context > maxColumns {
		return fmt.Errorf("context must be between 0 and %d, found %d", maxColumns, s.Context)
	}
	if s.DType != dtypes.Float32 && s.DType != dtypes.Float64 {
		return fmt.Errorf("dtype must be Float32 or Float64, found %s", s.DType)
	}
	return s.Units().check()
}
