package bijector_test

import (
	"fmt"
	"maps"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/bijector"
)

// outsiders by the first words of a fixture's name. The formulas of the other
// libraries are in the functions of scripts/fixtures/*_layers.py.
var outsiders = map[string]outsider{
	"nflows_lu": {
		// Their output is L·U·input + bias, and our product is the Inverse.
		layer: func(f fixture) bijector.Bijector {
			return bijector.Chain{bijector.Invert{Bijector: bijector.NewLU(f.features)}, bijector.NewActNorm(f.features)}
		},
		variables: func(f fixture, w map[string]*Node) map[string]*Node {
			d, bias := f.features, w["bias"]
			var lower, upper, diagonal []int // places in the matrix, row by row
			for i := range d {
				for j := range d {
					switch {
					case i > j:
						lower = append(lower, i*d+j)
					case i < j:
						upper = append(upper, i*d+j)
					default:
						diagonal = append(diagonal, i*d+j)
					}
				}
			}
			s := AddScalar(Softplus(w["unconstrained_upper_diag"]), 1e-3)
			packed := Add(Add(place(w["lower_entries"], lower, d*d), place(w["upper_entries"], upper, d*d)), place(Log(s), diagonal, d*d))
			ones := OnesLike(bias)
			return map[string]*Node{
				"00/lu": Reshape(packed, d, d), "00/permutation": Reshape(place(ones, diagonal, d*d), d, d), "00/sign": ones,
				"01/log_scale": ZerosLike(bias), "01/shift": bias,
			}
		},
	},
	"nflows_spline": {
		layer: func(f fixture) bijector.Bijector {
			// They add nothing to a raw slope, we add what makes it 1 at raw = 0.
			network := answer(tanh(8), len(f.Moves[0]), 3*f.Bins-1, func(raw *Node) *Node {
				return Concatenate([]*Node{part(raw, 0, 2*f.Bins), AddScalar(part(raw, 2*f.Bins, 3*f.Bins-1), -slopeAtZero)}, 1)
			})
			return bijector.Invert{Bijector: coupling(f, 0, network, bijector.Spline{Bins: f.Bins, Bound: f.Bound})}
		},
		variables: nflowsNetwork,
	},
	"nflows_residual": {
		layer: func(f fixture) bijector.Bijector {
			network := answer(bijector.ResidualMLP(activation.TypeRelu, f.Hidden, 2), len(f.Moves[0]), 3*f.Bins-1, func(raw *Node) *Node {
				sizes := DivScalar(part(raw, 0, 2*f.Bins), math.Sqrt(float64(f.Hidden)))
				return Concatenate([]*Node{sizes, AddScalar(part(raw, 2*f.Bins, 3*f.Bins-1), -slopeAtZero)}, 1)
			})
			return bijector.Invert{Bijector: coupling(f, 0, network, bijector.Spline{Bins: f.Bins, Bound: f.Bound})}
		},
		variables: func(_ fixture, w map[string]*Node) map[string]*Node {
			const net = "transform_net."
			ours := map[string]*Node{}
			linear(ours, "conditioner/in", w, net+"initial_layer")
			for i := range 2 {
				for j := range 2 {
					linear(ours, fmt.Sprintf("conditioner/block_%d/hidden_%d", i, j), w, fmt.Sprintf(net+"blocks.%d.linear_layers.%d", i, j))
				}
			}
			linear(ours, "conditioner/out", w, net+"final_layer")
			return ours
		},
	},
	"nflows_affine": {
		layer: func(f fixture) bijector.Bijector {
			network := byParameter(tanh(8), len(f.Moves[0]), 2, func(raw *Node) *Node {
				scale := AddScalar(Sigmoid(AddScalar(part(raw, 1, 2), 2)), 1e-3)
				return Concatenate([]*Node{Log(scale), part(raw, 0, 1)}, 1)
			})
			return coupling(f, 0, network, bijector.Affine{Scale: bijector.ScaleExp})
		},
		variables: nflowsNetwork,
	},
	"nflows_additive": {
		layer: func(f fixture) bijector.Bijector {
			return coupling(f, 0, tanh(8), bijector.Additive{})
		},
		variables: nflowsNetwork,
	},
	"normflows_actnorm": {
		layer: func(f fixture) bijector.Bijector { return bijector.NewActNorm(f.features) },
		variables: func(f fixture, w map[string]*Node) map[string]*Node {
			return map[string]*Node{"log_scale": Reshape(w["s"], f.features), "shift": Reshape(w["t"], f.features)}
		},
	},
	"normflows_masked": {
		layer: func(f fixture) bijector.Bijector {
			network := relu(8)
			both := conditionerFunc(func(scope *model.Scope, h *Node, outputs int) *Node {
				return Concatenate([]*Node{network.Raw(scope.At("s"), h, outputs/2), network.Raw(scope.At("t"), h, outputs/2)}, -1)
			})
			return coupling(f, 0, both, bijector.Affine{Scale: bijector.ScaleTanh, MaxLogScale: f.Bound})
		},
		variables: func(f fixture, w map[string]*Node) map[string]*Node {
			ours := map[string]*Node{}
			for _, net := range []string{"s", "t"} {
				first, last := net+".net.0", net+".net.2"
				// Their networks read zeros for the moving features, and what they answer
				// for the frozen ones is not used.
				var frozen []int
				for j, isFrozen := range f.mask(0) {
					if isFrozen {
						frozen = append(frozen, j)
					}
				}
				only := map[string]*Node{
					first + ".weight": pick(w[first+".weight"], 1, frozen), first + ".bias": w[first+".bias"],
					last + ".weight": pick(w[last+".weight"], 0, f.Moves[0]), last + ".bias": pick(w[last+".bias"], 0, f.Moves[0]),
				}
				maps.Copy(ours, dense("conditioner/"+net, only, first, last))
			}
			return ours
		},
	},
	"normflows_block": {
		layer: func(f fixture) bijector.Bijector {
			network := answer(relu(8, 8), len(f.Moves[0]), 2, func(raw *Node) *Node {
				return Concatenate([]*Node{part(raw, 1, 2), part(raw, 0, 1)}, 1) // theirs: shift, log-scale
			})
			return coupling(f, 0, network, bijector.Affine{Scale: bijector.ScaleExp})
		},
		variables: func(_ fixture, w map[string]*Node) map[string]*Node {
			const net = "flows.1.param_map.net."
			return dense("conditioner", w, net+"0", net+"2", net+"4")
		},
	},
	"zuko_nice": {
		layer: func(f fixture) bijector.Bijector {
			var chain bijector.Chain
			for i := range f.Moves {
				network := answer(tanh(8), len(f.Moves[i]), 2, func(raw *Node) *Node {
					return Concatenate([]*Node{part(raw, 1, 2), part(raw, 0, 1)}, 1)
				})
				chain = append(chain, coupling(f, i, network, bijector.Affine{Scale: bijector.ScaleSoftclip, MaxLogScale: zukoMax}))
			}
			return chain
		},
		variables: func(f fixture, w map[string]*Node) map[string]*Node {
			ours := map[string]*Node{}
			for i := range f.Moves {
				maps.Copy(ours, zukoNetwork(fmt.Sprintf("%02d/conditioner", i), i, w))
			}
			return ours
		},
	},
	"zuko_spline": {
		layer: func(f fixture) bijector.Bijector {
			softclip := func(raw *Node, limit float64) *Node { return Div(raw, OnePlus(DivScalar(Abs(raw), limit))) }
			network := answer(tanh(8), len(f.Moves[0]), 3*f.Bins-1, func(raw *Node) *Node {
				widths := Softmax(softclip(part(raw, 0, f.Bins), zukoMax/2), 1)
				heights := Softmax(softclip(part(raw, f.Bins, 2*f.Bins), zukoMax/2), 1)
				slopes := Exp(softclip(part(raw, 2*f.Bins, 3*f.Bins-1), zukoMax))
				return Concatenate([]*Node{rawShares(widths), rawShares(heights), rawSlopes(slopes)}, 1)
			})
			return bijector.Invert{Bijector: coupling(f, 0, network, bijector.Spline{Bins: f.Bins, Bound: f.Bound})}
		},
		variables: func(_ fixture, w map[string]*Node) map[string]*Node { return zukoNetwork("conditioner", 0, w) },
	},
	"flowjax_affine": {
		layer: func(f fixture) bijector.Bijector {
			const least = 1e-2
			return flowjaxChain(f, 2, func(raw *Node) *Node {
				scale := AddScalar(Softplus(AddScalar(part(raw, 1, 2), math.Log(math.Expm1(1-least)))), least)
				return Concatenate([]*Node{Log(scale), part(raw, 0, 1)}, 1)
			}, func(c *bijector.Coupling) bijector.Bijector { return c }, bijector.Affine{Scale: bijector.ScaleExp})
		},
		variables: flowjaxVariables,
	},
	"flowjax_spline": {
		layer: func(f fixture) bijector.Bijector {
			n := f.Knots
			shares := func(raw *Node) *Node { // n numbers place n inner knots: n+1 bins
				w := DivScalar(AddScalar(Softmax(raw, 1), 1e-2/float64(n)), 1+1e-2)
				half := DivScalar(part(w, 0, 1), 2)
				return Concatenate([]*Node{half, part(w, 1, n), half}, 1)
			}
			return flowjaxChain(f, 3*n, func(raw *Node) *Node {
				// ravel_pytree takes the fields in order: x_pos, y_pos, derivatives.
				return Concatenate([]*Node{rawShares(shares(part(raw, 0, n))), rawShares(shares(part(raw, n, 2*n))), part(raw, 2*n, 3*n)}, 1)
			}, func(c *bijector.Coupling) bijector.Bijector { return bijector.Invert{Bijector: c} }, bijector.Spline{Bins: n + 1, Bound: f.Bound})
		},
		variables: flowjaxVariables,
	},
}
