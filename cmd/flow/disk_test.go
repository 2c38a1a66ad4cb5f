//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// limited is a command that cannot write files longer than so many blocks of 512
// bytes: to it the disk is full there.
func limited(t *testing.T, blocks int, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, args...)
	cmd.Args = append([]string{"sh", "-c", `ulimit -f "$0" && exec "$@"`, strconv.Itoa(blocks), cmd.Path}, args...)
	cmd.Path = "/bin/sh"
	return cmd
}

// Where the disk is full, whatever was to be written, the exit status is 1, what was
// there before is whole, and nothing half written is left.
func TestFullDisk(t *testing.T) {
	var c struct {
		Full int `json:"full"`
		Fits int `json:"fits"` // there was room enough
	}
	dir := t.TempDir()
	data, old := filepath.Join(dir, "data.csv"), filepath.Join(dir, "old")
	writeTable(t, data)
	fit := strings.Fields("fit " + data + " --model realnvp --layers 2 --steps 100 --seed 1 -o ")
	ends(t, command(t, append(fit, old)...), 0)
	export := []string{"export", old, "-o"}
	sample := strings.Fields("data sample rings -n 2000 -o")
	for _, what := range []struct {
		name, out string
		args      []string
		isModel   bool
	}{
		{"fit", "model", fit, true},
		{"import", "model", []string{"import", filepath.Join(dir, "w.npz"), "-o"}, true},
		{"export", "w.npz", export, false},
		{"export", "w.safetensors", export, false},
		{"data sample", "a.csv", sample, false},
		{"data sample", "a.csv.gz", sample, false},
		{"data sample", "a.npy", sample, false},
		{"data sample", "a.npz", sample, false},
		{"data sample", "a.parquet", sample, false},
		{"score", "s.csv", []string{"score", old, data, "-o"}, false},
		{"sample", "s.csv", []string{"sample", old, "-n", "2000", "-o"}, false},
	} {
		if what.name == "import" {
			ends(t, command(t, append(export, filepath.Join(dir, "w.npz"))...), 0)
		}
		for _, blocks := range []int{0, 1, 2, 7, 20, 60, 150, 100000} {
			parent := t.TempDir()
			out := filepath.Join(parent, what.out)
			if what.isModel {
				if err := os.CopyFS(out, os.DirFS(old)); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(out, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := limited(t, blocks, append(what.args, out)...)
			cmd.Env = append(cmd.Env, "TMPDIR="+parent)
			room := cmd.Run() == nil
			if code := cmd.ProcessState.ExitCode(); code > 1 || code < 0 {
				t.Errorf("%s, %d blocks: exit status %d", what.name, blocks, code)
			}
			if room {
				c.Fits++
			} else {
				c.Full++
			}
			if blocks == 0 && room || blocks == 100000 && !room {
				t.Errorf("%s with %d blocks: done is %v", what.name, blocks, room)
			}
			if what.isModel {
				sum(t, out)
				if err := os.RemoveAll(out + ".checkpoint"); err != nil { // a whole one, or none
					t.Error(err)
				}
			} else if content, err := os.ReadFile(out); err != nil || (string(content) == "old") == room {
				t.Errorf("%s with %d blocks: done is %v, but the file has %d bytes, %v", what.name, blocks, room, len(content), err)
			}
			if left, err := os.ReadDir(parent); err != nil || len(left) != 1 {
				t.Errorf("%s with %d blocks leaves %v, %v", what.name, blocks, left, err)
			}
		}
	}
	figures(t, c)
}

// nobody is a user without rights, for a test that runs as root.
const nobody = 65534

// Folders that may not be written to and files that may not be read are errors that
// name them, and leave all as it was.
func TestNoRights(t *testing.T) {
	dir, err := os.MkdirTemp("", "flow-rights-") // not t.TempDir, which is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Chmod(filepath.Join(dir, "closed"), 0o755) //nolint:errcheck // RemoveAll tells
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	self := command(t).Path
	if os.Getuid() == 0 {
		program, err := os.ReadFile(self)
		if err != nil {
			t.Fatal(err)
		}
		self = filepath.Join(dir, "flow")
		if err := os.WriteFile(self, program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	closed, data, secret := filepath.Join(dir, "closed"), filepath.Join(dir, "data.csv"), filepath.Join(dir, "secret.csv")
	writeTable(t, data)
	writeTable(t, secret)
	if err := os.CopyFS(filepath.Join(closed, "model"), os.DirFS(version3)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "hidden"), os.DirFS(version3)); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{closed: 0o555, secret: 0, filepath.Join(dir, "hidden", "weights.safetensors"): 0} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	before := sum(t, filepath.Join(closed, "model"))
	var c struct {
		Refused int `json:"refused"`
	}
	for _, args := range []string{
		"fit " + data + " --steps 1 --layers 1 -o " + closed + "/model",
		"fit " + data + " --steps 1 --layers 1 -o " + closed + "/other",
		"fit " + secret + " --steps 1 --layers 1 -o " + dir + "/m",
		"export " + closed + "/model -o " + closed + "/w.npz",
		"data sample rings -o " + closed + "/d.csv",
		"show " + dir + "/hidden",
	} {
		cmd := command(t, strings.Fields(args)...)
		cmd.Path = self
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		said := ends(t, cmd, 1)
		if !strings.Contains(said, "permission denied") || !strings.Contains(said, dir) {
			t.Errorf("flow %s says %s", args, said)
		}
		c.Refused++
	}
	if left, err := os.ReadDir(closed); err != nil || len(left) != 1 || sum(t, filepath.Join(closed, "model")) != before {
		t.Errorf("the closed folder has %v, %v", left, err)
	}
	figures(t, c)
}
