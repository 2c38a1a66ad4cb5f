package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// twice writes twice each number of a unit's file.
func twice(_ context.Context, u Unit, path string) (int64, any, error) {
	text, err := os.ReadFile(u.File)
	if err != nil {
		return 0, nil, err
	}
	var n int
	if _, err := fmt.Sscan(strings.TrimPrefix(string(text), "x\n"), &n); err != nil {
		return 0, nil, fmt.Errorf("%s: line 2: expected a number", u.File)
	}
	return 1, map[string]int{"n": n}, os.WriteFile(path, fmt.Appendf(nil, "y\n%d\n", 2*n), 0o644)
}

// numbered makes a model and files of a number each, and plans their doubles.
func numbered(t *testing.T, count int) (dir string, plan *Plan) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "model", "model.json"), `{"format": "normflow model"}`)
	for i := range count {
		write(t, filepath.Join(dir, fmt.Sprintf("in-%d.csv", i)), fmt.Sprintf("x\n%d\n", i))
	}
	return dir, replan(t, dir, "a")
}

func replan(t *testing.T, dir, setting string) *Plan {
	t.Helper()
	files, err := Files([]string{filepath.Join(dir, "in-*.csv")})
	if err != nil {
		t.Fatal(err)
	}
	units, err := OfFiles(files, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := New("score", filepath.Join(dir, "model"), map[string]string{"setting": setting}, true, units)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func quiet(string) {}

func TestShardsShareTheParts(t *testing.T) {
	dir, plan := numbered(t, 5)
	out := filepath.Join(dir, "out")
	joined := filepath.Join(dir, "joined.csv")
	done, err := plan.Run(t.Context(), out, Shard{1, 2}, twice, quiet)
	if err != nil || done != (Done{Units: 2, Rows: 2}) {
		t.Fatalf("got %+v, %v", done, err)
	}
	if _, err := Gather(out, joined); err == nil || !strings.Contains(err.Error(), "3 of 5 parts are not there: part-00000.csv is missing") {
		t.Errorf("parts are missing: got %v", err)
	}
	if done, err = plan.Run(t.Context(), out, Shard{}, twice, quiet); err != nil || done != (Done{Units: 5, Skipped: 2, Rows: 5}) {
		t.Fatalf("got %+v, %v", done, err)
	}
	m, err := Gather(out, joined)
	if err != nil || m.Rows != 5 || len(m.Parts) != 5 || string(m.Parts[3].Result) != `{"n":3}` {
		t.Fatalf("got %+v, %v", m, err)
	}
	if text, err := os.ReadFile(joined); err != nil || string(text) != "y\n0\n2\n4\n6\n8\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(out, manifestFile)); err != nil {
		t.Error(err)
	}
}

func TestGatherFindsWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(out string) error
		want string
	}{
		"changed": {func(out string) error {
			return os.WriteFile(filepath.Join(out, "part-00001.csv"), []byte("y\n9\n"), 0o644)
		}, "part-00001.csv: was changed after it was written"},
		"longer": {func(out string) error {
			return os.WriteFile(filepath.Join(out, "part-00001.csv"), []byte("y\n99\n"), 0o644)
		}, "part-00001.csv has 5 bytes, expected 4"},
		"double":   {func(out string) error { return os.WriteFile(filepath.Join(out, "part-00007.csv"), nil, 0o644) }, "holds part-00007.csv, which is not planned"},
		"a record": {func(out string) error { return os.WriteFile(filepath.Join(out, "part-00001.json"), []byte("{"), 0o644) }, "part-00001.json: is damaged"},
		"swapped": {func(out string) error {
			return os.Rename(filepath.Join(out, "part-00001.json"), filepath.Join(out, "part-00002.json"))
		}, "part-00002.csv is of another unit or plan"},
		"the plan": {func(out string) error { return os.WriteFile(filepath.Join(out, planFile), []byte("{"), 0o644) }, "plan.json: is damaged"},
		"outside": {func(out string) error {
			return os.WriteFile(filepath.Join(out, planFile), []byte(`{"format": 1, "units": [{"part": "../../x.csv", "index": 0}]}`), 0o644)
		}, "plan.json: is damaged"},
		"no plan": {func(out string) error { return os.Remove(filepath.Join(out, planFile)) }, "holds no plan.json"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, plan := numbered(t, 3)
			out := filepath.Join(dir, "out")
			if _, err := plan.Run(t.Context(), out, Shard{}, twice, quiet); err != nil {
				t.Fatal(err)
			}
			if err := tt.do(out); err != nil {
				t.Fatal(err)
			}
			joined := filepath.Join(dir, "joined.csv")
			if _, err := Gather(out, joined); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(joined); err == nil {
				t.Error("something was joined")
			}
		})
	}
}

