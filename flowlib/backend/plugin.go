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

// pinned holds the SHA-256 of the plugins that LookIn's folders may have: of the one
// in the wheel that scripts/xla-plugin.lock names.
var pinned = []string{"88c3f28c5900f48ad4a82cab9e79bba9537809743395e341485f8794268820dc"}

var (
	folders []string
	note    = func(string) {}
)

// passedOver is the error of a plugin that was found and must not be loaded.
type passedOver struct{ error }

func (p *passedOver) Unwrap() error { return p.error }

// LookIn adds a folder to look for XLA's plugin in where GoMLX finds none: in what
// PJRT_PLUGIN_LIBRARY_PATH lists or, without it, where plugins are usually installed.
//
// What a program loads from beside itself could be anyone's. So the plugin must be the
// one that set-up fetches, and it and its folder must belong to the user or to root and
// be writable by nobody else; passed hears in one line of one that is passed over.
func LookIn(folder string, passed func(why string)) {
	mu.Lock()
	defer mu.Unlock()
	folders = append(folders, folder)
	note = passed
}

// elsewhere is the path of the plugin called name in one of those folders, or "". The
// error says why one that is there must not be loaded.
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

// trusted says why the file at path must not be loaded into this process.
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
	// Who may write to a folder can put another one in its place; a group often has
	// one member alone, so only the plugin's own folder must not be the group's.
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
	sum := sha256.New() // a third of a second, where XLA takes seconds to compile
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 1<<20)); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); !slices.Contains(pinned, got) {
		return fmt.Errorf("its SHA-256 is %s…, not that of the plugin that this program knows", got[:12])
	}
	return nil
}

// safe is an error unless what info describes belongs to the user or to root, and none
// of the bits of others is set in its mode. In a sticky folder nobody can replace
// what is another's.
func safe(info os.FileInfo, others os.FileMode) error {
	if uid, known := owner(info); known && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("belongs to another user")
	}
	if sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0; !sticky && info.Mode().Perm()&others != 0 {
		return fmt.Errorf("can be written by others")
	}
	return nil
}
