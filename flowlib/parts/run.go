package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// Record is what is known of a part that is whole.
type Record struct {
	Unit
	Plan      string          `json:"plan_sha256"` // that the part is of
	Rows      int64           `json:"rows"`
	PartBytes int64           `json:"part_bytes"`
	SHA256    string          `json:"part_sha256"`
	Seconds   float64         `json:"seconds"`
	Result    json.RawMessage `json:"result"` // what the command says of the unit
}

// Shard is the share of one process: the units whose number leaves Index when it is
// divided by Of. The zero value is all of them.
type Shard struct{ Index, Of int }

// ParseShard reads i/n, where i goes from 0 to n-1.
func ParseShard(text string) (Shard, error) {
	i, n, _ := strings.Cut(text, "/")
	index, err := strconv.Atoi(i)
	of, err2 := strconv.Atoi(n)
	if err != nil || err2 != nil || of < 1 || index < 0 || index >= of {
		return Shard{}, fmt.Errorf("expected i/n, with i from 0 to n-1, found %s", show.Quoted(text))
	}
	return Shard{index, of}, nil
}

func (s Shard) has(unit int) bool { return s.Of == 0 || unit%s.Of == s.Index }

// Do makes the part of a unit, whole or not at all, at a path. It returns the number of
// its rows and what there is to say of it, which becomes JSON.
type Do func(ctx context.Context, u Unit, path string) (rows int64, result any, err error)

// Done counts what a process did.
type Done struct {
	Units   int   `json:"parts"`   // of its share
	Skipped int   `json:"skipped"` // that were there
	Failed  int   `json:"failed"`
	Rows    int64 `json:"rows"` // of the parts that are there
}

// Run makes the parts of a shard that are not in the folder yet, and tells of each. A unit
// that fails leaves the others as they are; the error then says how many failed and how.
// When the context ends, so does Run, at once.
func (p *Plan) Run(ctx context.Context, dir string, s Shard, do Do, tell func(string)) (done Done, err error) {
	if err := p.Enter(dir); err != nil {
		return done, err
	}
	sum, err := p.sum()
	if err != nil {
		return done, err
	}
	var first error
	for _, u := range p.Units {
		if !s.has(u.Index) {
			continue
		}
		done.Units++
		if r, err := record(dir, u, sum); err == nil {
			done.Skipped++
			done.Rows += r.Rows
			continue
		}
		if err := ctx.Err(); err != nil {
			return done, fmt.Errorf("stopped before %s: run the same again to go on: %w", u.Part, err)
		}
		begin := time.Now()
		r, err := p.make(ctx, dir, u, sum, do)
		switch {
		case err != nil && ctx.Err() != nil:
			return done, fmt.Errorf("stopped in %s: run the same again to go on: %w", u.Part, err)
		case err != nil:
			done.Failed++
			tell(fmt.Sprintf("%s failed: %v", u.Part, err))
			if first == nil {
				first = err
			}
			continue
		}
		done.Rows += r.Rows
		tell(fmt.Sprintf("%s: %d rows, %.1f s", u.Part, r.Rows, time.Since(begin).Seconds()))
	}
	if first != nil {
		return done, fmt.Errorf("%d of %d parts failed, the others are whole; when it is mended, run the same again to go on. The first: %w", done.Failed, done.Units, first)
	}
	return done, p.finish(dir)
}

// make makes one part and its record.
func (p *Plan) make(ctx context.Context, dir string, u Unit, sum string, do Do) (*Record, error) {
	if u.File != "" {
		if info, err := os.Stat(u.File); err == nil && info.Size() != u.Bytes {
			return nil, fmt.Errorf("%s: has %d bytes, where it had %d when the parts were planned: name another folder", show.Path(u.File), info.Size(), u.Bytes)
		}
	}
	begin := time.Now()
	path := filepath.Join(dir, u.Part)
	rows, result, err := do(ctx, u, path)
	if err != nil {
		return nil, err
	}
	r := &Record{Unit: u, Plan: sum, Rows: rows, Seconds: time.Since(begin).Seconds()}
	if r.Result, err = json.Marshal(result); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r.PartBytes = info.Size()
	if r.SHA256, err = sumFile(path); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return r, whole.WriteFile(recordOf(dir, u), append(text, '\n'))
}

// recordOf is where the record of a unit is.
func recordOf(dir string, u Unit) string {
	name, _, _ := strings.Cut(u.Part, ".")
	return filepath.Join(dir, name+".json")
}

const maxRecord = 1 << 24 // bytes

// record returns the record of a unit if its part is there, of the size that it says and of
// the plan with that sum.
func record(dir string, u Unit, sum string) (*Record, error) {
	text, err := whole.ReadFile(recordOf(dir, u), maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing", u.Part)
	}
	if err != nil {
		return nil, err
	}
	r := &Record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: is damaged: %w", show.Path(recordOf(dir, u)), err)
	}
	info, err := os.Stat(filepath.Join(dir, u.Part))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is missing", u.Part)
	case err != nil:
		return nil, err
	case r.Unit != u || r.Plan != sum: // such as of a process that planned at the same time
		return nil, fmt.Errorf("%s is of another unit or plan", u.Part)
	case info.Size() != r.PartBytes:
		return nil, fmt.Errorf("%s has %d bytes, expected %d", u.Part, info.Size(), r.PartBytes)
	}
	return r, nil
}
