package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
)

// others runs the methods of scikit-learn on the same files, all in one process.
func others(ctx context.Context, python, trainFile, testFile string, seed int64) (rows []anomalyRow, err error) {
	const script = "scripts/adbench.py"
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, python, script, trainFile, testFile, labelColumn, strconv.FormatInt(seed, 10))
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", python, script, err, stderr.Bytes())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var r anomalyRow
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", script, err)
		}
		rows = append(rows, r)
	}
}
