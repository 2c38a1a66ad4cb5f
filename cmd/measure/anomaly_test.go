package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/internal/npz"
)

// made is a table of n normal rows, N(0, I), and among them n/9 anomalies, N((4, 0), I).
func made(n int) (l labelled) {
	rng := rand.New(rand.NewPCG(6, 6))
	for i := range n + n/9 {
		row := []float64{rng.NormFloat64(), rng.NormFloat64()}
		label := 0.0
		if i%10 == 9 {
			row[0], label = row[0]+4, 1
		}
		l.rows, l.labels = append(l.rows, row), append(l.labels, label)
	}
	return l
}

// file keeps arrays as ADBench does.
func file(t *testing.T, path string, l labelled) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bytes := func(values []float64) (b []byte) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	err = npz.Write(f, []npz.Array{
		{Name: "X", DType: "<f8", Shape: []int{len(l.rows), len(l.rows[0])}, Data: bytes(slices.Concat(l.rows...))},
		{Name: "y", DType: "<f8", Shape: []int{len(l.labels)}, Data: bytes(l.labels)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Half of the normal rows train, and no anomaly; each row is somewhere, once.
func TestSplit(t *testing.T) {
	l := made(400)
	train, test := l.split(1)
	if len(train.rows) != 200 || slices.Contains(train.labels, 1) || len(test.rows) != 244 {
		t.Errorf("%d rows for training, of them anomalies: %v; %d for testing", len(train.rows), slices.Contains(train.labels, 1), len(test.rows))
	}
	where := map[*float64]float64{}
	for i, row := range l.rows {
		where[&row[0]] = l.labels[i]
	}
	for _, part := range []labelled{train, test} {
		for i, row := range part.rows {
			if label, there := where[&row[0]]; !there || label != part.labels[i] {
				t.Fatalf("row %v with label %g: in the table %v, with label %g", row, part.labels[i], there, label)
			}
			delete(where, &row[0])
		}
	}
	again, _ := l.split(1)
	other, _ := l.split(2)
	if !slices.Equal(again.rows[7], train.rows[7]) || slices.Equal(other.rows[7], train.rows[7]) {
		t.Error("the split does not follow the seed")
	}
}

// A whole measurement of a small flow: the file holds what the report reads, and the
// AUROC is near the best there can be.
func TestAnomaly(t *testing.T) {
	dir := t.TempDir()
	short(t, 2, 200)
	file(t, filepath.Join(dir, "1_made.npz"), made(1800))
	rows := measured[map[string]any](t, 0, "anomaly", "--seeds=0,1", "--data="+dir)
	if len(rows) != 2 {
		t.Fatalf("%d rows of 2", len(rows))
	}
	for i, r := range rows {
		if r["data"] != "1_made" || r["method"] != "flow" || r["seed"] != float64(i) || r["train"] != 900.0 || r["test"] != 1100.0 || r["features"] != 2.0 || r["commit"] == nil {
			t.Errorf("row %d: %v", i, r)
		}
		if share := r["share"].(float64); !(math.Abs(share-2./11) <= 1e-9) {
			t.Errorf("row %d: a share of %g anomalies, want 2/11", i, share)
		}
		// By the density of N(0, I): an anomaly's squared distance is noncentral χ²(2, 16),
		// greater than a normal one's, χ²(2), with probability 1 - e⁻⁴/2 = 0.991, and for
		// so many rows with a standard deviation of 0.003; average precision 0.970 ± 0.007.
		if auroc, ap := r["auroc"].(float64), r["average_precision"].(float64); !(auroc >= 0.98) || auroc >= 1 || !(ap >= 0.94) {
			t.Errorf("row %d: AUROC %g, average precision %g", i, auroc, ap)
		}
		// 90 rows were held out, so that 1/91 is the least rate there is.
		if asked := r["false_alarm"].(float64); !(math.Abs(asked-1./91) <= 1e-12) {
			t.Errorf("row %d: a rate of %g was asked for", i, asked)
		}
	}
}

// A column that is constant in the training half is left out and named, and a table that
// cannot be measured does not end the others.
func TestHardTables(t *testing.T) {
	dir := t.TempDir()
	short(t, 1, 40)
	constant := made(450)
	for i, row := range constant.rows {
		constant.rows[i] = append(row, constant.labels[i]) // 1 in anomalies alone
	}
	file(t, filepath.Join(dir, "1_few.npz"), made(18))
	file(t, filepath.Join(dir, "2_constant.npz"), constant)
	rows := measured[anomalyRow](t, 1, "anomaly", "--seeds=0", "--data="+dir)
	if len(rows) != 1 || rows[0].Data != "2_constant" || !slices.Equal(rows[0].LeftOut, []string{"x3"}) {
		t.Errorf("%+v", rows)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	bad := made(18)
	bad.labels[3] = 2
	short := made(18)
	short.labels = short.labels[1:]
	_, badErr := read(file(t, filepath.Join(dir, "a.npz"), bad))
	_, shortErr := read(file(t, filepath.Join(dir, "b.npz"), short))
	for want, err := range map[string]error{
		"row 4 of y is 2, expected 0 or 1": badErr,
		"X has 20 rows, y is [19, 1]":      shortErr,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %s", err, want)
		}
	}
}
