package anomaly

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"normflow/flowlib/density"
)

// gauss is N(0, [[1, ρ], [ρ, 1]]) up to its constant, beside an independent third
// column N(0, 1); columns behind are context.
func gauss(rho float64) scorer {
	return func(rows [][]float64) ([]float64, error) {
		lp := make([]float64, len(rows))
		for i, x := range rows {
			lp[i] = -(x[0]*x[0]-2*rho*x[0]*x[1]+x[1]*x[1])/(2*(1-rho*rho)) - x[2]*x[2]/2
		}
		return lp, nil
	}
}

// On the paper: given the others, column 0 is N(ρ·x1, 1-ρ²), so that its gain is
// z²/2 with z its distance in those units, and ρ·x1 was expected.
func TestDriversOfAGaussian(t *testing.T) {
	const rho = 0.8
	fine := make([]float64, 2001) // steps of 0.005: the best is within 0.0025, and z²/2 within 1e-5
	for i := range fine {
		fine[i] = -5 + 0.005*float64(i)
	}
	candidates := [][]float64{fine, fine, fine}
	half := func(distance float64) float64 { return distance * distance / (2 * (1 - rho*rho)) }
	for _, tt := range []struct {
		name  string
		event []float64
		want  []Driver
	}{
		{"one column is off", []float64{0, 0, 4}, []Driver{{2, 8, 0}, {0, 0, 0}, {1, 0, 0}}},
		{"each usual, not together", []float64{1.5, -1, 0}, []Driver{{0, half(2.3), -0.8}, {1, half(2.2), 1.2}, {2, 0, 0}}},
		{"far out, but together", []float64{3, 3, 2}, []Driver{{2, 2, 0}, {0, half(0.6), 2.4}, {1, half(0.6), 2.4}}},
	} {
		got, err := Drivers(gauss(rho), [][]float64{{9, 9, 9}, tt.event}, candidates)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range tt.want {
			d := got[1][i]
			if d.Column != want.Column || !(math.Abs(d.Gain-want.Gain) <= 1e-4) || !(math.Abs(d.Expected-want.Expected) <= 0.0026) {
				t.Errorf("%s: got %+v, want %+v", tt.name, d, want)
			}
		}
	}
}

// scorer scores rows.
type scorer func(rows [][]float64) ([]float64, error)

func (s scorer) LogProbTo(dst []float64, x *mat.Dense) error {
	logProb, err := s(density.Rows(x))
	copy(dst, logProb)
	return err
}

func TestDriversEdges(t *testing.T) {
	// More events than one group holds, each with its own answer; context stays.
	var events [][]float64
	for i := range 3 * maxRows {
		event := []float64{0, 0, 0, 7}
		event[i%3] = float64(3 + i%5)
		events = append(events, event)
	}
	got, err := Drivers(gauss(0), events, [][]float64{{0, 1}, {0, 1}, {0, 1}})
	if err != nil || len(got) != len(events) {
		t.Fatalf("%d of %d events, %v", len(got), len(events), err)
	}
	for i, d := range got {
		off := float64(3 + i%5)
		if d[0].Column != i%3 || d[0].Gain != off*off/2 || d[0].Expected != 0 || d[1].Gain != 0 {
			t.Fatalf("event %d, %v: %+v", i, events[i], d)
		}
	}

	outside := scorer(func(rows [][]float64) ([]float64, error) { // uniform on [0, 1]
		lp := make([]float64, len(rows))
		for i, x := range rows {
			if x[0] < 0 || x[0] > 1 {
				lp[i] = math.Inf(-1)
			}
		}
		return lp, nil
	})
	if got, err := Drivers(outside, [][]float64{{2, 0}}, [][]float64{{3, 0.5}, {0, 1}}); err != nil ||
		!slices.Equal(got[0], []Driver{{0, math.Inf(1), 0.5}, {1, 0, 0}}) {
		t.Errorf("outside the support: %+v, %v", got, err)
	}
	if _, err := Drivers(outside, [][]float64{{2}}, [][]float64{{1}, {1}}); err == nil || !strings.Contains(err.Error(), "event 0 has 1 columns, expected at least 2") {
		t.Errorf("a narrow event: %v", err)
	}
	nan := scorer(func(rows [][]float64) ([]float64, error) {
		return slices.Repeat([]float64{math.NaN()}, len(rows)), nil
	})
	if _, err := Drivers(nan, [][]float64{{2}}, [][]float64{{1}}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN: %v", err)
	}
}

func TestCandidates(t *testing.T) {
	var rows [][]float64
	for i := range 100 {
		rows = append(rows, []float64{float64((i * 37) % 100), float64(i % 2), -1})
	}
	got := Candidates(rows, 2, 4)
	if len(got) != 2 || !slices.Equal(got[0], []float64{12, 37, 62, 87}) || !slices.Equal(got[1], []float64{0, 1}) {
		t.Errorf("got %v", got)
	}
	if got := Candidates(rows[:2], 1, 4); !slices.Equal(got[0], []float64{0, 37}) {
		t.Errorf("of two rows: %v", got)
	}
}
