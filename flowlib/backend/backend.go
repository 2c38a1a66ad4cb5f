// Package backend opens the GoMLX backend a program computes on.
//
// GoMLX allows one backend per process: open it once and pass it on.
package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
)

// Known lists the names that Open takes besides "", which chooses.
var Known = []string{"xla:cpu", "xla:cuda", "xla", "go"}

var (
	mu     sync.Mutex
	opened = map[string]compute.Backend{}
)

// Open returns the backend called name. An empty name means GOMLX_BACKEND, and
// where that is empty too, the first that works of "xla:cpu" and "go" (pure Go,
// slower, needs nothing installed).
//
// It never downloads anything. A second call with the same name returns the
// same backend, since tensors cannot cross from one to another. The error says
// which names are known, or why the one asked for does not start.
func Open(name string) (compute.Backend, error) {
	mu.Lock()
	defer mu.Unlock()
	if name == "" {
		name = os.Getenv(compute.ConfigEnvVar)
	}
	if name != "" {
		return open(name)
	}
	if b, err := open("xla:cpu"); err == nil {
		return b, nil
	}
	return open("go")
}

// open starts a backend. The pure-Go one runs the operations of a graph one after
// another, each on all cores: side by side, as it would by itself in compute
// v0.0.0-20260716, a large matrix product waits for workers that wait for it, and
// now and then all of them forever.
func open(name string) (compute.Backend, error) {
	if b, ok := opened[name]; ok {
		return b, nil
	}
	kind, _, _ := strings.Cut(name, ":")
	if kind != "xla" && kind != "go" {
		return nil, fmt.Errorf("backend: unknown backend %q: use one of %s", name, strings.Join(Known, ", "))
	}
	if !slices.Contains(compute.List(), kind) {
		return nil, fmt.Errorf("backend: this program was built without %q (CGO_ENABLED=0 or the tag noxla): use \"go\"", kind)
	}
	config := name
	if name == "go" {
		config = "go:ops_sequential"
	}
	b, err := create(config)
	if plugin := elsewhere(name); err != nil && plugin != "" {
		b, err = create("xla:" + plugin)
	}
	if err != nil {
		return nil, fmt.Errorf("backend: %q does not start (install its plugin, or use GOMLX_BACKEND=go): %w", name, err)
	}
	opened[name] = b
	return b, nil
}

// create starts the backend of a configuration such as "xla:cpu".
var create = compute.NewWithConfig

var folders []string

// LookIn adds folders to look for XLA's plugin in where GoMLX finds none: in what
// PJRT_PLUGIN_LIBRARY_PATH lists or, without it, where plugins are usually installed.
func LookIn(more ...string) {
	mu.Lock()
	defer mu.Unlock()
	folders = append(folders, more...)
}

// elsewhere is the path of the plugin called name in one of those folders, or "".
func elsewhere(name string) string {
	kind, plugin, _ := strings.Cut(name, ":")
	if kind != "xla" || filepath.IsAbs(plugin) {
		return ""
	}
	if plugin == "" {
		plugin = "cpu"
	}
	for _, folder := range folders {
		path, err := filepath.Abs(filepath.Join(folder, "pjrt_c_api_"+plugin+"_plugin.so"))
		if _, missing := os.Stat(path); err == nil && missing == nil {
			return path
		}
	}
	return ""
}

// Name is the short name of b, such as "xla:cpu" or "go", for reports.
func Name(b compute.Backend) string {
	mu.Lock()
	defer mu.Unlock()
	for name, o := range opened {
		if o == b {
			return name
		}
	}
	if b.Name() == "Go Backend" { // one that was not opened here
		return "go"
	}
	return b.Name()
}
