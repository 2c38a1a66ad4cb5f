package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// Run fits a member in this process, or goes on with its fit from a checkpoint. It does
// nothing where the model is there already.
func Run(ctx context.Context, dir string, member int, p tabular.Progress) error {
	plan, err := Read(dir)
	if err != nil {
		return err
	}
	if member < 0 || member >= len(plan.Members) {
		return fmt.Errorf("%s: there is no member %d: expected 0 to %d", show.Path(dir), member, len(plan.Members)-1)
	}
	m := plan.Members[member]
	folder := filepath.Join(dir, m.Name)
	if whole.IsModel(folder) {
		return nil
	}
	if info, err := os.Stat(plan.Table); err == nil && info.Size() != plan.Bytes {
		return fmt.Errorf("%s: has %d bytes, where it had %d when the sweep was planned: plan another, in another folder", show.Path(plan.Table), info.Size(), plan.Bytes)
	}
	c := plan.config(m)
	_, err = os.Lstat(tabular.CheckpointOf(folder))
	c.Resume = err == nil
	_, err = tabular.Fit(ctx, plan.Table, folder, c, p)
	failed := filepath.Join(dir, m.Name+failedEnding)
	if err != nil && ctx.Err() == nil {
		if err2 := whole.WriteFile(failed, []byte(err.Error()+"\n")); err2 != nil {
			return errors.Join(err, err2)
		}
		return err
	}
	if gone := os.Remove(failed); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return err
}

const failedEnding = ".failed" // of the file that says why a member's fit has failed

// Local fits the members that are missing in processes of their own, jobs at a time, each
// with its share of the processors. Command returns what fits a member; its output goes
// to a file beside the member's folder. When the context ends the processes get SIGTERM,
// and leave checkpoints. Their standard input holds nothing, and ends when this process
// does, however it ends. Tell hears of each that ends.
func Local(ctx context.Context, dir string, jobs, processors int, command func(member int) *exec.Cmd, tell func(string)) error {
	p, err := Read(dir)
	if err != nil {
		return err
	}
	threads := max(1, processors/max(1, jobs))
	next := make(chan int)
	var mu sync.Mutex
	var failed []string
	var group sync.WaitGroup
	for range max(1, jobs) {
		group.Go(func() {
			for i := range next {
				begin := time.Now()
				err := fitBy(ctx, command(i), filepath.Join(dir, p.Members[i].Name+".log"), threads)
				mu.Lock()
				switch {
				case ctx.Err() != nil:
				case err != nil:
					failed = append(failed, p.Members[i].Name)
					tell(fmt.Sprintf("%s (%s, seed %d): failed: %v", p.Members[i].Name, p.Members[i].Setting(), p.Members[i].Seed, err))
				default:
					tell(fmt.Sprintf("%s (%s, seed %d): %.1f s", p.Members[i].Name, p.Members[i].Setting(), p.Members[i].Seed, time.Since(begin).Seconds()))
				}
				mu.Unlock()
			}
		})
	}
feed:
	for i, m := range p.Members {
		if whole.IsModel(filepath.Join(dir, m.Name)) {
			continue
		}
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: run the same again to go on: %w", ctx.Err())
	}
	if failed != nil {
		return fmt.Errorf("%d of %d members failed (%s), the others are whole: see their .log in %s; run the same again to try those again", len(failed), len(p.Members), show.List(failed), show.Path(dir))
	}
	return nil
}

// fitBy runs a command with a number of threads and its output in a file. The error has
// the last line of it.
func fitBy(ctx context.Context, cmd *exec.Cmd, log string, threads int) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads))
	if _, err := cmd.StdinPipe(); err != nil { // Wait closes it, or the end of this process
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ctx.Done():
			cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it has ended by itself
		case <-ended:
		}
	}()
	if err := cmd.Wait(); err != nil {
		return errors.New(lastLine(log, err.Error()))
	}
	return nil
}

// maxLog bounds what is read of files beside the members.
const maxLog = 1 << 24 // bytes

// lastLine is that of a file, or else.
func lastLine(path, orElse string) string {
	text, err := whole.ReadFile(path, maxLog)
	if err != nil {
		return orElse
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return show.Text(last)
	}
	return orElse
}

// State is how far a member is.
type State struct {
	Member
	State string       `json:"state"` // finished, failed, begun (it has a checkpoint) or waiting
	Why   string       `json:"why,omitempty"`
	Valid *tabular.NLL `json:"valid,omitempty"`
	Test  *tabular.NLL `json:"test,omitempty"`
	// Seconds of the fit, and what ran it.
	Seconds float64 `json:"seconds,omitempty"`
	Engine  string  `json:"engine,omitempty"`
}

// Status says how far each member is.
func Status(dir string) ([]State, error) {
	p, err := Read(dir)
	if err != nil {
		return nil, err
	}
	var all []State
	for _, m := range p.Members {
		s := State{Member: m, State: "waiting"}
		folder := filepath.Join(dir, m.Name)
		failed, err := whole.ReadFile(folder+failedEnding, maxLog)
		_, begun := os.Lstat(tabular.CheckpointOf(folder))
		switch {
		case whole.IsModel(folder):
			r, err := tabular.ReadRecord(folder)
			if err != nil {
				s.State, s.Why = "failed", err.Error()
				break
			}
			s.State, s.Valid, s.Test, s.Seconds, s.Engine = "finished", &r.Valid, r.Test, r.Result.Seconds, r.Engine
		case err == nil:
			s.State, s.Why = "failed", show.Text(strings.TrimSpace(string(failed)))
		case begun == nil:
			s.State = "begun"
		}
		all = append(all, s)
	}
	return all, nil
}
