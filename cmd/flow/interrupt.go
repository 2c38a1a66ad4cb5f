package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// signalError is the cause of a context that a signal ended.
type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.String() }

// ending are the signals that end a program. One that was ignored when the program
// started, as nohup ignores SIGHUP, stays ignored.
var ending = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// grace is how long, in nanoseconds, work may take to end by itself after a signal. A
// pipe without a writer, or a long diagnosis, would take forever.
var grace atomic.Int64

const leastGrace = time.Second

// lastWords returns what to print if the work did not end in time; nil prints nothing.
var lastWords atomic.Pointer[func() string]

// interruptible does work that a signal can end: through its context or, after the grace
// or a second signal, at once, with nothing left on the disk. It returns the exit status.
func interruptible(do func(ctx context.Context) int) int {
	grace.CompareAndSwap(0, int64(leastGrace))
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	came, broken := make(chan os.Signal, 8), make(chan os.Signal, 1)
	for _, s := range ending {
		if !signal.Ignored(s) {
			signal.Notify(came, s)
		}
	}
	signal.Notify(broken, syscall.SIGPIPE) // writing to a pipe without a reader is then an error
	done := make(chan int, 1)
	go func() { done <- do(ctx) }()
	var first os.Signal
	select {
	case status := <-done:
		leaveNothing()
		return status
	case first = <-came:
	}
	why := signalError{first.(syscall.Signal)}
	cancel(why)
	select {
	case status := <-done:
		leaveNothing()
		return status
	case <-came:
	case <-time.After(time.Duration(grace.Load())):
	}
	leaveNothing()
	text := "flow: stopped"
	if words := lastWords.Load(); words != nil {
		text += (*words)()
	}
	fmt.Fprintln(os.Stderr, text)
	return 128 + int(why.Signal)
}

// leaveNothing removes what is still pending: other goroutines may be writing.
func leaveNothing() {
	cleaned := make(chan struct{})
	go func() { whole.AbortAll(); close(cleaned) }()
	select {
	case <-cleaned:
	case <-time.After(10 * time.Second): // the file system may not respond
	}
}

// stoppedStatus returns the exit status of a command whose context has ended.
func stoppedStatus(ctx context.Context) int {
	var why signalError
	if errors.As(context.Cause(ctx), &why) {
		return 128 + int(why.Signal)
	}
	return 130
}

// output is standard output, which remembers that a write failed: code that prints text
// does not check.
type output struct {
	w  io.Writer
	mu sync.Mutex

	isUsed bool // something was written
	err    error
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.isUsed = true
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// failed returns the error of the first write that failed.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	return fmt.Errorf("standard output: cannot be written: %w", o.err)
}

// stopWith ends this process, as SIGTERM does, when the input ends: its other end was held
// by a process that has ended, perhaps by SIGKILL.
func stopWith(in io.Reader) {
	io.Copy(io.Discard, in) //nolint:errcheck // it ends either way
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGTERM)
	}
	if err != nil { // Windows sends no signals
		leaveNothing()
		os.Exit(128 + int(syscall.SIGTERM))
	}
}

// checkpointWords says how to continue a fit that did not end in time.
func checkpointWords(path, command string) func() string {
	return func() string {
		if _, err := os.Stat(path); err != nil {
			return "; nothing was saved yet"
		}
		return fmt.Sprintf("\nThe checkpoint is %s. Go on with:\n  %s", show.Name(path), command)
	}
}

// patience lengthens the grace while a fit trains, because a fit checks whether to end
// only at the points of its curve.
type patience struct{ last time.Time }

func newPatience() *patience { return &patience{time.Now()} }

func (p *patience) step() {
	now := time.Now()
	grace.Store(int64(leastGrace + 2*now.Sub(p.last)))
	p.last = now
}
