package fit

import (
	"fmt"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// devices are those that share a run: each has all weights and all data, and computes on
// its share of the rows of a batch; XLA sees that the weights need the mean of all, and adds
// the gradients up.
type devices struct {
	mesh  *distributed.DeviceMesh
	whole *distributed.ShardingSpec // of what each device has all of
}

// input is an argument of a graph: a tensor, or on several devices one tensor on each.
type input interface{ FinalizeAll() error }

// everywhere is the axis of an input that each device has all of.
const everywhere = -1

// checkDevices returns an error if the devices of a run are not there.
func (c Config) checkDevices(m *flow.Model) error {
	switch b := m.Backend(); {
	case c.Devices < 2:
		return nil
	case c.Engine == EngineFast:
		return fmt.Errorf("fit: the engine %q computes on the processor as one device, found %d devices: expected none, or the engine of graphs", EngineFast, c.Devices)
	case !canLoop(b):
		return fmt.Errorf("fit: the backend %q is one device, found %d devices: expected XLA", backend.Name(b), c.Devices)
	case b.NumDevices() < c.Devices:
		return fmt.Errorf("fit: the model's backend %q was opened with %d of the %d devices that are asked for", backend.Name(b), b.NumDevices(), c.Devices)
	}
	return nil
}

// newDevices returns nil for one device. Variables that an earlier run has left on other
// devices come back from there.
func newDevices(count int, store *model.Store) (*devices, error) {
	if count < 2 {
		return nil, nil
	}
	mesh, err := distributed.NewDeviceMesh([]int{count}, []string{rowsAxis})
	if err != nil {
		return nil, err
	}
	d := &devices{mesh, distributed.NewReplicatedShardingSpec(mesh)}
	for v := range store.IterVariables() {
		if v.HasValue() {
			value, err := v.Value()
			if err != nil {
				return nil, err
			}
			if err := v.SetValuePreservingOld(value); err != nil {
				return nil, err
			}
		}
		if err := v.SetShardingSpec(d.whole); err != nil {
			return nil, err
		}
	}
	return d, nil
}

const rowsAxis = "rows" // of the mesh

// spec says that an axis of an input is shared out.
func (d *devices) spec(axis int) (*distributed.ShardingSpec, error) {
	if axis == everywhere {
		return d.whole, nil
	}
	b := distributed.BuildSpec(d.mesh)
	for range axis {
		b = b.R()
	}
	return b.S(rowsAxis).Done()
}

// place puts a tensor onto the devices, of which each gets a share along axis.
func (d *devices) place(t *tensors.Tensor, axis int) (input, error) {
	if d == nil {
		return t, nil
	}
	spec, err := d.spec(axis)
	if err != nil {
		return nil, err
	}
	return dtensor.ShardTensor(spec, t)
}

// shared is a graph that runs on devices.
type shared struct {
	*devices
	exec *model.Exec
	axes []int // of the inputs, along which they are shared out
}

func (d *devices) share(exec *model.Exec, axes ...int) (*shared, error) {
	if d == nil {
		return &shared{exec: exec, axes: axes}, nil
	}
	specs := make([]*distributed.ShardingSpec, len(axes))
	for i, axis := range axes {
		var err error
		if specs[i], err = d.spec(axis); err != nil {
			return nil, err
		}
	}
	exec.AutoSharding(d.mesh).WithInputShardingSpecs(specs...).WithOutputShardingSpecs(d.whole)
	return &shared{d, exec, axes}, nil
}

// call runs the graph on inputs, placed or not. The outputs are the same on all devices.
func (s *shared) call(inputs ...input) ([]*tensors.Tensor, error) {
	args := make([]any, len(inputs))
	for i, in := range inputs {
		if t, ok := in.(*tensors.Tensor); ok {
			var err error
			if in, err = s.place(t, s.axes[i]); err != nil {
				return nil, err
			}
		}
		args[i] = in
	}
	return s.exec.Call(args...) // those of the first device come first
}

// padded is the number of rows of a batch as the devices share it: each has as many. The
// rows beyond those of the batch are its first, and count nothing.
func (t *trainer) padded() int {
	n := max(1, t.cfg.Devices)
	return (t.cfg.BatchSize + n - 1) / n * n
}

// rows returns the numbers of the rows of a step's batch, and of those beyond it.
func (t *trainer) rows(step int) []int32 {
	rows := t.batches.at(step)
	for len(rows) < t.padded() {
		rows = append(rows, rows[0])
	}
	return rows
}
