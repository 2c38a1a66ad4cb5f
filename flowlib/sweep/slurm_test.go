package sweep

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"normflow/flowlib/tabular"
)

// What a task does when Slurm ends it: programs play flow and Slurm.
func TestArrayScript(t *testing.T) {
	for _, tt := range []struct {
		name    string
		signal  syscall.Signal
		group   bool   // flow gets it too
		state   string // of the task, when flow has ended
		requeue bool
	}{
		{"the time is over soon", syscall.SIGUSR1, false, "RUNNING", true},
		{"another job needs the node", syscall.SIGTERM, true, "RUNNING", true},
		{"cancelled", syscall.SIGTERM, true, "CANCELLED", false},
		{"requeued", syscall.SIGTERM, true, "", false},
	} {
		dir := t.TempDir()
		in := func(name string) string { return filepath.Join(dir, name) }
		write := func(name, text string) {
			t.Helper()
			if err := os.WriteFile(in(name), []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		write("table.csv", "x,y\n1,2\n3,5\n")
		write("flow", "#!/usr/bin/env bash\nleft=\ntrap 'echo TERM >>"+in("got")+"; left=5' TERM\ntouch "+in("begun")+"\nuntil [ \"$left\" = 0 ]; do sleep 0.05; left=${left:+$((left - 1))}; done\nexit 143\n")
		write("squeue", "#!/bin/sh\necho "+tt.state+"\n")
		write("scontrol", "#!/bin/sh\necho \"$@\" >>"+in("asked")+"\n")
		plan, err := New(in("table.csv"), tabular.DefaultFit(), Grid{})
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Enter(in("sweep")); err != nil {
			t.Fatal(err)
		}
		if _, err := (Slurm{Program: in("flow")}).Write(in("sweep")); err != nil {
			t.Fatal(err)
		}
		task := exec.Command("bash", in("sweep/"+arrayFile))
		task.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SLURM_ARRAY_JOB_ID=7", "SLURM_ARRAY_TASK_ID=0")
		task.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := task.Start(); err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			if _, err := os.Stat(in("begun")); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		to := task.Process.Pid
		if tt.group {
			to = -to
		}
		if err := syscall.Kill(to, tt.signal); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := task.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 143 {
			t.Errorf("%s: %v, expected flow's status, 143", tt.name, err)
		}
		read := func(name string) string {
			text, _ := os.ReadFile(in(name)) //nolint:errcheck // none is an answer too
			return strings.TrimSpace(string(text))
		}
		if got := read("got"); got != "TERM" {
			t.Errorf("%s: flow got %q, expected one SIGTERM", tt.name, got)
		}
		if asked := read("asked"); (asked == "requeue 7_0") != tt.requeue || !tt.requeue && asked != "" {
			t.Errorf("%s: Slurm was asked for %q", tt.name, asked)
		}
	}
}