// A unit that fails leaves the others whole; run again, only it is made.
func TestOneUnitFails(t *testing.T) {
	dir, plan := numbered(t, 4)
	out := filepath.Join(dir, "out")
	write(t, filepath.Join(dir, "in-2.csv"), "x\n?\n") // as long as before
	var said []string
	done, err := plan.Run(t.Context(), out, Shard{}, twice, func(line string) { said = append(said, line) })
	if err == nil || !strings.Contains(err.Error(), "1 of 4 parts failed") || !strings.Contains(err.Error(), "in-2.csv: line 2") || done.Failed != 1 || done.Rows != 3 {
		t.Errorf("got %+v, %v", done, err)
	}
	if len(said) != 4 || !strings.Contains(said[2], "part-00002.csv failed: ") {
		t.Errorf("said %q", said)
	}
	write(t, filepath.Join(dir, "in-2.csv"), "x\n2\n")
	if done, err = plan.Run(t.Context(), out, Shard{}, twice, quiet); err != nil || done.Skipped != 3 || done.Rows != 4 {
		t.Errorf("got %+v, %v", done, err)
	}
	write(t, filepath.Join(dir, "in-2.csv"), "x\n20\n")
	if err := os.Remove(filepath.Join(out, "part-00002.csv")); err != nil {
		t.Fatal(err)
	}
	if _, err = plan.Run(t.Context(), out, Shard{}, twice, quiet); err == nil || !strings.Contains(err.Error(), "has 5 bytes, where it had 4") {
		t.Errorf("the file was changed: got %v", err)
	}
}

func TestAnotherRunIsRefused(t *testing.T) {
	dir, plan := numbered(t, 3)
	out := filepath.Join(dir, "out")
	if _, err := plan.Run(t.Context(), out, Shard{}, twice, quiet); err != nil {
		t.Fatal(err)
	}
	enter := func(p *Plan, want string) {
		t.Helper()
		if err := p.Enter(out); err == nil || !strings.Contains(err.Error(), "holds parts of another run") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	enter(replan(t, dir, "b"), `{"setting":"a"}`)
	write(t, filepath.Join(dir, "in-1.csv"), "x\n100\n")
	enter(replan(t, dir, "a"), "part-00001.csv is of ")
	write(t, filepath.Join(dir, "in-3.csv"), "x\n3\n")
	enter(replan(t, dir, "a"), "3 parts, not 4")
	write(t, filepath.Join(dir, "model", "model.json"), `{"format": "normflow model", "version": 2}`)
	enter(replan(t, dir, "a"), "as it was then")
	if err := plan.Enter(filepath.Join(dir, "model")); err == nil || !strings.Contains(err.Error(), "is a model") {
		t.Errorf("a model: got %v", err)
	}
	if err := plan.Enter(filepath.Join(dir, "in-1.csv")); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a file: got %v", err)
	}
	write(t, filepath.Join(dir, "other", "part-00000.csv"), "mine")
	if err := plan.Enter(filepath.Join(dir, "other")); err == nil || !strings.Contains(err.Error(), "holds part-00000.csv") {
		t.Errorf("parts of another: got %v", err)
	}
	write(t, filepath.Join(dir, "third", manifestFile), "mine")
	if err := plan.Enter(filepath.Join(dir, "third")); err == nil || !strings.Contains(err.Error(), "holds manifest.json") {
		t.Errorf("another's manifest: got %v", err)
	}
}

