package whole

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// kernel identifies the running kernel by 6 hexadecimal digits. On a shared file system
// the processes of one see each other's locks; those of another, on another machine, may
// not: Lustre, many mounts of NFS, and folders shared with a virtual machine keep locks to
// themselves.
var kernel = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id") // the same in all containers
	if err != nil {
		host, _ := os.Hostname()
		id = []byte(host)
	}
	sum := sha256.Sum256(append([]byte("normflow kernel "), id...))
	return hex.EncodeToString(sum[:kernelDigits/2])
})

const kernelDigits = 6

// patience is after how long a pending file that has not changed was left by a process that
// was killed, if its lock cannot tell.
const patience = 24 * time.Hour

// mayBeHeld reports whether a pending file or folder, which seems not to be locked, may be
// locked on another machine: it was made there and has changed recently.
func mayBeHeld(path string) bool {
	digits, pending := strings.CutPrefix(filepath.Base(path), pendingPrefix)
	if !pending || strings.HasPrefix(digits, kernel()) {
		return false
	}
	info, err := os.Lstat(path)
	return err != nil || time.Since(info.ModTime()) < patience
}

// isOfAnother reports whether a lock's file, which says so, was made on another machine.
func isOfAnother(lock *os.File) bool {
	said := make([]byte, kernelDigits)
	_, err := io.ReadFull(lock, said)
	return err == nil && string(said) != kernel()
}
