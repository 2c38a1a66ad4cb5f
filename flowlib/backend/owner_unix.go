//go:build unix

package backend

import (
	"os"
	"syscall"
)

// owner returns the ID of the user who owns a file, if the system has one.
func owner(info os.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
