// Package parts splits work on many files, or on draws, into units, each of which becomes
// one table, its part, in a folder: whole or not there. Any number of processes share the
// units, on one machine or on many that see the folder. Whoever runs again goes on where
// others ended. [Gather] checks that nothing is missing or double, and joins the parts.
//
// The folder holds plan.json, written before the first part and the same for all
// processes; for each unit its part, such as part-00003.csv, and beside it a [Record],
// part-00003.json; and, once all are there, manifest.json.
package parts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/agreed"
	"normflow/internal/show"
)

// Unit is what becomes one part: a file, some row groups of one, or a number of draws.
type Unit struct {
	Part   string `json:"part"`            // the name of the table in the folder
	File   string `json:"file,omitempty"`  // that is read
	Bytes  int64  `json:"bytes,omitempty"` // of File
	Groups [2]int `json:"groups,omitzero"` // row groups of a Parquet file, see [table.Options]; zero: all
	Draws  int    `json:"draws,omitempty"`
	Index  int    `json:"index"`
}

// Plan says what all parts are of.
type Plan struct {
	Format   int             `json:"format"`
	Command  string          `json:"command"`
	Model    string          `json:"model"`  // its folder
	SHA256   string          `json:"sha256"` // of the files in it
	Settings json.RawMessage `json:"settings"`
	Header   bool            `json:"header"` // parts that are text begin with the names of their columns
	Units    []Unit          `json:"units"`
}

const (
	planFormat = 1
	planFile   = "plan.json"
)

// New plans the units of a command on a model; settings are what its parts depend on.
func New(command, model string, settings any, header bool, units []Unit) (*Plan, error) {
	sum, err := sumOf(model)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	return &Plan{planFormat, command, model, sum, text, header, units}, nil
}

// Files finds the files that the patterns name, see [Expand], each file once.
func Files(patterns []string) (files []string, err error) {
	all, err := Expand(patterns)
	for _, file := range all {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files, err
}

// Expand finds the files that the patterns name, each of which is a file's name or has the
// signs * ? [ of [filepath.Match], in the order of the patterns and of the alphabet.
func Expand(patterns []string) (files []string, err error) {
	for _, pattern := range patterns {
		found := []string{pattern}
		if _, err := os.Lstat(pattern); err != nil && strings.ContainsAny(pattern, "*?[") {
			if found, err = filepath.Glob(pattern); err != nil {
				return nil, fmt.Errorf("%s: is no pattern of file names: %w", show.Path(pattern), err)
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("%s: no file is called so: check the pattern and the folder", show.Path(pattern))
			}
		}
		files = append(files, found...)
	}
	return files, nil
}

// OfFiles makes a unit of each file; of a Parquet file several where most is not 0, of at
// most so many rows each, as far as its row groups allow. Parts have the format of their
// file, or that of the ending, such as ".parquet".
func OfFiles(files []string, ending string, most int64) (units []Unit, err error) {
	for _, file := range files {
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: there is no such file: check the name and the folder", show.Path(file))
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: is no plain file, expected one that can be read again", show.Path(file))
		}
		ranges := [][2]int{{}}
		if most > 0 {
			groups, err := table.RowGroups(file)
			if err != nil {
				return nil, err
			}
			ranges = rangesOf(groups, most)
		}
		for _, r := range ranges {
			units = append(units, Unit{File: file, Bytes: info.Size(), Groups: r, Part: endingOf(file, ending)})
		}
	}
	return named(units), nil
}

// rangesOf parts row groups, of so many rows each, into ranges of at most that many rows.
func rangesOf(groups []int64, most int64) (ranges [][2]int) {
	first, rows := 0, int64(0)
	for i, n := range groups {
		if i > first && rows+n > most {
			ranges = append(ranges, [2]int{first, i})
			first, rows = i, 0
		}
		rows += n
	}
	if first == 0 {
		return [][2]int{{}}
	}
	return append(ranges, [2]int{first, len(groups)})
}

