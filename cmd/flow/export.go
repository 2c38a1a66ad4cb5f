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
	"normflow/internal/show"
	"normflow/internal/whole"
)

func newExport() *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export MODEL -o FILE",
		Short: "Write a model's weights for other programs: .npz or .safetensors",
		Long: `Write a model's weights, and what flow they belong to, to one file that NumPy,
PyTorch and JAX read. docs/format.md describes it, with programs of 20 lines that
compute log-probabilities from it.`,
		Example: `  flow export model -o weights.npz
  flow export model -o weights.safetensors`,
		Args: arguments("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usageError{errors.New("--out (-o) must name the file to write, .npz or .safetensors")}
			}
			if err := whole.Apart(out, args[0]); err != nil {
				return usageError{fmt.Errorf("--out: %w", err)}
			}
			m, err := flow.ReadMixture(args[0])
			if err != nil {
				return err
			}
			s, err := m.Single()
			if err != nil {
				return fmt.Errorf("%s: %w, for whose weights the file has a form: name a flow at the fit, as in --model nsf --column x:continuous", show.Name(args[0]), err)
			}
			if err := s.Export(out); err != nil {
				return usageIfExtension(err)
			}
			return sayWeights(cmd, asJSON, weights{args[0], out, s.Name(), s.Parameters})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write, .npz or .safetensors")
	addJSON(cmd.Flags(), &asJSON)
	cmd.ValidArgsFunction = inTurn(models)
	offer(cmd, "out", arrays)
	return cmd
}

func newImport() *cobra.Command {
	var out, like, config string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE -o MODEL",
		Short: "Make a model of weights from another program: .npz or .safetensors",
		Long: `Make a model of a file of weights, such as 'flow export' writes. What flow they
belong to is said by the file, by a model (--like) or by JSON (--config), which is
the "config" of a model.json. docs/format.md describes both.`,
		Example: `  flow import weights.npz -o model
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
			c, err := configOf(like, config)
			if err != nil {
				return err
			}
			s, err := flow.Import(args[0], c)
			if err != nil {
				return usageIfExtension(err)
			}
			record := map[string]string{"imported_from": filepath.Base(args[0])}
			if s.Training, err = json.Marshal(record); err != nil {
				return err
			}
			if err := s.Write(out); err != nil {
				return err
			}
			return sayWeights(cmd, asJSON, weights{out, args[0], s.Name(), s.Parameters})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "out", "o", "", "folder of the new model")
	f.StringVar(&like, "like", "", "model whose config the weights have")
	f.StringVar(&config, "config", "", "file of JSON with the config")
	addJSON(f, &asJSON)
	cmd.ValidArgsFunction = inTurn(arrays)
	offer(cmd, "out", folders)
	offer(cmd, "like", models)
	offer(cmd, "config", files("json"))
	return cmd
}

// weights is what was exported or imported.
type weights struct {
	Model      string `json:"model"`
	File       string `json:"file"`
	Name       string `json:"name"` // in the zoo
	Parameters int    `json:"parameters"`
}

func sayWeights(cmd *cobra.Command, asJSON bool, w weights) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), w)
	}
	noteTo(cmd)(fmt.Sprintf("%s: %d parameters of %s", w.File, w.Parameters, w.Name))
	return nil
}

// configOf reads the config of a model, or of a file; nil where neither is named.
func configOf(like, config string) (*flow.Config, error) {
	switch {
	case like != "":
		s, err := flow.Read(like)
		if err != nil {
			return nil, err
		}
		c, err := s.Config()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", show.Name(like), err)
		}
		return &c, nil
	case config != "":
		text, err := os.ReadFile(config)
		if err != nil {
			return nil, err
		}
		var c flow.Config
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&c); err != nil {
			return nil, fmt.Errorf("%s: expected JSON as the \"config\" of a model.json: %w", config, err)
		}
		if _, err := c.Variables(); err != nil {
			return nil, fmt.Errorf("%s: %w", config, err)
		}
		return &c, nil
	}
	return nil, nil
}

func usageIfExtension(err error) error {
	if errors.Is(err, flow.ErrExtension) {
		return usageError{err}
	}
	return err
}
