package flow

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/dataset"
	"normflow/flowlib/density"
)

// Units converts rows between the units of the data and the standardized units that a
// flow's graphs and package fast work in. It uses the Scaler of a config for the
// features and the ContextScaler for the context, in float64.
type Units struct {
	features, context *dataset.Standardizer
	d, c              int
}

// Units returns the units of the rows of c's model.
func (c Config) Units() Units {
	return Units{c.Scaler, c.ContextScaler, c.Features, c.Context}
}

// Apply sets to to the standardized row x, [D+C]. to and x may be the same slice.
func (u Units) Apply(to, x []float64) {
	u.features.Apply(to[:u.d], x[:u.d])
	u.context.Apply(to[u.d:u.d+u.c], x[u.d:u.d+u.c])
}

// Invert sets x, [D], to the standardized event from, in the units of the data. x and
// from may be the same slice.
func (u Units) Invert(x, from []float64) { u.features.Invert(x[:u.d], from[:u.d]) }

// LogDet returns the number, in nats, to add to the log-density of a standardized event
// to get the log-density in the units of the data.
func (u Units) LogDet() float64 { return u.features.LogDet() }

// Append32 appends rows to flat, standardized and rounded to float32. Each slice of x
// holds one row, [D+C], or several rows in order. Values beyond the range of float32
// become infinite.
func (u Units) Append32(flat []float32, x ...[]float64) []float32 {
	width := u.d + u.c
	row := make([]float64, width)
	for _, rows := range x {
		for ; len(rows) > 0; rows = rows[width:] {
			u.Apply(row, rows[:width])
			for _, v := range row {
				flat = append(flat, float32(v))
			}
		}
	}
	return flat
}

// appendMatrix appends the rows of x as Append32 does.
func (u Units) appendMatrix(flat []float32, x *mat.Dense) []float32 {
	if raw := x.RawMatrix(); raw.Stride == raw.Cols {
		return u.Append32(flat, raw.Data)
	}
	return u.Append32(flat, density.Rows(x)...)
}

// appendContext appends a context, [C], standardized and rounded to float32, to flat.
func (u Units) appendContext(flat []float32, context []float64) []float32 {
	row := make([]float64, u.c)
	u.context.Apply(row, context)
	for _, v := range row {
		flat = append(flat, float32(v))
	}
	return flat
}

// latents returns the units of rows of latents, [D+C]: its Apply standardizes the
// context only.
func (u Units) latents() Units {
	u.features = nil
	return u
}

func (u Units) check() error {
	if err := u.features.Check(u.d); err != nil {
		return fmt.Errorf("the scaler has %w", err)
	}
	if err := u.context.Check(u.c); err != nil {
		return fmt.Errorf("the context scaler has %w", err)
	}
	return nil
}
