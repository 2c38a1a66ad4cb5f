package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"normflow/flowlib/flow"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/onnx"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// writeONNX writes the graph of a model that scores, or the one that draws.
func writeONNX(path string, m *flow.Mixture, draws bool) error {
	if imagefit.RecordOf(m.Training) != nil {
		return fmt.Errorf("exporting to %s: ONNX files hold no layers for pictures yet: .npz and .safetensors hold the weights of the model", show.Path(path))
	}
	graph := onnx.Score
	if draws {
		graph = onnx.Sample
	}
	file, err := graph(m, columnsOf(m))
	if err == nil {
		err = whole.WriteFile(path, file)
	}
	if err != nil {
		return fmt.Errorf("exporting to %s: %w", show.Path(path), err)
	}
	return nil
}

// columnsOf returns the columns of the model as JSON, if its record names them.
func columnsOf(m *flow.Mixture) map[string]string {
	var record struct {
		Features, Context, Dequantised json.RawMessage
	}
	about := map[string]string{}
	if json.Unmarshal(m.Training, &record) != nil { // no record, or another program's
		return about
	}
	for name, text := range map[string]json.RawMessage{"feature_names": record.Features, "context_names": record.Context, "dequantised": record.Dequantised} {
		var b bytes.Buffer
		if text != nil && json.Compact(&b, text) == nil {
			about[name] = b.String()
		}
	}
	return about
}
