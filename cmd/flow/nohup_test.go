//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// through is a command that a shell starts, by these words before it.
func through(t *testing.T, before string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, args...)
	cmd.Args = append([]string{"sh", "-c", before + ` "$@"`, "sh", cmd.Path}, args...)
	cmd.Path = "/bin/sh"
	return cmd
}

// What nohup has ignored stays ignored: the fit goes on, until another signal ends it.
func TestNohup(t *testing.T) {
	csv, _ := moonsAndModel(t)
	model := filepath.Join(t.TempDir(), "m")
	cmd := through(t, "trap '' HUP; exec", "fit", csv, "-o", model, "--steps", "200000", "--layers", "2", "--model", "realnvp")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 20000 {
		if _, err := os.Stat(model + ".checkpoint"); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	cmd.Wait()                         //nolint:errcheck // its status tells
	got := cmd.ProcessState.ExitCode() // 0 where the fit had the time to end by itself
	if got != 0 && got != 128+int(syscall.SIGTERM) || !strings.Contains(said.String(), map[bool]string{true: "NLL", false: "--resume"}[got == 0]) {
		t.Errorf("exit status %d, says %s", got, &said)
	}
}

// A checkpoint that is a pipe is refused at once, and is still there.
func TestCheckpointThatIsAPipe(t *testing.T) {
	csv, _ := moonsAndModel(t)
	model := filepath.Join(t.TempDir(), "m")
	if err := syscall.Mkfifo(model+".checkpoint", 0o600); err != nil {
		t.Skip("needs named pipes: ", err)
	}
	for _, resume := range []string{"--resume=false", "--resume"} {
		if said := ends(t, through(t, "exec timeout 60", "fit", csv, "-o", model, resume), 1); !strings.Contains(said, "m.checkpoint: is no checkpoint of a fit") {
			t.Errorf("%s: says %s", resume, said)
		}
	}
	if info, err := os.Lstat(model + ".checkpoint"); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is gone")
	}
}

// On other file systems: over a file and a model that lie in a lower layer, as in the
// image of a container, and in memory.
func TestOtherFileSystems(t *testing.T) {
	csv, model := moonsAndModel(t)
	for _, mount := range []string{
		`mount -t overlay overlay -o "lowerdir=$D/low,upperdir=$D/up,workdir=$D/work" "$D/top"`,
		`mount -t tmpfs none "$D/top" && cp -r "$D/low/." "$D/top"`,
	} {
		dir := t.TempDir()
		for _, name := range []string{"up", "work", "top", "low"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		low, top := filepath.Join(dir, "low"), filepath.Join(dir, "top")
		if err := os.CopyFS(filepath.Join(low, "model"), os.DirFS(model)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(low, "out.csv"), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		within := func(after string, args ...string) (string, int) {
			cmd := through(t, "D="+dir+"; "+mount+` || exit 77; T="$D/top"; "$@"; status=$?; `+after+`; exit $status; :`, args...)
			cmd.Args = append([]string{"unshare", "-rm", cmd.Path}, cmd.Args[1:]...)
			cmd.Path, _ = exec.LookPath("unshare")
			if cmd.Path == "" {
				return "", 77
			}
			out, _ := cmd.CombinedOutput()
			return string(out), cmd.ProcessState.ExitCode()
		}
		if _, status := within(":", "--version"); status == 77 {
			t.Log("may not mount: ", mount)
			continue
		}
		list := `ls -A "$T" "$T/model"; head -c 8 "$T/out.csv"`
		for _, tt := range []struct{ args, want string }{
			{"fit " + csv + " --model realnvp --layers 1 --steps 60 -o " + top + "/model", "model.json\nweights.safetensors\nold"},
			{"fit " + csv + " --model realnvp --layers 1 --steps 60 -o " + top + "/new", "new\nout.csv\n"},
			{"score " + top + "/model " + csv + " -o " + top + "/out.csv", "log_prob"},
		} {
			if out, status := within(list, strings.Fields(tt.args)...); status != 0 || !strings.Contains(out, tt.want) || strings.Contains(out, "pending") || strings.Contains(out, "checkpoint") {
				t.Errorf("%s\nflow %s: status %d: %s", mount, tt.args, status, out)
			}
		}
	}
}
