package fit

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
	"normflow/internal/names"
	"normflow/internal/numbers"
	"normflow/internal/safetensors"
)

// trainer is what a run has beside its state. Its engine makes the steps.
type trainer struct {
	engine  engine
	model   *flow.Model
	cfg     Config
	devices *devices // nil: one
	batches *batches
	train   [][]float64 // all training rows, or those of a stream that the next steps take
	valid   [][]float64 // none where nothing validates
	held    [][]float64 // see [trainer.feed]
	fed     int         // events of the stream so far
	logDet  float64     // what a log-density of the data has more than one in standardized units
}

func newTrainer(m *flow.Model, train, valid [][]float64, cfg Config) (*trainer, error) {
	t := &trainer{
		model:   m,
		cfg:     cfg,
		batches: newBatches(cfg, len(train)),
		train:   train,
		valid:   valid,
		logDet:  m.Units().LogDet(),
	}
	err := t.createState()
	if err != nil {
		return nil, fmt.Errorf("fit: building the training step: %w", err)
	}
	if t.devices, err = newDevices(cfg.Devices, m.Store()); err != nil {
		return nil, fmt.Errorf("fit: the weights on %d devices: %w", cfg.Devices, err)
	}
	if t.engine, err = engines[cfg.Engine](t); err != nil {
		return nil, err
	}
	return t, nil
}

// createState adds the variables of the optimizer and of the averages to the
// store, all zero, since a loop cannot create variables; those that an earlier run
// left, NaN perhaps, go back to zero or away. Which ones there are is seen by
// building one step over a scratch store on the pure-Go backend, where that costs
// next to nothing.
func (t *trainer) createState() error {
	tracer, err := backend.Open("go")
	if err != nil {
		return err
	}
	scratch, store := model.NewStore(), t.model.Store()
	step, err := model.NewExec(tracer, scratch, t.stepGraph)
	if err != nil {
		return err
	}
	batch := tensors.FromShape(shapes.Make(t.model.DType(), t.cfg.BatchSize, t.columns()))
	if err := step.PreCompile(batch, t.schedule(0)); err != nil {
		return err
	}
	if err := store.DeleteVariablesInScope(averagePrefix); err != nil {
		return err
	}
	for v := range scratch.IterVariables() {
		if strings.HasPrefix(v.Path(), names.FlowPrefix) {
			continue // the model has it, a weight or a fixed number
		}
		if old := store.GetVariable(v.Path()); old != nil {
			if err := old.SetValue(tensors.FromShape(old.Shape())); err != nil {
				return err
			}
		} else {
			store.VariableWithShape(v.Path(), v.Shape(), initializer.Zero).SetTrainable(false)
		}
	}
	return store.InitializeVariables(t.model.Backend(), nil)
}

// schedule is what changes from step to step, [2], for [trainer.stepGraph]: the
// learning rate and the share of the newest weights in the average.
func (t *trainer) schedule(step int) *tensors.Tensor {
	return tensors.MustFromAnyValue(shapes.CastAsDType(t.cfg.schedule(step), t.model.DType()))
}

// stepGraph builds one update of all weights from a batch, [B, columns] or longer, see
// [trainer.padded], and the
// schedule of the step, [2], and returns the NLL before it, a scalar in nats.
func (t *trainer) stepGraph(scope *model.Scope, batch, schedule *Node) *Node {
	nll, gradients := t.gradientsGraph(scope, batch)
	t.updateGraph(scope, gradients, schedule)
	return nll
}

// gradientsGraph builds the NLL of a batch, [B, columns], in standardized units, a scalar
// in nats, and its gradients by the weights, in the order of the store.
func (t *trainer) gradientsGraph(scope *model.Scope, batch *Node) (nll *Node, gradients []*Node) {
	rows, weights := t.part(batch)
	logProb := t.model.LogProbGraph(scope, rows)
	if weights != nil {
		logProb = Mul(weights, logProb)
	}
	if size := t.cfg.BatchSize; logProb.Shape().Dim(0) > size {
		logProb = Slice(logProb, AxisRange(0, size))
	}
	nll = Neg(ReduceAllMean(logProb))
	return nll, scope.BuildTrainableVariablesGradientsGraph(nll)
}

// updateGraph builds the update of all weights by their gradients and the schedule
// of the step, [2].
func (t *trainer) updateGraph(scope *model.Scope, gradients []*Node, schedule *Node) {
	rate := Reshape(Slice(schedule, AxisElem(0)))
	optimizer.LearningRateVar(scope, t.model.DType(), t.cfg.LearningRate).SetNodeValue(rate)
	if t.cfg.ClipNorm > 0 {
		clipGlobalNorm(gradients, t.cfg.ClipNorm)
	}
	decayWeights(scope, rate, t.cfg.WeightDecay)
	adam := optimizer.Adam().LearningRate(t.cfg.LearningRate).Done().(interface {
		UpdateGraphWithGradients(scope *model.Scope, grads []*Node, lossDType dtypes.DType)
	})
	adam.UpdateGraphWithGradients(scope, gradients, t.model.DType())
	if t.cfg.EMADecay > 0 {
		updateAverages(scope, Reshape(Slice(schedule, AxisElem(1))))
	}
}

// run makes count steps from the given one, at most cfg.EvalEvery, and returns
// their mean NLL in nats. If one was not finite it returns an error that says
// where it arose; for that it goes back to store, the variables before the first.
func (t *trainer) run(first, count int, store []safetensors.Tensor) (float64, error) {
	out, err := t.engine.steps(first, count)
	if err != nil {
		return 0, fmt.Errorf("fit: training from step %d: %w", first+1, err)
	}
	if out.bad >= 0 {
		return 0, t.explain(first, out.bad+1, store)
	}
	weight := t.weightOf(first, count)
	sum := out.sum - weight*t.logDet
	if !numbers.Finite(sum) {
		return 0, fmt.Errorf("fit: the training NLLs of steps %d to %d add up to %g, more than %s holds", first+1, first+count, sum, t.model.DType())
	}
	return sum / weight, nil
}

func scalar(dtype dtypes.DType, v float64) *tensors.Tensor {
	return tensors.MustFromAnyValue(shapes.CastAsDType(v, dtype))
}

// batch returns the rows that a step sees.
func (t *trainer) batch(step int) [][]float64 {
	rows := make([][]float64, t.cfg.BatchSize)
	for i, row := range t.batches.at(step) {
		rows[i] = t.train[row]
	}
	return rows
}
