package backend

import (
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
