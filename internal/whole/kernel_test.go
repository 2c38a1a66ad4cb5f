package whole

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What another machine has waiting stays, although no lock of it is seen here, until it is
// old; what this one has left goes at once.
func TestSweepBesideAnotherMachine(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	digits := kernel() + "0123456789"
	mine := pendingPrefix + digits + "-" + check(digits)
	digits = strings.Map(func(r rune) rune { return rune("123456789abcdef0"[strings.IndexRune("0123456789abcdef", r)]) }, kernel()) + "0123456789"
	file := pendingPrefix + digits + "-" + check(digits)
	digits = digits[:15] + "0"
	folder := pendingPrefix + digits + "-" + check(digits)
	lock := lockPrefix + digits + "-" + check(digits)
	ok(t, os.WriteFile(in(mine), nil, 0o600), os.WriteFile(in(file), nil, 0o600), os.WriteFile(in(lock), []byte(digits[:kernelDigits]), 0o600),
		os.MkdirAll(filepath.Join(in(folder), "new"), 0o700), os.WriteFile(filepath.Join(in(folder), markerFile), []byte(markerText+"model\n"), 0o600))
	sweepOnce := func() {
		swept.Clear()
		ok(t, WriteFile(in("out"), []byte("x")))
		SweepFolders(in("model"))
	}
	sweepOnce()
	only(t, dir, lock, folder, file, "out")
	old := time.Now().Add(-patience - time.Hour)
	ok(t, os.Chtimes(in(file), old, old), os.Chtimes(in(folder), old, old), os.WriteFile(in(lock), []byte(kernel()), 0o600))
	sweepOnce()
	only(t, dir, "out")
}
