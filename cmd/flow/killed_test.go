//go:build unix

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"normflow/flowlib/flow"
)

// killable is a command that writes something.
type killable struct {
	name, out string
	args      []string // all but the output's name
	over      bool     // something is there before
	resume    string   // the checkpoint that is there before

	want string        // what it writes: the content, or the checksum of a model
	took time.Duration // when nothing comes between
}

func (k *killable) isModel() bool { return k.out == "model" }

// isCheckpoint says whether the file of that name, in a place, is one of a fit: each flow
// that it trains has its own.
func isCheckpoint(name string) bool {
	return name == "out/model.checkpoint" || name == "out/model.checkpoint.2"
}

// outcome counts what became of the runs of one command that one signal has ended.
type outcome struct {
	Killed     int `json:"killed"`
	Whole      int `json:"output_whole"`  // the new one
	Absent     int `json:"output_absent"` // there is nothing, or what was there before
	Checkpoint int `json:"checkpoint,omitempty"`
	Swept      int `json:"swept_by_next,omitempty"` // files and folders that SIGKILL left
	TooLate    int `json:"too_late,omitempty"`      // runs that had ended before, which are no kills
}

// place is all that a command may write to without being told, and its output.
type place struct{ root, old string }

func newPlace(t *testing.T, old string) *place {
	p := &place{t.TempDir(), old}
	for _, dir := range []string{"out", "tmp", "home", "work"} {
		if err := os.Mkdir(filepath.Join(p.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *place) in(name string) string { return filepath.Join(p.root, "out", name) }

// command is k's, with folders of its own for everything.
func (p *place) command(t *testing.T, k *killable, more ...string) *exec.Cmd {
	cmd := command(t, slices.Concat(k.args, []string{"-o", p.in(k.out)}, more)...)
	home := filepath.Join(p.root, "home")
	cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(p.root, "tmp"), "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home)
	cmd.Dir = filepath.Join(p.root, "work")
	return cmd
}

// names lists all that is there, but what is in the model's folder: sum looks at that.
func (p *place) names(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == p.in("model") {
			all = append(all, "out/model")
			return fs.SkipDir
		}
		name, err := filepath.Rel(p.root, path)
		all = append(all, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// put makes what is there before.
func (p *place) put(t *testing.T, k *killable) {
	t.Helper()
	var err error
	switch {
	case k.over && k.isModel():
		err = os.CopyFS(p.in(k.out), os.DirFS(p.old))
	case k.over:
		err = os.WriteFile(p.in(k.out), []byte("old"), 0o644)
	}
	if err == nil && k.resume != "" {
		var content []byte
		if content, err = os.ReadFile(k.resume); err == nil {
			err = os.WriteFile(p.in("model.checkpoint"), content, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// output is what there is: "" for nothing.
func (p *place) output(t *testing.T, k *killable) string {
	t.Helper()
	var is string
	var err error
	if k.isModel() {
		var m *flow.Mixture // also where the old one stands aside for the moment
		if m, err = flow.ReadMixture(p.in(k.out)); err == nil {
			is = m.WeightsSHA256
		}
	} else {
		var content []byte
		content, err = os.ReadFile(p.in(k.out))
		is = string(content)
	}
	if _, none := os.Lstat(p.in(k.out)); err != nil && !errors.Is(none, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return is
}

// elsewhere lists what has a name like ours in folders that others use too.
func elsewhere() (all []string) {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", os.TempDir()} {
		for _, pattern := range []string{".flow-*", "*killed-out*"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern)) // its only error is the pattern's
			all = append(all, found...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestKilledCommands ends commands by every signal at random moments. Nothing is left
// anywhere but a checkpoint; what SIGKILL leaves is its owner's alone, and gone after the
// next run; every output is whole, or as before.
func TestKilledCommands(t *testing.T) {
	kills := count(t, "FLOW_KILLS", 12)
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGKILL}
	dir := t.TempDir()
	old, data, few := filepath.Join(dir, "old"), filepath.Join(dir, "data.csv"), filepath.Join(dir, "few.csv")
	ends(t, command(t, strings.Fields("data sample moons10 -n 10000 --seed 1 -o "+data)...), 0)
	ends(t, command(t, strings.Fields("data sample moons10 -n 400 --seed 4 -o "+few)...), 0)
	fit := strings.Fields("fit " + data + " --model realnvp --layers 2 --engine fast --seed 2 --steps 1000")
	ends(t, command(t, append(fit, "-o", old, "--seed", "1", "--steps", "100")...), 0)
	half := command(t, append(fit, "-o", filepath.Join(dir, "half"))...)
	hangUp(t, half, filepath.Join(dir, "half.checkpoint"))
	draw := strings.Fields("sample " + old + " -n 50000 --seed 3")
	all := []*killable{
		{name: "fit", out: "model", args: fit},
		{name: "fit of a mixture", out: "model", args: strings.Fields("fit " + few + " --test 0 --seed 5 --steps 300"), over: true},
		{name: "score", out: "killed-out.csv", args: []string{"score", old, data}},
		{name: "export", out: "killed-out.npz", args: []string{"export", old}},
		{name: "sample", out: "killed-out.csv.gz", args: draw},
		{name: "eval", out: "killed-out.html", args: []string{"eval", old, few}},
		{name: "eval of many rows", out: "killed-out.html", args: []string{"eval", old, data}},
		{name: "fit over a model", out: "model", args: fit, over: true},
		{name: "fit resumed", out: "model", args: append(fit, "--resume"), over: true, resume: filepath.Join(dir, "half.checkpoint")},
		{name: "anomaly", out: "killed-out.csv", args: []string{"anomaly", old, data}},
		{name: "sample over a file", out: "killed-out.npz", args: draw, over: true},
		{name: "score over a file", out: "killed-out.npy", args: []string{"score", old, data}, over: true},
		{name: "eval over a file", out: "killed-out.html", args: []string{"eval", old, few}, over: true},
		{name: "anomaly over a file", out: "killed-out.parquet", args: []string{"anomaly", old, data, "--false-alarm", "0.1"}, over: true},
		{name: "export over a file", out: "killed-out.safetensors", args: []string{"export", old}, over: true},
	}
	strangers := elsewhere()
	c := map[string]*outcome{}                                     // by the command and the signal
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) // other moments each time
	for i, start := 0, rng.IntN(len(all)*len(signals)); i < kills; i++ {
		n := start + i
		k, s := all[n%len(all)], signals[(n%len(all)+n/len(all))%len(signals)]
		if k.want == "" {
			p := newPlace(t, old)
			begin := time.Now()
			ends(t, p.command(t, k), 0)
			k.took, k.want = time.Since(begin), p.output(t, k)
		}
		name := k.name + ", " + unix.SignalName(s)
		if c[name] == nil {
			c[name] = new(outcome)
		}
		for !kill(t, newPlace(t, old), k, s, rng, c[name]) {
		}
	}
	if now := elsewhere(); !slices.Equal(now, strangers) {
		t.Errorf("in folders of all are %q, before %q", now, strangers)
	}
	figures(t, map[string]any{"kills": kills, "by_command_and_signal": c})
}

// kill runs k in p and sends it a signal; it returns false if that came too late.
func kill(t *testing.T, p *place, k *killable, s syscall.Signal, rng *rand.Rand, c *outcome) bool {
	t.Helper()
	p.put(t, k)
	before, was := p.names(t), p.output(t, k)
	cmd := p.command(t, k)
	var said bytes.Buffer
	cmd.Stderr = &said
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	part := k.took
	if rng.IntN(2) == 0 { // while something waits to be put in its place
		for begin := time.Now(); len(ended) == 0 && time.Since(begin) < k.took*9/10; time.Sleep(200 * time.Microsecond) {
			if found, _ := filepath.Glob(p.in(".flow-pending-*")); len(found) > 0 {
				break
			}
		}
		part /= 8
	}
	time.Sleep(time.Duration(rng.Float64() * float64(part)))
	if err := cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-ended
	state := cmd.ProcessState.Sys().(syscall.WaitStatus)
	bySignal := state.Signaled() && state.Signal() == s // SIGKILL, or before the program has begun
	tooLate := state.Exited() && state.ExitStatus() == 0
	if !bySignal && !tooLate && state.ExitStatus() != 128+int(s) {
		t.Fatalf("%s, %v: %v, says %s", k.name, s, cmd.ProcessState, &said)
	}
	switch now := p.output(t, k); {
	case now == k.want && tooLate:
	case now == k.want:
		c.Whole++
	case now == was && !tooLate:
		c.Absent++
	default:
		t.Fatalf("%s, %v: the output is neither whole nor as before: %d bytes, expected %d, before %d", k.name, s, len(now), len(k.want), len(was))
	}
	again := false
	for _, name := range p.names(t) {
		path := filepath.Join(p.root, name)
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			t.Fatal(err)
		case k.isModel() && isCheckpoint(name) && !tooLate:
			c.Checkpoint++
			again = true
		case slices.Contains(before, name) && !isCheckpoint(name) || path == p.in(k.out):
		case s == syscall.SIGKILL && strings.HasPrefix(name, "out/.flow-"):
			content, _ := os.ReadFile(path) // a whole one has the mode of its target just before it is that
			if mode := info.Mode().Perm(); mode&0o077 != 0 && filepath.Dir(name) == "out" && (k.isModel() || string(content) != k.want) {
				t.Errorf("%s, %v: %s is left with mode %v", k.name, s, name, mode)
			}
			c.Swept++
			again = true
		default:
			t.Errorf("%s, %v: %s is left by %v; it said %s", k.name, s, name, cmd.ProcessState, &said)
		}
	}
	if tooLate {
		c.TooLate++
		k.took = min(k.took, time.Since(started)) * 9 / 10
		return false
	}
	c.Killed++
	if again {
		var more []string
		if _, err := os.Lstat(p.in("model.checkpoint")); err == nil {
			more = []string{"--resume"}
		}
		ends(t, p.command(t, k, more...), 0)
		if p.output(t, k) != k.want {
			t.Errorf("%s, %v: the next run gives something else", k.name, s)
		}
		for _, name := range p.names(t) {
			if !slices.Contains(before, name) && name != "out/"+k.out || isCheckpoint(name) {
				t.Errorf("%s, %v: %s is left by the next run", k.name, s, name)
			}
		}
	}
	return true
}
