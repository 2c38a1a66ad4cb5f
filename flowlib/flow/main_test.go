package flow_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/janpfeifer/must"

	"normflow/flowlib/backend"
	"normflow/flowlib/backend/backendtest"
	"normflow/flowlib/flow"
)

// loading names a folder to another process of this binary, see elsewhere.
const loading = "FLOW_TEST_LOAD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(loading); dir != "" {
		again := must.M1(flow.Load(must.M1(backend.Open("go")), dir))
		fmt.Printf("%x\n", must.M1(again.LogProb(ownRows()[:3])))
		os.Exit(0)
	}
	os.Exit(backendtest.Main(m))
}

// elsewhere is what another process finds for ownRows by the model in dir.
func elsewhere(dir string) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), loading+"="+dir)
	cmd.Stderr = os.Stderr
	return string(must.M1(cmd.Output()))
}
