package flow

import "golang.org/x/sys/unix"

// exchangePaths lets two names change places in one step. Not every file system
// can: the error is then EINVAL, ENOSYS or ENOTSUP.
func exchangePaths(a, b string) error {
	return unix.RenamexNp(a, b, unix.RENAME_SWAP)
}
