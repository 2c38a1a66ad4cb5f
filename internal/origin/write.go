package origin

import (
	"encoding/json"
	"fmt"

	"github.com/google/renameio/v2"
)

// Write keeps measurements, the rows of a file in report/measured, as JSON: whole, or
// not at all. What JSON cannot hold, such as NaN, is an error and leaves the old file.
func Write(path string, rows any) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := renameio.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", path)
	return nil
}
