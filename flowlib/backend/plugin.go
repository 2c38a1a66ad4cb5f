package backend

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pinned holds the SHA-256 of the plugins that LookIn accepts: of the one in the wheel
// that scripts/xla-plugin.lock names.
var pinned = []string{"88c3f28c5900f48ad4a82cab9e79bba9537809743395e341485f8794268820dc"}

var (
	folders []string
	note    = func(string) {}
)

// passedOver is the error of a plugin that was found and must not be loaded.
type passedOver struct{ error }

func (p *passedOver) Unwrap() error { return p.error }

// LookIn adds a folder to search for XLA's plugin if GoMLX does not find it in
// PJRT_PLUGIN_LIBRARY_PATH or, if that is not set, where plugins are usually installed.
//
// Anybody could have put a file beside a program. So the plugin must be the one that the
// set-up fetches, and it and its folder must belong to the user or to root and be
// writable by nobody else. passed is called with one line about each plugin that is
// ignored.
func LookIn(folder string, passed func(why string)) {
	mu.Lock()
	defer mu.Unlock()
	folders = append(folders, folder)
	note = passed
}

// elsewhere returns the path of the plugin called name in one of those folders, or "". It
// returns an error if the plugin is there but must not be loaded.
func elsewhere(name string) (string, error) {
	kind, plugin, _ := strings.Cut(name, ":")
	if kind != "xla" || filepath.IsAbs(plugin) {
		return "", nil
	}
	if plugin == "" {
		plugin = "cpu"
	}
	for _, folder := range folders {
		path, err := filepath.Abs(filepath.Join(folder, "pjrt_c_api_"+plugin+"_plugin.so"))
		if _, missing := os.Lstat(path); err != nil || missing != nil {
			continue
		}
		if err := trusted(path); err != nil {
			return "", fmt.Errorf("XLA's plugin %q is passed over: %w (if you trust it, set PJRT_PLUGIN_LIBRARY_PATH to its folder; if not, remove .tools and run make setup)", path, err)
		}
		return path, nil
	}
	return "", nil
}

// trusted returns an error if the file at path must not be loaded into this process.
func trusted(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is not a file")
	}
	if err := safe(info, 0o022); err != nil {
		return fmt.Errorf("it %w", err)
	}
	// Whoever may write to a folder can replace its files. A user's group often has no
	// other member, so only the plugin's own folder must not be writable by the group.
	for folder, others := filepath.Dir(path), os.FileMode(0o022); ; folder, others = filepath.Dir(folder), 0o002 {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		if err := safe(info, others); err != nil {
			return fmt.Errorf("the folder %q %w", folder, err)
		}
		if folder == filepath.Dir(folder) {
			break
		}
	}
	sum := sha256.New() // takes a third of a second; XLA takes seconds to compile
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 1<<20)); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); !slices.Contains(pinned, got) {
		return fmt.Errorf("its SHA-256 is %s…, not that of the plugin that this program knows", got[:12])
	}
	return nil
}

// safe returns an error unless the file belongs to the user or to root and its mode has
// none of the bits of others. In a sticky folder nobody can replace another user's files.
func safe(info os.FileInfo, others os.FileMode) error {
	if uid, known := owner(info); known && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("belongs to another user")
	}
	if sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0; !sticky && info.Mode().Perm()&others != 0 {
		return fmt.Errorf("can be written by others")
	}
	return nil
}
