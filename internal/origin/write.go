package origin

import (
	"encoding/json"
	"fmt"

	"normflow/internal/whole"
)

// Write writes measurements, the rows of a file in report/measured, as JSON: whole, or
// not at all. A value that JSON cannot hold, such as NaN, is an error and leaves the old
// file.
func Write(path string, rows any) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := whole.WriteFile(path, append(text, '\n')); err != nil {
		return err
	}
	fmt.Println("wrote", path)
	return nil
}
