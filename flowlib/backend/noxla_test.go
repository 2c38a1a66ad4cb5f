//go:build !cgo || noxla

package backend

import (
	"strings"
	"testing"
)

// A static program chooses the pure-Go backend, and says why it has no other.
func TestOpenWithoutXLA(t *testing.T) {
	if _, err := Open("xla:cpu"); err == nil || !strings.Contains(err.Error(), "built without") {
		t.Errorf("got %v", err)
	}
	t.Setenv("GOMLX_BACKEND", "")
	if b, err := Open(""); err != nil || Name(b) != "go" {
		t.Errorf("chose %v, %v", b, err)
	}
}
