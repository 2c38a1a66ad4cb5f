package whole

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"normflow/internal/show"
)

// Apart returns an error if writing to out would overwrite something in reads, the files
// and folders of models that a command reads, or write into such a folder, under any
// name: "-" is a standard stream, "" nothing.
func Apart(out string, reads ...string) error {
	if out == "" {
		return nil
	}
	to := stat(out, os.Stdout)
	for _, in := range reads {
		if in == "" {
			continue
		}
		from := stat(in, os.Stdin)
		if from == nil {
			continue
		}
		// A terminal, or /dev/null, may be both.
		if to != nil && from.Mode()&fs.ModeCharDevice == 0 && os.SameFile(from, to) {
			if from.IsDir() {
				return fmt.Errorf("%s: is the folder to read and the one to write: choose another for the output", named(out, "standard output"))
			}
			return fmt.Errorf("%s: is the file to read and the one to write: choose another name for the output", named(out, "standard output"))
		}
		if out == "-" || in == "-" {
			continue
		}
		if from.IsDir() && isUnder(out, from) {
			if IsModel(in) {
				return fmt.Errorf("%s: lies in the folder of the model %s, which holds nothing else: choose another folder", show.Path(out), show.Path(in))
			}
			return fmt.Errorf("%s: lies in the folder to read, %s: choose another folder for the output", show.Path(out), show.Path(in))
		}
		if to != nil && to.IsDir() && isUnder(in, to) {
			return fmt.Errorf("%s: the file to read, %s, lies in it: choose another folder for the output", show.Path(out), show.Path(in))
		}
	}
	return nil
}

func named(path, stream string) string {
	if path == "-" {
		return stream
	}
	return show.Path(path)
}

// stat describes a path or a stream; nil if there is nothing.
func stat(path string, stream *os.File) fs.FileInfo {
	info, err := os.Stat(path)
	if path == "-" {
		info, err = stream.Stat()
	}
	if err != nil {
		return nil
	}
	return info
}

// isUnder reports whether a path, which need not exist, lies in a folder.
func isUnder(path string, folder fs.FileInfo) bool {
	return lies(path, func(dir string) bool {
		info, err := os.Stat(dir)
		return err == nil && os.SameFile(info, folder)
	})
}

// outsideModels returns an error for a path in the folder of a model.
func outsideModels(path string) error {
	if InModel(path) {
		return errors.New("it lies in the folder of a model, which holds nothing else: choose another")
	}
	return nil
}

// IsModel reports whether a folder is that of a model, complete or not: whether its
// model.json is ours.
func IsModel(dir string) bool {
	f, err := openPlain(filepath.Join(dir, ModelFile))
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 256))
	text := strings.Join(strings.Fields(string(head)), "")
	return err == nil && strings.Contains(text, `"format":"normflowmodel"`)
}
