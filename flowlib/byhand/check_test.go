package byhand_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"normflow/flowlib/byhand"
)

func TestCheckNamesWhatDoesNotFit(t *testing.T) {
	type flow = *byhand.Flow[float64]
	for want, spoil := range map[string]func(f flow){
		"0 features":                             func(f flow) { f.Features = 0 },
		"coupling 1: a mask of 1":                func(f flow) { f.Layers[1].Mask = []bool{false} },
		"coupling 0: the mask freezes all":       func(f flow) { f.Layers[0].Mask = []bool{true, true} },
		"input is 0":                             func(f flow) { f.Layers[0].InputBound = 0 },
		"log-scale is +Inf":                      func(f flow) { f.Layers[0].MaxLogScale = math.Inf(1) },
		"no layer":                               func(f flow) { f.Layers[0].Conditioner = nil },
		"dense layer 1 is [4, 2] with 7 weights": func(f flow) { f.Layers[0].Conditioner[1].W = make([]float64, 7) },
		"and gets 4 inputs":                      func(f flow) { f.Layers[0].Conditioner[1].In = 3 },
		"4 outputs for 1 moving":                 func(f flow) { f.Layers[0].Conditioner = f.Layers[0].Conditioner[:1] },
		"dense layer 0 has a weight NaN":         func(f flow) { f.Layers[1].Conditioner[0].B[3] = math.NaN() },
	} {
		f := byhand.New[float64](2, 2, []int{4}, 1)
		if err := f.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(f)
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %q, got %v", want, err)
		}
		if _, err := byhand.Train(context.Background(), f, []float64{1, 2}, byhand.DefaultConfig()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("training: want an error about %q, got %v", want, err)
		}
	}
}
