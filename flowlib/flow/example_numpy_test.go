package flow_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/flow"
)

// Write the weights for NumPy, whose np.load reads them by name, and read them back.
// docs/rebuild_numpy.py computes the density from such a file.
func ExampleSaved_Export() {
	cfg := flow.RealNVP(2)
	cfg.Layers, cfg.Hidden = 1, []int{8}
	model := must.M1(cfg.NewModel(must.M1(backend.Open("go"))))
	dir := must.M1(os.MkdirTemp("", "weights"))
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "weights.npz")
	must.M(must.M1(model.Saved(nil)).Export(file))
	for _, w := range must.M1(flow.Import(file, nil)).Weights {
		fmt.Println(w.Path, w.Shape)
	}
	// Output:
	// /flow/00/conditioner/hidden_0/biases [8]
	// /flow/00/conditioner/hidden_0/weights [1 8]
	// /flow/00/conditioner/out/biases [2]
	// /flow/00/conditioner/out/weights [8 2]
}
