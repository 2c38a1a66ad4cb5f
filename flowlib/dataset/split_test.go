package dataset

import "testing"

// The folds of a seed share the rows out as test rows, and each has all rows.
func TestSplitFold(t *testing.T) {
	rows := make([][]float64, 103)
	for i := range rows {
		rows[i] = []float64{float64(i)}
	}
	tested := map[float64]int{}
	for fold := range 5 {
		s, err := SplitFold(rows, 7, 0.1, fold, 5)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[float64]bool{}
		for _, part := range [][][]float64{s.Train, s.Valid, s.Test} {
			for _, row := range part {
				seen[row[0]] = true
			}
		}
		if len(seen) != 103 || len(s.Train)+len(s.Valid)+len(s.Test) != 103 || len(s.Valid) != 10 {
			t.Errorf("fold %d: %d, %d and %d rows, %d of them different", fold, len(s.Train), len(s.Valid), len(s.Test), len(seen))
		}
		for _, row := range s.Test {
			tested[row[0]]++
		}
	}
	if len(tested) != 103 {
		t.Errorf("%d rows are tested", len(tested))
	}
	for _, bad := range [][2]int{{0, 1}, {-1, 5}, {5, 5}, {0, 200}} {
		if _, err := SplitFold(rows, 7, 0.1, bad[0], bad[1]); err == nil {
			t.Errorf("fold %v: no error", bad)
		}
	}
}
