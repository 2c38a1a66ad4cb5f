package backend

import (
	"os"
	"path/filepath"
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

// A plugin in a folder that was named is found by the kind of device it is for.
func TestElsewhere(t *testing.T) {
	before := folders
	defer func() { folders = before }()
	dir := t.TempDir()
	plugin := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(plugin, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := elsewhere("xla:cpu"); got != "" {
		t.Errorf("found %q before any folder was named", got)
	}
	LookIn(t.TempDir(), dir)
	for name, want := range map[string]string{"xla:cpu": plugin, "xla": plugin, "xla:cuda": "", "go": "", "xla:" + plugin: ""} {
		if got := elsewhere(name); got != want {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}
}