func TestRunStops(t *testing.T) {
	dir, plan := numbered(t, 3)
	out := filepath.Join(dir, "out")
	ctx, cancel := context.WithCancel(t.Context())
	do := func(ctx context.Context, u Unit, path string) (int64, any, error) {
		if u.Index == 1 {
			cancel()
			return 0, nil, ctx.Err()
		}
		return twice(ctx, u, path)
	}
	if _, err := plan.Run(ctx, out, Shard{}, do, quiet); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "part-00001.csv") {
		t.Errorf("got %v", err)
	}
	if done, err := plan.Run(t.Context(), out, Shard{}, twice, quiet); err != nil || done.Skipped != 1 {
		t.Errorf("got %+v, %v", done, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	late := func(ctx context.Context, u Unit, path string) (int64, any, error) { // the part is whole already
		cancel()
		return twice(ctx, u, path)
	}
	done, err := plan.Run(ctx, filepath.Join(dir, "late"), Shard{}, late, quiet)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stopped before part-00001.csv") || done.Rows == 0 {
		t.Errorf("stopped after a part: got %+v, %v", done, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"b.csv", "a.csv", "a[1].csv"} {
		write(t, in(name), "x\n1\n")
	}
	for _, tt := range []struct {
		patterns, want []string
	}{
		{[]string{in("*.csv")}, []string{in("a.csv"), in("a[1].csv"), in("b.csv")}},
		{[]string{in("b.csv"), in("?.csv")}, []string{in("b.csv"), in("a.csv")}},
		{[]string{in("a[1].csv")}, []string{in("a[1].csv")}}, // a name before a pattern
		{[]string{in("none.csv")}, []string{in("none.csv")}}, // the reader says what is wrong
	} {
		if got, err := Files(tt.patterns); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: got %v, %v", tt.patterns, got, err)
		}
	}
	if _, err := Files([]string{in("*.parquet")}); err == nil || !strings.Contains(err.Error(), "no file is called so") {
		t.Errorf("got %v", err)
	}
	for _, file := range []string{in("none.csv"), dir} {
		if _, err := OfFiles([]string{file}, "", 0); err == nil {
			t.Errorf("%s: no error", file)
		}
	}
}

func TestUnits(t *testing.T) {
	draws := OfDraws(10, 3, ".csv")
	total, seeds := 0, map[int64]bool{}
	for _, u := range draws {
		total += u.Draws
		seeds[u.Seed(1)], seeds[u.Seed(2)] = true, true
	}
	if total != 10 || len(draws) != 3 || draws[2].Part != "part-00002.csv" || len(seeds) != 6 {
		t.Errorf("got %+v", draws)
	}
	for _, tt := range []struct {
		groups []int64
		want   [][2]int
	}{
		{nil, [][2]int{{}}},
		{[]int64{5, 5}, [][2]int{{}}},
		{[]int64{5, 5, 5}, [][2]int{{0, 2}, {2, 3}}},
		{[]int64{50, 1, 50}, [][2]int{{0, 1}, {1, 2}, {2, 3}}},
		{[]int64{0, 10, 0, 10}, [][2]int{{0, 3}, {3, 4}}},
	} {
		if got := rangesOf(tt.groups, 10); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.groups, got, tt.want)
		}
	}
	for file, want := range map[string]string{"a.csv": ".csv", "A.CSV.GZ": ".csv.gz", "a": ".csv", "a.xz": ".csv", "d.v1/a.npy": ".npy", "a.gz": ".gz", "a.b.parquet": ".parquet"} {
		if got := endingOf(file, ""); got != want {
			t.Errorf("%s: got %s, want %s", file, got, want)
		}
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/3"); err != nil || s != (Shard{2, 3}) {
		t.Errorf("got %v, %v", s, err)
	}
	for _, text := range []string{"", "3", "3/3", "-1/3", "0/0", "a/b", "1/2/3"} {
		if _, err := ParseShard(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// Parts that a process made of another plan, which was entered at the same moment, are not
// taken for those of the plan that stayed.
func TestPartsOfAnotherPlanAreMadeAgain(t *testing.T) {
	dir, plan := numbered(t, 2)
	out := filepath.Join(dir, "out")
	other := replan(t, dir, "b")
	if _, err := other.Run(t.Context(), out, Shard{}, twice, quiet); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(out, planFile)); err != nil {
		t.Fatal(err)
	}
	entered, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(out, planFile), string(entered))
	if _, err := Gather(out, ""); err == nil || !strings.Contains(err.Error(), "part-00000.csv is of another unit or plan") {
		t.Errorf("got %v", err)
	}
}
