package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"normflow/flowlib/sweep"
)

// The ensemble of a sweep is the mean of the densities of the best setting's members.
func TestSweep(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	call := []string{"sweep", csv, "-o", dir, "--seeds", "0,1", "--models", "realnvp", "--layers", "1,2", "--steps", "60", "--jobs", "2", "--engine", "fast"}
	var r sweep.Result
	if err := json.Unmarshal([]byte(must(t, append(call, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Members) != 4 || len(r.Settings) != 2 || len(r.Settings[0].NLLs) != 2 || r.EnsembleNLL == nil {
		t.Fatalf("got %+v", r)
	}
	for _, file := range []string{sweep.TableFile, sweep.PictureFile} {
		if text := content(t, filepath.Join(dir, file)); !strings.Contains(text, "realnvp") {
			t.Errorf("%s: %s", file, text)
		}
	}
	score := func(model string) (all []float64) {
		lines := strings.Fields(must(t, "score", filepath.Join(dir, model), csv, "-o", "-"))
		for _, line := range lines[1:] {
			v, err := strconv.ParseFloat(line, 64)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		return all
	}
	var members []string
	for _, m := range r.Members {
		if m.Setting() == r.Settings[0].Name {
			members = append(members, m.Name)
		}
	}
	whole, a, b := score(sweep.EnsembleFolder), score(members[0]), score(members[1])
	for i := range whole {
		if want := math.Log((math.Exp(a[i]) + math.Exp(b[i])) / 2); math.Abs(whole[i]-want) > 1e-4 {
			t.Fatalf("row %d: the ensemble has %v, its members %v and %v", i, whole[i], a[i], b[i])
		}
	}
	before, err := os.Stat(filepath.Join(dir, "member-000", "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, call...)
	if after, err := os.Stat(filepath.Join(dir, "member-000", "model.json")); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Error("a member that was there was fitted again")
	}
	if status, _, said := alone(t, "sweep", csv, "-o", dir, "--seeds", "0,1,2"); status != 1 || !strings.Contains(said, "holds another sweep") {
		t.Errorf("another sweep: status %d: %s", status, said)
	}
	// Different seeds are judged on the same rows.
	records := map[string]bool{}
	for _, m := range members {
		var record struct {
			Training struct {
				Split       any
				Calibration struct{ Scores []float64 }
			}
		}
		if err := json.Unmarshal([]byte(content(t, filepath.Join(dir, m, "model.json"))), &record); err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(record.Training.Split) //nolint:errcheck // it was JSON
		records[string(text)] = true
	}
	if len(records) != 1 {
		t.Errorf("the splits are %v", records)
	}
}

func TestSweepFolds(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	call := []string{"sweep", csv, "-o", dir, "--models", "gaussian", "--folds", "3"}
	if out := must(t, call...); !strings.Contains(out, "(3)") || !strings.Contains(out, "no ensemble: the members of a cross-validation") {
		t.Errorf("got %s", out)
	}
	must(t, "fit", csv, "-o", filepath.Join(dir, "alone"), "--model", "gaussian", "--fold", "1/3", "--split-seed", "0", "--seed", "0")
	score := func(model string) string { return must(t, "score", filepath.Join(dir, model), csv, "-o", "-") }
	if score("alone") != score("member-001") {
		t.Error("a member is another fit than that of its options")
	}
	if err := os.RemoveAll(filepath.Join(dir, "member-001")); err != nil {
		t.Fatal(err)
	}
	var states []sweep.State
	if err := json.Unmarshal([]byte(must(t, "sweep", "status", dir, "--json")), &states); err != nil || len(states) != 3 || states[0].State != "finished" || states[1].State != "waiting" {
		t.Errorf("got %+v, %v", states, err)
	}
	if status, _, said := alone(t, "sweep", "gather", dir); status != 1 || !strings.Contains(said, "1 of 3 members are not there: member-001 waiting") {
		t.Errorf("status %d: %s", status, said)
	}
	must(t, "sweep", "gather", dir, "--partial")
}

// A member that fails leaves the others whole, and is tried again.
func TestSweepMemberFails(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	call := []string{"sweep", csv, "-o", dir, "--models", "gaussian", "--seeds", "0,1,2"}
	must(t, append(call, "--on", "slurm", "--dry-run")...) // the plan
	if err := os.MkdirAll(filepath.Join(dir, "member-001", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	status, _, said := alone(t, call...)
	if status != 1 || !strings.Contains(said, "1 of 3 members failed (member-001)") {
		t.Errorf("status %d: %s", status, said)
	}
	if out := must(t, "sweep", "status", dir); !strings.Contains(out, "2 finished, 1 failed") {
		t.Errorf("got %s", out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "member-001")); err != nil {
		t.Fatal(err)
	}
	must(t, call...)
	if out := must(t, "sweep", "status", dir); !strings.Contains(out, "3 finished") {
		t.Errorf("got %s", out)
	}
}

func TestSweepScripts(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	out := must(t, "sweep", csv, "-o", dir, "--seeds", "0,1,2", "--on", "slurm", "--dry-run", "--partition", "long", "--time", "1:00:00", "--cores", "4")
	if !strings.Contains(out, "--dependency=afterok:$JOB") {
		t.Errorf("got %s", out)
	}
	script := content(t, filepath.Join(dir, "sweep.sh"))
	for _, line := range []string{"#SBATCH --array=0-2", "#SBATCH --signal=B:USR1@60", "#SBATCH --partition=long", "#SBATCH --time=1:00:00", "#SBATCH --cpus-per-task=4", "sweep run '" + dir + "' --member"} {
		if !strings.Contains(script, line) {
			t.Errorf("the script lacks %q:\n%s", line, script)
		}
	}
	for _, name := range []string{"sweep.sh", "gather.sh"} {
		if said, err := exec.Command("bash", "-n", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}

// Slurm's part is played by programs that do as it does: the first job is there, and in
// the queue from then on, or is refused.
func TestSweepOnSlurm(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	call := []string{"sweep", csv, "-o", dir, "--seeds", "0,1,2", "--on", "slurm"}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if status, _, said := alone(t, call...); status != 1 || !strings.Contains(said, "there is no sbatch on this machine") || !strings.Contains(said, "--dry-run") {
		t.Errorf("no Slurm: status %d: %s", status, said)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("where there is no Slurm a folder is left")
	}
	program := func(name, body string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program("squeue", "exit 1")
	program("sbatch", "printf 'sbatch: error: invalid partition specified: none\nsbatch: error: Batch job submission failed: Invalid partition name specified\n' >&2; exit 1")
	if status, _, said := alone(t, call...); status != 1 || !strings.HasSuffix(said, "sbatch: invalid partition specified: none: Batch job submission failed: Invalid partition name specified\n") {
		t.Errorf("a wrong partition: status %d: %s", status, said)
	}
	program("sbatch", `case "$*" in *afterok:41*) echo "42;cluster";; *afterok*) exit 1;; *) echo "41;cluster";; esac`)
	var jobs sweep.Jobs
	if err := json.Unmarshal([]byte(must(t, append(call, "--json")...)), &jobs); err != nil || jobs != (sweep.Jobs{Array: "41", Gather: "42"}) {
		t.Errorf("got %+v, %v", jobs, err)
	}
	program("squeue", `case "$*" in *41,42*) echo 41_0;; *) exit 1;; esac`)
	if status, _, said := alone(t, call...); status != 1 || !strings.Contains(said, "'scancel 41 42'") {
		t.Errorf("twice: status %d: %s", status, said)
	}
	program("squeue", "exit 1")
	must(t, call...)
}

func TestSweepIsRefused(t *testing.T) {
	csv, model := moonsAndModel(t)
	for _, tt := range []struct {
		args   string
		status int
		says   string
	}{
		{"sweep CSV", 2, "--out"},
		{"sweep CSV -o OUT --dry-run", 2, "--on slurm"},
		{"sweep CSV -o OUT --on spark", 2, "expected slurm"},
		{"sweep CSV -o OUT --learning-rates 0.1,x", 2, "--learning-rates"},
		{"sweep CSV -o OUT --models realnpv", 2, "--models"},
		{"sweep CSV -o OUT --folds 1", 2, "--folds: expected at least 2"},
		{"sweep CSV -o OUT --layers 0,-1", 2, "--layers"},
		{"sweep none.csv -o OUT", 1, "none.csv: there is no such file"},
		{"sweep CSV -o MODEL", 1, "is a model"},
		{"sweep status MODEL", 1, "holds no sweep.json"},
		{"sweep run MODEL --member 0", 1, "holds no sweep.json"},
		{"sweep run MODEL", 2, "--member"},
		{"fit CSV -o OUT --fold 3/3", 2, "--fold"},
		{"fit CSV -o OUT --learning-rate -1", 2, "--learning-rate"},
	} {
		words := strings.NewReplacer("MODEL", model, "CSV", csv, "OUT", filepath.Join(t.TempDir(), "out")).Replace(tt.args)
		if status, _, said := alone(t, strings.Fields(words)...); status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("flow %s: status %d: %s", tt.args, status, said)
		}
	}
}

// The ensemble of a table with text has its categories too.
func TestSweepOfCategories(t *testing.T) {
	dir := t.TempDir()
	csv := filepath.Join(dir, "mixed.csv")
	text := "kind,x\n"
	for i := range 600 {
		kind := []string{"a", "b", "b"}[i%3]
		text += fmt.Sprintf("%s,%.4f\n", kind, math.Sin(float64(i*i))+3*float64(len(kind)+i%3))
	}
	if err := os.WriteFile(csv, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "sweep", csv, "-o", filepath.Join(dir, "s"), "--models", "realnvp", "--layers", "1", "--seeds", "0,1", "--steps", "40")
	scores := func(model string) []string {
		return strings.Fields(must(t, "score", filepath.Join(dir, "s", model), csv, "-o", "-"))[1:]
	}
	whole, a, b := scores(sweep.EnsembleFolder), scores("member-000"), scores("member-001")
	for i := range whole {
		var lp [3]float64
		for k, text := range []string{whole[i], a[i], b[i]} {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			lp[k] = v
		}
		if want := math.Log((math.Exp(lp[1]) + math.Exp(lp[2])) / 2); math.Abs(lp[0]-want) > 1e-4 {
			t.Fatalf("row %d: the ensemble has %v, its members %v", i, lp[0], lp[1:])
		}
	}
}

// A sweep's folder may begin with the mark of an option.
func TestSweepFolderLikeAnOption(t *testing.T) {
	csv, _ := moonsAndModel(t)
	t.Chdir(t.TempDir())
	must(t, "sweep", csv, "-o", "-s", "--models", "gaussian", "--engine", "fast")
	if _, err := os.Stat("-s/" + sweep.TableFile); err != nil {
		t.Error(err)
	}
}

// The members of a sweep end with it, though it is killed, and leave their checkpoints.
func TestSweepThatIsKilled(t *testing.T) {
	csv, _ := moonsAndModel(t)
	dir := filepath.Join(t.TempDir(), "sweep")
	cmd := command(t, "sweep", csv, "-o", dir, "--seeds", "0,1", "--models", "realnvp", "--layers", "2", "--steps", "2000000", "--jobs", "2", "--engine", "fast")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	there := func(pattern string) int {
		found, _ := filepath.Glob(filepath.Join(dir, pattern)) // its only error is the pattern's
		return len(found)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for begin := time.Now(); !done(); time.Sleep(20 * time.Millisecond) {
			if time.Since(begin) > time.Minute {
				t.Fatalf("after a minute not yet: %s", what)
			}
		}
	}
	until("two checkpoints", func() bool { return there("member-00?.checkpoint") == 2 })
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait() //nolint:errcheck // it was killed
	until("the members have ended", func() bool { return there(".flow-*") == 0 })
	for _, member := range []string{"member-000", "member-001"} {
		if there(member+".checkpoint") == 0 && there(member) == 0 { // a fit may have ended meanwhile
			t.Errorf("%s has left neither a checkpoint nor a model", member)
		}
	}
}
