package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"
)

// plugin puts one in a folder .tools/xla of its own, and returns its path.
func plugin(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".tools", "xla", "pjrt_c_api_cpu_plugin.so")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// know makes text the plugin that set-up fetches, and forgets all folders.
func know(t *testing.T, text string) {
	before, hashes, passed, slow, starter := folders, pinned, note, slower, create
	t.Cleanup(func() { folders, pinned, note, slower, create = before, hashes, passed, slow, starter })
	sum := sha256.Sum256([]byte(text))
	folders, pinned = nil, []string{hex.EncodeToString(sum[:])}
}

// A plugin in a folder that was named is found by the kind of device it is for.
func TestElsewhere(t *testing.T) {
	know(t, "code")
	path := plugin(t, "code")
	if got, err := elsewhere("xla:cpu"); got != "" || err != nil {
		t.Errorf("found %q, %v before any folder was named", got, err)
	}
	LookIn(t.TempDir(), nil)
	LookIn(filepath.Dir(path), nil)
	for name, want := range map[string]string{"xla:cpu": path, "xla": path, "xla:cuda": "", "go": "", "xla:" + path: ""} {
		if got, err := elsewhere(name); got != want || err != nil {
			t.Errorf("%s: found %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestElsewherePassesOver(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"other bytes":      {func(path string) error { return os.WriteFile(path, []byte("evil"), 0o644) }, "SHA-256"},
		"open file":        {func(path string) error { return os.Chmod(path, 0o666) }, "it can be written by others"},
		"open to a group":  {func(path string) error { return os.Chmod(path, 0o664) }, "it can be written by others"},
		"open folder":      {func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) }, `xla" can be written by others`},
		"group's folder":   {func(path string) error { return os.Chmod(filepath.Dir(path), 0o775) }, `xla" can be written by others`},
		"folder above":     {func(path string) error { return os.Chmod(filepath.Join(path, "../../.."), 0o777) }, "can be written by others"},
		"folder":           {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) }, "not a file"},
		"dead link":        {func(path string) error { return errors.Join(os.Remove(path), os.Symlink("none", path)) }, "no such file"},
		"another's file":   {func(path string) error { return os.Chown(path, 12345, -1) }, "it belongs to another user"},
		"another's folder": {func(path string) error { return os.Chown(filepath.Dir(path), 12345, -1) }, `xla" belongs to another user`},
		"link to another's": {func(path string) error {
			other := plugin(t, "code")
			return errors.Join(os.Remove(path), os.Symlink(other, path), os.Chown(filepath.Join(other, "../../.."), 12345, -1))
		}, "belongs to another user"},
	} {
		t.Run(name, func(t *testing.T) {
			know(t, "code")
			path := plugin(t, "code")
			if err := tt.change(path); errors.Is(err, os.ErrPermission) {
				t.Skip("only root can give files away")
			} else if err != nil {
				t.Fatal(err)
			}
			LookIn(filepath.Dir(path), nil)
			got, err := elsewhere("xla:cpu")
			if got != "" || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("found %q, %v, want an error of one line with %q", got, err, tt.want)
			}
		})
	}
	know(t, "code")
	path := plugin(t, "code")
	if err := os.Chmod(filepath.Join(path, "../../.."), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := trusted(path); err != nil {
		t.Errorf("below a folder like /tmp: %v", err)
	}
}

// One that is passed over is said once, and pure Go computes; one that is missing is for
// whom it slows.
func TestOpenWithoutAPlugin(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "")
	know(t, "code")
	starter := create
	create = func(config string, devices int) (compute.Backend, error) {
		if strings.HasPrefix(config, "xla") {
			return nil, errors.New("no plugins found for backend\nand more")
		}
		return starter(config, devices)
	}
	was := opened
	defer func() { opened = was }()
	opened = nil

	if b, err := Open(""); err != nil || Name(b) != "go" {
		t.Fatalf("opened %v, %v", b, err)
	}
	if got := Slower(); !strings.Contains(got, "no plugin of XLA is installed") && !strings.Contains(got, "without XLA") || !strings.Contains(got, "make setup") || strings.Contains(got, "\n") {
		t.Errorf("Slower says %q", got)
	}

	path := plugin(t, "evil")
	var said []string
	LookIn(filepath.Dir(path), func(why string) { said = append(said, why) })
	if b, err := Open(""); err != nil || Name(b) != "go" {
		t.Fatalf("opened %v, %v", b, err)
	}
	if _, err := Open(""); err != nil {
		t.Fatal(err)
	}
	_, err := Open("xla:cpu")
	if err == nil {
		t.Error("opened XLA")
	}
	if strings.Contains(err.Error(), "built without") { // then it never came so far
		return
	}
	if !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("got %v, want why the plugin is passed over", err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "SHA-256") || strings.Contains(said[0], "\n") || Slower() != "" {
		t.Errorf("said %q and %q, want one line about the checksum", said, Slower())
	}
}

// The plugin is that of the wheel which scripts/find-backend fetches.
func TestPinned(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join("..", "..", "scripts", "xla-plugin.lock"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sum := range pinned {
		if !strings.Contains(string(lock), sum) {
			t.Errorf("scripts/xla-plugin.lock does not have %s", sum)
		}
	}
}
