package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/flow"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/internal/whole"
)

func newExport() *cobra.Command {
	var out string
	var asJSON, draws bool
	cmd := &cobra.Command{
		Use:   "export MODEL -o FILE",
		Short: "Write a model for other programs: .onnx, or its weights in .npz or .safetensors",
		Long: `Write a model to one file for other programs.

.onnx holds the whole model as a graph, which ONNX Runtime computes in Python, C++, Java,
C# and browsers: of rows x it makes log_prob. With --sample the graph draws rows instead, of
random numbers that it is given.

.npz and .safetensors hold the weights, and what flow they belong to, for NumPy, PyTorch
and JAX. docs/format.md describes all three, with programs of ten lines that use the graphs
and of 20 lines that compute log-probabilities from the weights if the model is a single
flow (--model) and no column is mapped (--column x:continuous).`,
		Example: `  flow export model -o model.onnx
  flow export model -o draws.onnx --sample
  flow export model -o weights.npz`,
		Args: arguments("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usageError{errors.New("--out (-o) must name the file to write, .onnx, .npz or .safetensors")}
			}
			if err := whole.Apart(out, args[0]); err != nil {
				return usageError{fmt.Errorf("--out: %w", err)}
			}
			isONNX := filepath.Ext(out) == ".onnx"
			if draws && !isONNX {
				return usageError{errors.New("--sample is for a graph that draws: the name that --out gives must end in .onnx")}
			}
			m, err := flow.ReadMixture(args[0])
			if err != nil {
				return err
			}
			if isONNX {
				err = writeONNX(out, m, draws)
			} else if err = m.Export(out); errors.Is(err, flow.ErrExtension) {
				err = usageError{fmt.Errorf("%w, or in .onnx", err)}
			}
			if err != nil {
				return err
			}
			return sayWeights(cmd, asJSON, weights{args[0], out, nameOf(m), m.Parameters()})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write, .onnx, .npz or .safetensors")
	cmd.Flags().BoolVar(&draws, "sample", false, "of .onnx: a graph that draws rows, in the place of one that scores them")
	addJSON(cmd.Flags(), &asJSON)
	cmd.ValidArgsFunction = inTurn(models)
	offer(cmd, "out", exported)
	return cmd
}

func newImport() *cobra.Command {
	var out, like, config string
	var columns []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE -o MODEL",
		Short: "Make a model from weights of another program: .npz or .safetensors",
		Long: `Make a model from a file of weights, such as 'flow export' writes. The flow is
described by the file, by a model (--like) or, for a single flow, by JSON (--config),
the "config" of a model.json. docs/format.md describes both. A file of weights has no
names of columns: without --columns they are those of --like, or c1, c2, ….`,
		Example: `  flow import weights.npz -o model --columns x,y
  flow import retrained.npz --like model -o retrained`,
		Args: arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out == "":
				return usageError{errors.New("--out (-o) must name the folder of the new model")}
			case like != "" && config != "":
				return usageError{errors.New("--like and --config say the same: give one of them")}
			}
			if err := whole.Apart(out, args[0], like, config); err != nil {
				return usageError{fmt.Errorf("--out: %w", err)}
			}
			m, err := imported(args[0], like, config)
			if err != nil {
				return usageIfExtension(err)
			}
			if err := tabular.RecordImport(m, filepath.Base(args[0]), like, columns); err != nil {
				return err
			}
			if err := m.Write(out); err != nil {
				return err
			}
			return sayWeights(cmd, asJSON, weights{out, args[0], m.Name(), m.Parameters()})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "out", "o", "", "folder of the new model")
	f.StringVar(&like, "like", "", "model whose flows the weights are for")
	f.StringVar(&config, "config", "", "JSON file with the config")
	f.StringSliceVar(&columns, "columns", nil, "names of the columns, in the order of the model's")
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(arrays)
	offer(cmd, "out", folders)
	offer(cmd, "like", models)
	offer(cmd, "config", files("json"))
	offer(cmd, "columns", choices()) // names of the user's own, not files
	return cmd
}

// weights describes what was exported or imported.
type weights struct {
	Model      string `json:"model"`
	File       string `json:"file"`
	Name       string `json:"name"` // in the zoo, "custom" or "mixture"
	Parameters int    `json:"parameters"`
}

func sayWeights(cmd *cobra.Command, asJSON bool, w weights) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), w)
	}
	noteTo(cmd)(fmt.Sprintf("%s: %d parameters of %s", w.File, w.Parameters, w.Name))
	return nil
}

// imported reads a file of weights for the flows described by a model or a config or,
// without either, by the file itself.
func imported(file, like, config string) (*flow.Mixture, error) {
	if config != "" {
		c, err := readConfig(config)
		if err != nil {
			return nil, err
		}
		s, err := flow.Import(file, c)
		if err != nil {
			return nil, err
		}
		return flow.NewMixture(nil, []flow.Member{{Weight: 1, Saved: s}})
	}
	var model *flow.Mixture
	if like != "" {
		var err error
		if model, err = flow.ReadMixture(like); err != nil {
			return nil, err
		}
	}
	return flow.ImportMixture(file, model)
}

func readConfig(path string) (*flow.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c flow.Config
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: expected JSON as the \"config\" of a model.json: %w", show.Path(path), err)
	}
	if _, err := c.Variables(); err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(path), err)
	}
	return &c, nil
}

func usageIfExtension(err error) error {
	if errors.Is(err, flow.ErrExtension) {
		return usageError{err}
	}
	return err
}
