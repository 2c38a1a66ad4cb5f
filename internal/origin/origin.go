// Package origin says where a measurement comes from, for the files in
// report/measured.
package origin

import (
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Origin describes where a measurement comes from. Embedded in a row, it adds its keys to
// the row's.
type Origin struct {
	Machine  string            `json:"machine"`
	Date     string            `json:"date"` // UTC
	Commit   string            `json:"commit"`
	Versions map[string]string `json:"versions"` // of Go and of the libraries that compute
}

// Now returns the origin of what this program measures. Call it at the start: the working
// tree, whose commit it names, may change while the program runs.
func Now() Origin {
	return Origin{
		Machine:  fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		Date:     time.Now().UTC().Format(time.DateOnly),
		Commit:   commit(),
		Versions: versions(),
	}
}

func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, dep := range info.Deps {
		if strings.HasPrefix(dep.Path, "github.com/gomlx/") {
			v[dep.Path] = dep.Version
		}
	}
	return v
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
