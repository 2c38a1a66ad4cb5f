package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"normflow/internal/show"
)

// Children measures each batch size in a process of its own, since a process starts only
// once and its peak memory never falls. args are the arguments with which this program
// makes one measurement, without the batch size; it prints a line of JSON.
func Children(ctx context.Context, args []string, batches []int, stderr io.Writer, each func(Line) error) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for _, batch := range batches {
		var stdout bytes.Buffer
		child := exec.CommandContext(ctx, self, append(args, "--json", "--batch", strconv.Itoa(batch))...)
		child.Stdout, child.Stderr = &stdout, stderr
		if err := child.Run(); err != nil {
			return fmt.Errorf("bench: the measurement at batch %d did not end well: %w", batch, err)
		}
		var line Line
		if err := json.Unmarshal(stdout.Bytes(), &line); err != nil {
			return fmt.Errorf("bench: the measurement at batch %d printed %s: %w", batch, show.Quoted(stdout.String()), err)
		}
		if err := each(line); err != nil {
			return err
		}
	}
	return nil
}
