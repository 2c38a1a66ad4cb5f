package fit

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/internal/names"
)

// decayWeights shrinks the matrices of the bijectors, apart from what Adam does
// to them: w ← w·(1 - rate·decay). GoMLX's own AdamW shrinks biases too.
// What the base has, such as means [K, D], stays: zero is no natural place for that.
//
// Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2,
// line 12, with the schedule and the rate in one: η_t·λ there is rate·decay here.
func decayWeights(scope *model.Scope, rate *Node, decay float64) {
	if decay == 0 {
		return
	}
	g := rate.Graph()
	for _, v := range trained(scope, g) {
		if v.Shape().Rank() >= 2 && !strings.HasPrefix(v.Path(), names.BasePrefix) {
			v.SetNodeValue(Mul(v.NodeValue(g), OneMinus(MulScalar(rate, decay))))
		}
	}
}
