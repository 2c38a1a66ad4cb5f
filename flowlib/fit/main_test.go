package fit_test

import (
	"os"
	"testing"

	"normflow/flowlib/backend/backendtest"
)

func TestMain(m *testing.M) { os.Exit(backendtest.Main(m)) }
