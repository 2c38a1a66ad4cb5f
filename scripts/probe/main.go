// Probe is the part of the set-up that uses GoMLX: it checks whether a backend computes,
// and runs go-xla's installer of XLA plugins.
//
//	probe check NAME               opens backend NAME and multiplies two matrices
//	probe install FOLDER cpu|cuda  installs a plugin into FOLDER
//
// If it fails it prints one line that says why, and exits with status 1.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/gomlx/core/graph"

	"normflow/flowlib/backend"
)

const (
	checkLimit   = time.Minute      // a plugin that hangs is a plugin that does not work
	connectLimit = 5 * time.Second  // to find out that GitHub cannot be reached
	installLimit = 15 * time.Minute // for a slow connection: the CUDA plugin comes with 2 GB of libraries
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "check":
		err = within(checkLimit, func() error { return check(args[1]) })
	case len(args) == 3 && args[0] == "install":
		err = within(installLimit, func() error { return install(args[1], args[2]) })
	default:
		fmt.Fprintln(os.Stderr, "usage: probe check NAME | probe install FOLDER cpu|cuda")
		os.Exit(2)
	}
	if err != nil {
		why, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(os.Stderr, why)
		os.Exit(1)
	}
}

// within runs f, returns its panic as an error, and gives up after limit.
func within(limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("no answer within %v", limit)
	}
}

// check computes a known product, to detect also a plugin that loads but computes
// nonsense.
func check(name string) error {
	b, err := backend.Open(name)
	if err != nil {
		return err
	}
	product, err := graph.NewExec(b, func(x, y *graph.Node) *graph.Node { return graph.MatMul(x, y) })
	if err != nil {
		return err
	}
	got, err := product.Call1([][]float32{{1, 2}, {3, 4}}, [][]float32{{5, 6}, {7, 8}})
	if err != nil {
		return err
	}
	want := [][]float32{{19, 22}, {43, 50}}
	if !reflect.DeepEqual(got.Value(), want) {
		return fmt.Errorf("backend %s computes a wrong product: found %v, expected %v", name, got.Value(), want)
	}
	return nil
}

func install(folder, kind string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	const noCache = false // go-xla's cache is in the home folder
	switch kind {
	case "cpu":
		// The installer itself would wait for minutes.
		client := http.Client{Timeout: connectLimit}
		answer, err := client.Head("https://api.github.com")
		if err != nil {
			return fmt.Errorf("GitHub is out of reach: %w", err)
		}
		answer.Body.Close()
		return installer.CPUAutoInstall(filepath.Join(folder, "go-xla"), noCache, installer.Verbose)
	case "cuda":
		return installer.AutoInstall(folder, noCache, installer.Verbose)
	}
	return fmt.Errorf("unknown kind of plugin %q: use cpu or cuda", kind)
}
