// Package backendtest opens the backend that tests run on: pure Go, where
// compiling costs nothing, unless FLOW_TEST_BACKEND names another.
package backendtest

import (
	"os"
	"testing"

	"github.com/gomlx/compute"

	"normflow/flowlib/backend"
)

// Open fails the test if the backend does not start.
func Open(t testing.TB) compute.Backend {
	t.Helper()
	name := os.Getenv("FLOW_TEST_BACKEND")
	if name == "" {
		name = "go"
	}
	b, err := backend.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
