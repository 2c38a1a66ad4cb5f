package fit

import (
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// decayWeights shrinks the matrices of the bijectors, apart from what Adam does
// to them: w ← w·(1 - rate·decay). GoMLX's own AdamW shrinks biases too.
//
// Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2,
// line 12, with the schedule and the rate in one: η_t·λ there is rate·decay here.
func decayWeights(scope *model.Scope, rate *Node, decay float64) {
	if decay == 0 {
		return
	}
	g := rate.Graph()
	for _, v := range trained(scope, g) {
		if v.Shape().Rank() >= 2 && !strings.HasPrefix(v.Path(), basePrefix) {
			v.SetNodeValue(Mul(v.NodeValue(g), OneMinus(MulScalar(rate, decay))))
		}
	}
}

// basePrefix is where a base keeps its variables, such as means [K, D], for
// which zero is no natural place.
const basePrefix = flowPrefix + "base/"
