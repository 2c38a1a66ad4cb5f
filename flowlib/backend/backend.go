// Package backend opens the GoMLX backend a program computes on.
//
// GoMLX allows one backend per process: open it once and pass it on.
package backend

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"

	"normflow/internal/nearest"
)

// Known lists the names that Open accepts, besides "", which lets it choose.
var Known = []string{"xla:cpu", "xla:cuda", "xla", "go"}

var (
	mu     sync.Mutex
	opened []named
	slower string // see Slower
)

type named struct {
	name    string
	backend compute.Backend
}

// Open returns the backend called name. An empty name means GOMLX_BACKEND, or if that is
// empty too, the first that works of "xla:cpu" and "go" (pure Go, slower, needs nothing
// installed).
//
// The backend has at least as many devices as the optional number says, 1 unless given: of
// "xla:cpu" so many are made, which share the processor; of "xla:cuda" there are as many as
// there are GPUs.
//
// It never downloads anything. A second call with the same name returns the same backend,
// since tensors cannot be moved between backends, unless that has fewer devices. The error
// lists the known names, or says why the backend does not start.
func Open(name string, devices ...int) (compute.Backend, error) {
	mu.Lock()
	defer mu.Unlock()
	least := slices.Max(append(devices, 1))
	if name == "" {
		name = os.Getenv(compute.ConfigEnvVar)
	}
	if name != "" {
		return open(name, least)
	}
	b, err := open("xla:cpu", least)
	if err == nil {
		return b, nil
	}
	if passed := new(passedOver); errors.As(err, &passed) {
		note(passed.Error())
		note, slower = func(string) {}, ""
	} else {
		slower = missing(err)
	}
	return open("go", least)
}

// Slower says in one line why Open chose pure Go instead of XLA, and what changes it. It
// is "" if Open chose XLA or had no choice.
func Slower() string {
	mu.Lock()
	defer mu.Unlock()
	return slower
}

// missing says in one line why XLA did not start with err, and what to do.
func missing(err error) string {
	why := "XLA does not start: " + firstLine(err)
	switch {
	case !slices.Contains(compute.List(), "xla"):
		why = "this program was built without XLA"
	case strings.Contains(err.Error(), "no plugins found"), strings.Contains(err.Error(), "not found in paths"):
		why = "no plugin of XLA is installed"
	}
	return why + ": training on pure Go takes about four times as long (make setup and make build, in the project's folder, give a bin/flow with XLA)"
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// open starts a backend. The pure-Go backend is told to run the operations of a graph one
// after another, each on all cores. By default, in compute v0.0.0-20260716, it runs them
// in parallel, and a large matrix product waits for workers that wait for it, sometimes
// forever.
func open(name string, devices int) (compute.Backend, error) {
	for _, o := range opened {
		if o.name == name && o.backend.NumDevices() >= devices {
			return o.backend, nil
		}
	}
	kind, _, _ := strings.Cut(name, ":")
	if kind != "xla" && kind != "go" {
		return nil, errors.New("backend: " + nearest.Unknown("backend", name, Known))
	}
	if !slices.Contains(compute.List(), kind) {
		return nil, fmt.Errorf("backend: this program was built without %q (CGO_ENABLED=0 or the tag noxla): use \"go\"", kind)
	}
	config := name
	if name == "go" {
		config = "go:ops_sequential"
	}
	b, err := create(config, devices)
	if err != nil {
		plugin, why := elsewhere(name)
		if why != nil {
			return nil, fmt.Errorf("backend: %q does not start: %w", name, &passedOver{why})
		}
		if plugin != "" {
			b, err = create("xla:"+plugin, devices)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("backend: %q does not start (install its plugin, or use GOMLX_BACKEND=go): %w", name, err)
	}
	opened = append(opened, named{name, b})
	if n := b.NumDevices(); n < devices {
		return nil, fmt.Errorf("backend: %q has %d of the %d devices that are asked for", name, n, devices)
	}
	return b, nil
}

// create starts the backend of a configuration such as "xla:cpu", with a number of devices
// where that can be chosen.
var create = func(config string, devices int) (compute.Backend, error) { return compute.NewWithConfig(config) }

// Name returns the short name of b, such as "xla:cpu" or "go", for reports.
func Name(b compute.Backend) string {
	mu.Lock()
	defer mu.Unlock()
	for _, o := range opened {
		if o.backend == b {
			return o.name
		}
	}
	if b.Name() == "Go Backend" { // not opened by Open
		return "go"
	}
	return b.Name()
}
