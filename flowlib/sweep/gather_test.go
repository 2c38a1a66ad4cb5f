package sweep

import (
	"fmt"
	"testing"

	"normflow/flowlib/eval"
	"normflow/flowlib/tabular"
)

// A setting has the median of its members, of an odd and of an even number, and the best
// is first by the validation rows, whatever the test rows say.
func TestSettle(t *testing.T) {
	var r Result
	nll := func(mean float64) *tabular.NLL { return &tabular.NLL{Estimate: eval.Estimate{Mean: mean}} }
	member := func(layers int, valid, test float64) {
		r.Members = append(r.Members, State{Member: Member{Layers: layers}, Valid: nll(valid), Test: nll(test)})
	}
	member(4, 1, 20)
	member(8, 3, 12)
	member(4, 5, 30)
	member(8, 4, 10)
	member(8, 9, 17)
	member(2, 5, 1)
	r.settle()
	got := ""
	for _, s := range r.Settings {
		got += fmt.Sprintln(s.Name, s.Median, s.NLLs, s.best.Valid.Mean)
	}
	if want := "4 layers 25 [20 30] 1\n8 layers 12 [12 10 17] 3\n2 layers 1 [1] 5\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
