package fit

import (
	"fmt"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// averagePrefix is where the averages live: the average of "/flow/x" is
// "/ema/flow/x". Outside of "/flow/" they are part of a checkpoint but neither of
// the model nor of its number of parameters.
const averagePrefix = "/ema"

// averageShare is 1-d of the update average ← d·average + (1-d)·weights after
// the given step, counted from 0, with d = min(EMADecay, (1+t)/(10+t)) and t the
// number of updates before it.
//
// The first weights, which the average starts from, are forgotten within tens of
// steps, and early on it spans about the last ninth of the run whatever EMADecay
// is. Adam's kind of bias correction, division by 1-dᵗ, would instead give all
// steps up to 1/(1-d) equal shares, the first ones too.
//
// Source: TensorFlow's tf.train.ExponentialMovingAverage with num_updates,
// https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage
func (c Config) averageShare(step int) float64 {
	t := float64(step)
	return max(1-c.EMADecay, 9/(10+t))
}

// updateAverages moves the average of each weight in the graph towards its new value by
// share, a scalar. Variables that are not trained have no average.
func updateAverages(scope *model.Scope, share *Node) {
	g := share.Graph()
	for _, v := range trained(scope, g) {
		average := scope.Store().Scope(averagePrefix+v.Scope()).WithInitializer(initializer.Zero).
			VariableWithShape(v.Name(), v.Shape()).SetTrainable(false)
		old := average.NodeValue(g)
		average.SetNodeValue(Add(old, Mul(share, Sub(v.NodeValue(g), old))))
	}
}

// trained returns the variables that a step updates.
func trained(scope *model.Scope, g *Graph) []*model.Variable {
	var list []*model.Variable
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			list = append(list, v)
		}
	}
	return list
}

// averages calls do for each average in the store and the weight it belongs to.
func (t *trainer) averages(do func(average, weight *model.Variable) error) error {
	for average := range t.model.Store().Scope(averagePrefix).IterVariables() {
		path := strings.TrimPrefix(average.Path(), averagePrefix)
		weight := t.model.Store().GetVariable(path)
		if weight == nil {
			return fmt.Errorf("fit: %s is the average of a weight that is not there", average.Path())
		}
		if err := do(average, weight); err != nil {
			return fmt.Errorf("fit: average of %s: %w", path, err)
		}
	}
	return nil
}

// startAverages sets each average to the current weight.
func (t *trainer) startAverages() error {
	return t.averages(func(average, weight *model.Variable) error {
		value, err := weight.Value()
		if err != nil {
			return err
		}
		copied, err := value.LocalClone()
		if err != nil {
			return err
		}
		return average.SetValue(copied)
	})
}

// withAverages calls do while the model holds the averages, if there are any, instead
// of its weights. Nothing is copied: weight and average share a tensor meanwhile, so do
// must not train.
func (t *trainer) withAverages(do func() error) error {
	raw := map[*model.Variable]*tensors.Tensor{}
	err := t.averages(func(average, weight *model.Variable) error {
		value, err := weight.Value()
		if err != nil {
			return err
		}
		shared, err := average.Value()
		if err != nil {
			return err
		}
		raw[weight] = value
		return weight.SetValuePreservingOld(shared)
	})
	if err == nil {
		err = do()
	}
	for weight, value := range raw {
		if e := weight.SetValuePreservingOld(value); err == nil {
			err = e
		}
	}
	return err
}
