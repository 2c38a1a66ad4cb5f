//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import (
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla" // registers "xla", and opens no plugin before it is asked for
	"github.com/gomlx/go-xla/pjrt"
)

func init() {
	// Fetching a plugin is the task of set-up, which says so aloud.
	xla.EnableAutoInstall(false)
	create = createXLA
}

// createXLA tells the CPU's plugin that there is one device. Left alone it makes
// four, and at least as many threads: on two cores, the idle ones look for work in
// the queues of the others and take a fifth of the time away from them.
func createXLA(config string) (compute.Backend, error) {
	kind, plugin, _ := strings.Cut(config, ":")
	name, _, _ := strings.Cut(plugin, ",") // options follow
	if kind != "xla" || name != "cpu" && !strings.HasSuffix(name, "_cpu_plugin.so") {
		return compute.NewWithConfig(config)
	}
	return xla.NewWithOptions(plugin, pjrt.NamedValuesMap{"cpu_device_count": int64(1)})
}
