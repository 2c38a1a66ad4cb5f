//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import (
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla" // registers "xla", and opens no plugin before it is asked for
	"github.com/gomlx/go-xla/pjrt"
)

func init() {
	// The set-up fetches plugins, and says so.
	xla.EnableAutoInstall(false)
	create = createXLA
}

// createXLA tells the CPU plugin how many devices there are. By default it makes four, with
// at least as many threads; on two cores the idle ones look for work in the queues of the
// others and waste a fifth of the time.
func createXLA(config string, devices int) (compute.Backend, error) {
	kind, plugin, _ := strings.Cut(config, ":")
	name, _, _ := strings.Cut(plugin, ",") // options follow
	if kind != "xla" || name != "cpu" && !strings.HasSuffix(name, "_cpu_plugin.so") {
		return compute.NewWithConfig(config)
	}
	keepMemory()
	return xla.NewWithOptions(plugin, pjrt.NamedValuesMap{"cpu_device_count": int64(devices)})
}
