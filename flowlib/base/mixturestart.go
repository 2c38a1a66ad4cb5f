package base

import (
	"fmt"
	"math"

	"normflow/internal/kmeans"
)

// Start returns initial values for the mixture's variables, chosen from latents of the
// data, z, [n, D]: one component for each k-means cluster, with its mean, its share of
// the rows, and [Widening] times its spread. A flow that starts near the identity then
// starts near the data and need not tear one mode apart.
//
// Keys are the names of the variables, values are row-major. Start returns an error
// unless there are more rows than components.
func (m *Mixture) Start(z [][]float64, seed int64) (map[string][]float64, error) {
	if len(z) <= m.components {
		return nil, fmt.Errorf("base: a mixture of %d components needs more than %d rows to start from, found %d", m.components, m.components, len(z))
	}
	centres, cluster := kmeans.Part(z, m.components, 8, seed)
	count := make([]float64, m.components)
	variance := make([]float64, m.components*m.features)
	for i, row := range z {
		c := cluster[i]
		count[c]++
		for d, v := range row {
			variance[c*m.features+d] += (v - centres[c][d]) * (v - centres[c][d])
		}
	}
	start := map[string][]float64{}
	for c, centre := range centres {
		start["means"] = append(start["means"], centre...)
		// One more row than there is: an empty cluster gets a small share.
		start["logits"] = append(start["logits"], math.Log((count[c]+1)/float64(len(z))))
		for d := range centre {
			std := math.Sqrt(variance[c*m.features+d] / max(count[c], 1))
			start["log_scales"] = append(start["log_scales"], rawLogScale(math.Log(Widening*std)))
		}
	}
	return start, nil
}

// Widening is how much wider components start than their clusters. A mixture that fits
// from the start keeps the bijectors from improving on its shape, such as Gaussians
// where the data are squares; a wide one leaves them room.
const Widening = 3.5

// rawLogScale is the raw value whose bounded one is s, or close to the bound.
func rawLogScale(s float64) float64 {
	const close = 0.95
	return MaxLogScale * math.Atanh(min(max(s/MaxLogScale, -close), close))
}
