package flow_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/base"
	"normflow/flowlib/bijector"
	"normflow/flowlib/flow"
	"normflow/flowlib/tree"
)

// ownFlows hold every part of the library, within each other, over two features and a
// column of context.
func ownFlows() map[string]*flow.Flow {
	coupling := func(flip bool, c bijector.Conditioner, t bijector.Transform) bijector.Bijector {
		return bijector.NewCoupling(bijector.Alternating(2, flip), c, t)
	}
	mlp := bijector.MLP(activation.TypeTanh, 3, 2)
	residual := bijector.ResidualMLP(activation.TypeLeakyRelu, 3, 1)
	linear := bijector.MLP(activation.TypeRelu)
	logit := bijector.NewLogit([]float64{-9, -9}, []float64{9, 9}).Margin(0.1)
	return map[string]*flow.Flow{
		"nothing": flow.New(base.Normal{Features: 2}, nil),
		"affine": flow.New(base.NewDiagNormal(2), bijector.Chain{
			coupling(false, mlp, bijector.Affine{}), coupling(true, residual, bijector.Affine{Scale: bijector.ScaleSoftclip, MaxLogScale: 2}),
			coupling(true, linear, bijector.Affine{Scale: bijector.ScaleExp}), bijector.NewPermutation([]int{1, 0}),
		}),
		"within": flow.New(base.NewMixture(2, 3), bijector.Chain{
			bijector.Chain{}, bijector.Invert{Bijector: bijector.Chain{bijector.NewLU(2), coupling(false, mlp, bijector.Spline{Bins: 4, Bound: 3})}},
			bijector.Invert{Bijector: bijector.Invert{Bijector: bijector.NewActNorm(2)}}, bijector.NewLU(2).Identity(), coupling(true, mlp, bijector.Additive{}), logit,
		}),
		"student": flow.New(base.NewStudentT(3, 4.5), bijector.Chain{
			bijector.NewElementwise([]float64{1, -2}, []float64{0.5, 1e-3}), coupling(false, mlp, bijector.Spline{}),
		}),
		"uniform": flow.New(base.NewUniform([]float64{-20, -21}, []float64{20, 20.5}), bijector.Chain{bijector.Reversal(2)}),
	}
}

// What was composed in any way is saved, and gives the same numbers when it is loaded.
func TestEveryPartIsSaved(t *testing.T) {
	b, err := backend.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float64{{0.5, -1, 1}, {-2, 3, 0}, {0.1, 0.2, -0.3}}
	for name, f := range ownFlows() {
		t.Run(name, func(t *testing.T) {
			m, err := flow.NewModel(b, f, flow.Settings{Features: 2, Context: 1, Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			weights := randomize(t, m)
			dir := t.TempDir() + "/m"
			if err := m.Save(dir, nil); err != nil {
				t.Fatal(err)
			}
			again, err := flow.Load(b, dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(weights) > 0 && again.NumParameters() != m.NumParameters() {
				t.Errorf("%d parameters, want %d", again.NumParameters(), m.NumParameters())
			}
			want, err := m.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.LogProb(x)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) || math.IsInf(want[i], 0) {
					t.Errorf("row %d: %v after loading, %v before", i, got[i], want[i])
				}
			}
		})
	}
}

// outsider has no name.
type outsider struct{ bijector.Bijector }

// lossy has a name, and a number that its form does not hold.
type lossy struct {
	outsider
	by float64
}

func init() { tree.Register[*lossy]("lossy") }

// What cannot be written down is not saved, and the error names the part.
func TestUnsavableParts(t *testing.T) {
	identity := bijector.NewElementwise([]float64{0, 0}, []float64{1, 1})
	for want, chain := range map[string]bijector.Chain{
		"flow.chain[1]: a flow_test.outsider cannot be written down": {identity, outsider{identity}},
		"flow.chain[0].invert.chain[0]: a flow_test.outsider":        {bijector.Invert{Bijector: bijector.Chain{outsider{identity}}}},
		"flow.chain[0].lossy: ":                                      {&lossy{outsider{identity}, 2}},
		"flow.chain[0].coupling.conditioner: a flow_test.constant":   {bijector.NewCoupling(bijector.Alternating(2, false), constant{}, bijector.Affine{})},
	} {
		m, err := flow.NewModel(backendtest.Open(t), flow.New(base.Normal{Features: 2}, chain), flow.Settings{Features: 2})
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "m")
		if err := m.Save(dir, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Errorf("%s: something was written", want)
		}
	}
}

// constant is a conditioner without a name.
type constant struct{}

func (constant) Raw(scope *model.Scope, h *Node, outputs int) *Node {
	return BroadcastToDims(ScalarOne(h.Graph(), h.DType()), h.Shape().Dim(0), outputs)
}

// An error names the place in the tree, what is there and what was expected.
func TestReadNamesThePlaceInTheTree(t *testing.T) {
	m, err := flow.NewModel(backendtest.Open(t), ownFlows()["within"], flow.Settings{Features: 2, Context: 1})
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		`flow.chain[4].coupling.conditioner.mlp.hidden[1]: found "2", expected a whole number`:          {"3,\n                2\n              ]\n            }\n          },\n          \"transform\": {\n            \"additive\"", "3,\n                \"2\"\n              ]\n            }\n          },\n          \"transform\": {\n            \"additive\""},
		`flow.chain[5].logit.margin: is missing, expected a number`:                                     {"\"margin\": 0.1", "\"margins\": 0.1"},
		`flow.chain[5].logit: bijector: the margin`:                                                     {"\"margin\": 0.1", "\"margin\": 7"},
		`flow.chain[5]: found "logic", expected an object of one key, one of "actnorm"`:                 {"\"logit\"", "\"logic\""},
		`flow.chain[4].coupling.mask: found "fx", expected f for frozen and m for moving`:               {"\"mask\": \"fm\"", "\"mask\": \"fx\""},
		`flow.base: found "actnorm", expected an object of one key, one of "diagnormal"`:                {"\"base\": {\n      \"mixture\"", "\"base\": {\n      \"actnorm\""},
		`flow.chain[2].invert.invert (*bijector.ActNorm)`:                                               {"\"actnorm\": {\n              \"features\": 2", "\"actnorm\": {\n              \"features\": 3"},
		`flow.chain[1].invert.chain[1].coupling.transform.spline: bijector: a spline has 2 to 256 bins`: {"\"bins\": 4", "\"bins\": 1"},
		`its flow has `: {"\"components\": 3", "\"components\": 4"},
		`flow: found the field "chains", expected none but base, chain`: {"\"base\": {\n      \"mixture\"", "\"chains\": [],\n    \"base\": {\n      \"mixture\""},
		`settings: features must be between 1 and 65536, found 70000`:   {"\"settings\": {\n    \"features\": 2", "\"settings\": {\n    \"features\": 70000"},
		"has fields of version 5":                                       {"\"version\": 5", "\"version\": 4"},
		"use a newer program":                                           {"\"version\": 5", "\"version\": 9"},
	} {
		dir := filepath.Join(t.TempDir(), "m")
		if err := m.Save(dir, nil); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "model.json")
		text := read(t, path)
		if strings.Count(text, change[0]) != 1 {
			t.Fatalf("%q stands there %d times", change[0], strings.Count(text, change[0]))
		}
		text = strings.Replace(text, change[0], change[1], 1)
		text = seal.ReplaceAllString(text, `"sha256": "`+sealOf(text)+`"`)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := flow.Read(dir)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want an error in a line with %q", err, want)
		}
	}
}