// OfDraws makes count draws into n units, whose sizes differ by 1 at most.
func OfDraws(count, n int, ending string) (units []Unit) {
	for k := range n {
		units = append(units, Unit{Draws: (k+1)*count/n - k*count/n, Part: ending})
	}
	return named(units)
}

// Seed is that of a unit's draws where the whole has a seed. Seeds that people choose are
// near each other, and so are the numbers of units: these are spread.
func (u Unit) Seed(of int64) int64 { return of + int64(u.Index)*0x1e3779b97f4a7c15 }

// endingOf is how the part of a file is called after its number.
func endingOf(file, ending string) string {
	if ending != "" {
		return ending
	}
	base := strings.ToLower(filepath.Base(file))
	last := filepath.Ext(base)
	if before := filepath.Ext(strings.TrimSuffix(base, last)); slices.Contains([]string{".gz", ".zst"}, last) && before != "" {
		last = before + last
	}
	if last == "" || table.CheckOut("part"+last) != nil {
		return ".csv"
	}
	return last
}

func named(units []Unit) []Unit {
	for i := range units {
		units[i].Index = i
		units[i].Part = fmt.Sprintf("part-%05d%s", i, units[i].Part)
	}
	return units
}

// Enter puts the plan into the folder, which is made where it is missing. Where there is
// one already, as of another process or of an earlier run, it must be the same.
func (p *Plan) Enter(dir string) error {
	taken := func(name string) bool { return name == manifestFile || strings.HasPrefix(name, "part-") }
	err := agreed.Enter(dir, planFile, "the parts", taken, p)
	if !errors.Is(err, agreed.ErrOther) {
		return err
	}
	there, err := read(dir)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: holds parts of another run (%s): name another folder, or delete it", show.Path(dir), there.unlike(p))
}

// IsPlanned reports whether a folder is one of parts.
func IsPlanned(dir string) bool { return agreed.Is(dir, planFile) }

// read returns the plan of a folder.
func read(dir string) (*Plan, error) {
	p := &Plan{}
	if err := agreed.Read(dir, planFile, "a folder that score, anomaly or sample have written parts to", planFormat, p); err != nil {
		return nil, err
	}
	for i, u := range p.Units {
		if u.Index != i || u.Part != filepath.Base(u.Part) || !strings.HasPrefix(u.Part, fmt.Sprintf("part-%05d.", i)) {
			return nil, fmt.Errorf("%s: is damaged: unit %d is called %s", show.Path(filepath.Join(dir, planFile)), i, show.Quoted(u.Part))
		}
	}
	return p, nil
}

// sum returns the SHA-256 of the plan, by which a record is known to be of it.
func (p *Plan) sum() (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// unlike says in what p differs from a plan that is wanted.
func (p *Plan) unlike(wanted *Plan) string {
	switch {
	case p.Command != wanted.Command:
		return fmt.Sprintf("of flow %s, not of %s", show.Name(p.Command), wanted.Command)
	case p.SHA256 != wanted.SHA256:
		return fmt.Sprintf("of the model %s as it was then", show.Path(p.Model))
	case !bytes.Equal(compact(p.Settings), compact(wanted.Settings)):
		return "with the options " + show.Name(string(compact(p.Settings)))
	case len(p.Units) != len(wanted.Units):
		return fmt.Sprintf("%d parts, not %d", len(p.Units), len(wanted.Units))
	}
	for i, u := range p.Units {
		if u != wanted.Units[i] {
			return fmt.Sprintf("%s is of %s of %d bytes, not of %s of %d", u.Part, show.Path(u.File), u.Bytes, show.Path(wanted.Units[i].File), wanted.Units[i].Bytes)
		}
	}
	return "with a model of another name"
}

func compact(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text
	}
	return b.Bytes()
}

// sumOf returns the SHA-256 of the names and contents of a folder's files.
func sumOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", show.Path(dir), err)
	}
	all := sha256.New()
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		sum, err := sumFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintln(all, sum, e.Name())
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// sumFile returns the SHA-256 of a file.
func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", show.Path(path), err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
