package parts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"normflow/flowlib/table"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// Manifest lists the parts of a folder once all are there.
type Manifest struct {
	Command string   `json:"command"`
	Model   string   `json:"model"`
	Rows    int64    `json:"rows"`
	Parts   []Record `json:"parts"`
}

const manifestFile = "manifest.json"

// finish writes the manifest if all parts are there.
func (p *Plan) finish(dir string) error {
	m, missing, err := p.manifest(dir)
	if err != nil || len(missing) > 0 { // others are at work
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return whole.WriteFile(filepath.Join(dir, manifestFile), append(text, '\n'))
}

// manifest lists the parts that are there, and says what is wrong with the others.
func (p *Plan) manifest(dir string) (m *Manifest, missing []string, err error) {
	sum, err := p.sum()
	if err != nil {
		return nil, nil, err
	}
	m = &Manifest{Command: p.Command, Model: p.Model, Parts: []Record{}}
	for _, u := range p.Units {
		r, err := record(dir, u, sum)
		if err != nil {
			missing = append(missing, err.Error())
			continue
		}
		m.Rows += r.Rows
		m.Parts = append(m.Parts, *r)
	}
	return m, missing, nil
}

// Gather checks that all parts of a folder are there, once each and as they were written,
// and no others, and joins them, in the order of the plan, to the table out; "" joins
// nothing.
func Gather(dir, out string) (*Manifest, error) {
	p, err := read(dir)
	if err != nil {
		return nil, err
	}
	m, missing, err := p.manifest(dir)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: %d of %d parts are not there: %s. Run the command that makes them again", show.Path(dir), len(missing), len(p.Units), some(missing))
	}
	if err := p.noOthers(dir); err != nil {
		return nil, err
	}
	var paths []string
	for _, r := range m.Parts {
		path := filepath.Join(dir, r.Part)
		sum, err := sumFile(path)
		if err != nil {
			return nil, err
		}
		if sum != r.SHA256 {
			return nil, fmt.Errorf("%s: was changed after it was written: its SHA-256 is %s, expected %s: delete it, and run the command that makes it again", show.Path(path), sum, show.Name(r.SHA256))
		}
		paths = append(paths, path)
	}
	if err := p.finish(dir); err != nil {
		return nil, err
	}
	if out == "" {
		return m, nil
	}
	if err := whole.Apart(out, append(paths, p.sources()...)...); err != nil {
		return nil, err
	}
	return m, table.Join(out, paths, p.Header)
}

// sources are the files that the parts are made of.
func (p *Plan) sources() (files []string) {
	for _, u := range p.Units {
		if u.File != "" {
			files = append(files, u.File)
		}
	}
	return files
}

// noOthers refuses parts that the plan does not have.
func (p *Plan) noOthers(dir string) error {
	planned := map[string]bool{}
	for _, u := range p.Units {
		planned[u.Part] = true
		planned[filepath.Base(recordOf(dir, u))] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "part-") && !planned[e.Name()] {
			return fmt.Errorf("%s: holds %s, which is not planned: move it away", show.Path(dir), show.Name(e.Name()))
		}
	}
	return nil
}

// some shows the first few of what is missing.
func some(missing []string) string {
	const most = 5
	if len(missing) > most {
		return strings.Join(missing[:most], ", ") + fmt.Sprintf(" and %d more", len(missing)-most)
	}
	return strings.Join(missing, ", ")
}
