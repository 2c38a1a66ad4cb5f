package columns

import "fmt"

// Map holds the maps of the D columns of a table, [D]; nil is the identity.
type Map []Column

// Identity reports whether m leaves every row unchanged.
func (m Map) Identity() bool {
	for _, c := range m {
		if c.Kind != Continuous && c.Kind != "" {
			return false
		}
	}
	return true
}

// Apply sets y, [D], to the image of the row x, [D], and returns log|det dy/dx|, -Inf if
// a value is outside the support of its column. y and x may be the same slice.
func (m Map) Apply(y, x []float64) (logDet float64) {
	if m == nil {
		copy(y, x)
		return 0
	}
	for d, c := range m {
		var one float64
		y[d], one = c.Forward(x[d])
		logDet += one
	}
	return logDet
}

// Invert sets x, [D], to the row whose image is y, [D]. They may be the same slice.
func (m Map) Invert(x, y []float64) {
	if m == nil {
		copy(x, y)
		return
	}
	for d, c := range m {
		x[d] = c.Inverse(y[d])
	}
}

// Check returns an error unless m is nil or has a valid map for each of the given number
// of columns.
func (m Map) Check(columns int) error {
	if m == nil {
		return nil
	}
	if len(m) != columns {
		return fmt.Errorf("maps of %d columns for %d", len(m), columns)
	}
	for d, c := range m {
		if err := c.Check(); err != nil {
			return fmt.Errorf("column %d: %w", d, err)
		}
	}
	return nil
}
