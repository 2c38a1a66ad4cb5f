package arrows

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "normflow/"

// ranks gives every folder its place: a package imports packages of lower rank
// only. Packages of one rank stand beside each other.
var ranks = map[string]int{
	"internal":           0,
	"flowlib/backend":    1,
	"flowlib/byhand":     1,
	"flowlib/categories": 1,
	"flowlib/columns":    1,
	"flowlib/dataset":    1,
	"flowlib/density":    1,
	"flowlib/knots":      2,
	"flowlib/fast":       3,
	"flowlib/figure":     1,
	"flowlib/table":      1,
	"flowlib/tree":       1,
	"flowlib/gmm":        2,
	"flowlib/base":       2,
	"flowlib/bijector":   2,
	"flowlib/imagelayer": 3,
	"flowlib/imageset":   4,
	"flowlib/imageflow":  6,
	"flowlib/imagefit":   7,
	"flowlib/flow":       4,
	"flowlib/fit":        5,
	"flowlib/onnx":       5,
	"flowlib/eval":       5,
	"flowlib/anomaly":    5,
	"flowlib/parts":      5,
	"flowlib/stream":     5,
	"flowlib/experiment": 6,
	"flowlib/fitplace":   6,
	"flowlib/sweep":      8,
	"flowlib/tabular":    7,
	"internal/bench":     7,
	"notebooks":          9,
	"scripts":            7,
	"cmd":                9,
}

// loners know neither GoMLX nor the rest of the project: numbers in, numbers or pictures out.
var loners = []string{"flowlib/byhand", "flowlib/figure"}

func TestImportsGoOneWay(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	for _, top := range []string{"flowlib", "internal", "notebooks", "cmd", "scripts"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipAll // a folder that is not there yet
			}
			if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return nil
			}
			files++
			folder, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				return err
			}
			check(t, file, filepath.ToSlash(folder))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files == 0 {
		t.Fatal("found no Go file: the test looks in the wrong place")
	}
}

func check(t *testing.T, file, folder string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	home := place(folder)
	if home == "" {
		if folder != "flowlib" { // doc.go alone
			t.Errorf("%s: give %s a rank in this test", file, folder)
		}
		return
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, complaint := range complaints(home, folder, imported) {
			t.Errorf("%s imports %q: %s", file, imported, complaint)
		}
	}
}

// complaints says what is wrong when the package in folder, whose place is home,
// imports the package imported.
func complaints(home, folder, imported string) (all []string) {
	for _, loner := range loners {
		if home == loner && (strings.HasPrefix(imported, module) || strings.HasPrefix(imported, "github.com/gomlx/")) {
			all = append(all, loner+" imports neither GoMLX nor another package of the project")
		}
	}
	if strings.HasPrefix(folder, "flowlib/") && strings.HasPrefix(imported, "github.com/janpfeifer/gonb") {
		all = append(all, "flowlib is usable without a notebook")
	}
	target, ours := strings.CutPrefix(imported, module)
	if !ours {
		return all
	}
	switch to := place(target); {
	case to == "":
		all = append(all, "that package has no rank")
	case to == home && folder != target:
		// Within one place: a helper below imports what it serves, or the reverse.
	case ranks[to] >= ranks[home]:
		all = append(all, "imports go from "+to+" to "+home+", not back")
	}
	return all
}

// place is the entry of ranks that holds folder, or "".
func place(folder string) string {
	for ; folder != "."; folder = path.Dir(folder) {
		if _, ok := ranks[folder]; ok {
			return folder
		}
	}
	return ""
}

// The test above must be able to fail.
func TestComplaints(t *testing.T) {
	tests := []struct {
		folder, imported string
		want             int
	}{
		{"flowlib/fit", "normflow/flowlib/flow", 0},
		{"flowlib/bijector/bijectortest", "normflow/flowlib/bijector", 0},
		{"notebooks/nb", "github.com/janpfeifer/gonb/gonbui", 0},
		{"cmd/flow", "normflow/flowlib/experiment", 0},
		{"flowlib/flow", "normflow/flowlib/fit", 1},
		{"flowlib/eval", "normflow/flowlib/fit", 1},
		{"flowlib/experiment", "normflow/notebooks/nb", 1},
		{"flowlib/figure", "github.com/gomlx/gomlx/core/graph", 1},
		{"flowlib/figure", "normflow/internal/safetensors", 1},
		{"flowlib/eval", "github.com/janpfeifer/gonb/gonbui", 1},
		{"flowlib/eval", "normflow/elsewhere", 1},
	}
	for _, tt := range tests {
		if got := complaints(place(tt.folder), tt.folder, tt.imported); len(got) != tt.want {
			t.Errorf("%s importing %s: got complaints %q, want %d", tt.folder, tt.imported, got, tt.want)
		}
	}
}
