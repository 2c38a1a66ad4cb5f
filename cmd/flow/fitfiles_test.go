package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files that a pattern names are one table, whose fit has the weights of that of one file,
// and the command that goes on with it names the pattern.
func TestFitManyFiles(t *testing.T) {
	csv, _ := moonsAndModel(t)
	pattern := split(t, csv, 4)
	in := func(name string) string { return filepath.Join(filepath.Dir(csv), name) }
	fit := func(out string, files ...string) []string {
		return append(append([]string{"fit"}, files...), "-o", in(out), "--model", "realnvp", "--layers", "2", "--steps", "100", "--seed", "5")
	}
	for _, flags := range [][]string{nil, {"--stream"}} {
		must(t, append(fit("one", csv), flags...)...)
		out := must(t, append(fit("many", pattern), append(flags, "--json")...)...)
		if content(t, in("one/weights.safetensors")) != content(t, in("many/weights.safetensors")) {
			t.Errorf("%v: many files have other weights than one", flags)
		}
		var r struct {
			Source struct {
				File  string
				Files []struct {
					File string
					Rows int
				}
			}
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Source.Files) != 4 || r.Source.File != in("day-0.csv") || r.Source.Files[3].File != in("day-3.csv") || r.Source.Files[3].Rows != 250 {
			t.Errorf("%v: the source is %+v, %v", flags, r, err)
		}
	}
	flags := newFit().Flags()
	if err := flags.Parse([]string{"--stream"}); err != nil {
		t.Fatal(err)
	}
	if got, want := again([]string{"days/*.csv", "b.csv"}, "m", flags), "flow fit 'days/*.csv' b.csv -o m --stream=true --resume"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Files that are no table together are refused in one line, and nothing is written.
func TestFitRefusesFiles(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"a.csv":        "x,y\n1,2\n3,4\n",
		"other.csv":    "x,z\n1,2\n",
		"more.csv":     "x,y,z\n1,2,3\n",
		"text.csv":     "x,y\n1,2\n3,red\n",
		"gap.csv":      "x,y\n1,2\n3,\n",
		"short.csv":    "x,y\n1,2\n3\n",
		"empty.csv":    "",
		"head.csv":     "x,y\n",
		"bare.csv":     "1,2\n3,4\n",
		"torn.parquet": "PAR1 and then nothing",
		"torn.csv.gz":  "\x1f\x8b\x08\x00",
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for files, says := range map[string]string{
		"none-*.csv":           "none-*.csv: no file is called so",
		"a.csv none.csv":       "none.csv: there is no such file",
		"a.csv a.csv":          "a.csv: is named twice",
		"a.csv a*.csv":         "a.csv: is named twice",
		"a.csv -":              "the standard input ",
		"CSV other.csv":        `other.csv: has no column "y"`,
		"CSV more.csv":         `more.csv: has the column "z"`,
		"CSV text.csv":         `text.csv: line 3, column "y": found "red"`,
		"CSV gap.csv":          `gap.csv: line 3, column "y": found no value`,
		"CSV short.csv":        "short.csv: line 3 has 1 field",
		"CSV empty.csv":        "empty.csv: is empty",
		"CSV head.csv":         "head.csv: holds only a header",
		"CSV bare.csv":         "bare.csv: gives its columns no names",
		"CSV torn.parquet":     "torn.parquet: ",
		"CSV torn.csv.gz":      "torn.csv.gz: ",
		"a.csv m":              "m: there is no such file",
		"CSV MODEL":            "is a folder",
		"CSV MODEL/model.json": "model.json: ",
	} {
		args := []string{"fit"}
		for _, file := range strings.Fields(files) {
			file = strings.NewReplacer("CSV", csv, "MODEL", model).Replace(file)
			if !filepath.IsAbs(file) && file != "-" {
				file = in(file)
			}
			args = append(args, file)
		}
		for _, stream := range []string{"--stream=false", "--stream"} {
			status, _, said := alone(t, append(args, "-o", in("m"), "--steps", "10", "--layers", "1", stream)...)
			want := 1
			if files == "a.csv -" && stream == "--stream" {
				want = 2
			}
			if status != want || !strings.Contains(said, says) || strings.Count(said, "\n") > want {
				t.Errorf("flow fit %s %s: status %d: %s", files, stream, status, said)
			}
		}
	}
	if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
		t.Errorf("the folder holds %v, %v", after, err)
	}
}
