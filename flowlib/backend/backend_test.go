package backend

import (
	"os"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	b, err := Open("go")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Open("go"); err != nil || again != b {
		t.Errorf("a second call opened another backend (%v)", err)
	}
	if Name(b) != "go" {
		t.Errorf("its name is %q", Name(b))
	}
	t.Setenv("GOMLX_BACKEND", "go")
	if chosen, err := Open(""); err != nil || chosen != b {
		t.Errorf("GOMLX_BACKEND=go opened another backend (%v)", err)
	}
	for _, bad := range []string{"tpu", "GO", " go"} {
		if _, err := Open(bad); err == nil || !strings.Contains(err.Error(), "xla:cpu") || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: got %v, want an error that names it and the known ones", bad, err)
		}
	}
}

// A backend that has fewer devices is refused; of XLA's on the processor so many are made.
func TestOpenDevices(t *testing.T) {
	if _, err := Open("go", 2); err == nil || !strings.Contains(err.Error(), `"go" has 1 of the 2 devices`) {
		t.Errorf("two devices of pure Go: got %v", err)
	}
	if os.Getenv("FLOW_TEST_BACKEND") == "" {
		t.Skip("XLA is tested with FLOW_TEST_BACKEND=xla:cpu")
	}
	one, err := Open("xla:cpu")
	if err != nil {
		t.Fatal(err)
	}
	three, err := Open("xla:cpu", 3)
	if err != nil {
		t.Fatal(err)
	}
	if one.NumDevices() != 1 || three.NumDevices() != 3 || Name(one) != "xla:cpu" || Name(three) != "xla:cpu" {
		t.Errorf("%s has %d devices, %s %d, expected xla:cpu twice, with 1 and 3", Name(one), one.NumDevices(), Name(three), three.NumDevices())
	}
	for devices, want := range map[int]any{1: one, 2: three, 3: three} {
		if again, err := Open("xla:cpu", devices); err != nil || again != want {
			t.Errorf("%d devices: another backend was opened, %v", devices, err)
		}
	}
}
