// Package backendtest opens the backend that tests run on: pure Go, where
// compiling costs nothing, unless FLOW_TEST_BACKEND names another.
package backendtest

import (
	"cmp"
	"os"
	"testing"

	"github.com/gomlx/compute"

	"normflow/flowlib/backend"
)

// name returns the backend that tests run on.
func name() string { return cmp.Or(os.Getenv("FLOW_TEST_BACKEND"), "go") }

// Main runs the tests of a package whose code chooses a backend itself, and makes it
// choose that of the tests. The package's TestMain calls it.
func Main(m *testing.M) (code int) {
	if err := os.Setenv(compute.ConfigEnvVar, name()); err != nil {
		panic(err)
	}
	return m.Run()
}

// Open returns the backend, or fails the test if it does not start.
func Open(t testing.TB) compute.Backend {
	t.Helper()
	b, err := backend.Open(name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}
