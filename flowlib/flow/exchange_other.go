//go:build !linux && !darwin

package flow

import "errors"

// exchangePaths says that two names cannot change places in one step here.
func exchangePaths(a, b string) error { return errors.ErrUnsupported }
