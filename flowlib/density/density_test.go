package density

import (
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// sums scores a row by its sum.
type sums struct{}

func (sums) LogProbTo(dst []float64, x *mat.Dense) error {
	if err := Check(x, len(dst), 2); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = mat.Sum(x.RowView(i))
	}
	return nil
}

func TestLogProb(t *testing.T) {
	got, err := LogProb(sums{}, [][]float64{{1, 2}, {3, 4}})
	if err != nil || len(got) != 2 || got[0] != 3 || got[1] != 7 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := LogProb(sums{}, nil); err != nil || len(got) != 0 {
		t.Errorf("no rows: %v, %v", got, err)
	}
	for want, rows := range map[string][][]float64{
		"row 1 has 1 columns, row 0 has 2": {{1, 2}, {3}},
		"row 0 has no columns":             {{}},
		"row 0 has 3 features, expected 2": {{1, 2, 3}},
	} {
		if _, err := LogProb(sums{}, rows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestRowsShareMemory(t *testing.T) {
	x := mat.NewDense(3, 3, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9})
	rows := Rows(x.Slice(1, 3, 1, 3).(*mat.Dense))
	if len(rows) != 2 || rows[1][0] != 8 {
		t.Fatalf("got %v", rows)
	}
	if rows[0][1] = -1; x.At(1, 2) != -1 {
		t.Error("rows are a copy")
	}
}
