package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shell runs a command in this process, as a shell would: "-" and all.
func shell(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return shellIn(t, context.Background(), stdin, args...)
}

func shellIn(t *testing.T, ctx context.Context, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var files [3]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "std")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	if _, err := files[0].WriteString(stdin); err != nil {
		t.Fatal(err)
	}
	in, out, errors := os.Stdin, os.Stdout, os.Stderr
	defer func() { os.Stdin, os.Stdout, os.Stderr = in, out, errors }()
	os.Stdin, os.Stdout, os.Stderr = files[0], files[1], files[2]
	text := func(f *os.File) string {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if _, err := files[0].Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	status = run(ctx, args)
	return status, text(files[1]), text(files[2])
}

// must runs a command that has to end well, and returns what it prints.
func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errors := shell(t, "", args...)
	if status != 0 {
		t.Fatalf("flow %s: status %d: %s", strings.Join(args, " "), status, errors)
	}
	return out
}

// keys checks those of a JSON object.
func keys(t *testing.T, v any, want string) {
	t.Helper()
	var got []string
	for key := range v.(map[string]any) {
		got = append(got, key)
	}
	slices.Sort(got)
	if fields := strings.Fields(want); !slices.Equal(got, slices.Sorted(slices.Values(fields))) {
		t.Errorf("keys %q, want %q", got, fields)
	}
}

func TestJSONOfTheOthers(t *testing.T) {
	csv, model := moonsAndModel(t)
	out := filepath.Join(t.TempDir(), "o.csv")
	seen := "file format unit rows dropped matched engine nll zero warnings "
	for _, tt := range []struct{ args, want string }{
		{"score " + model + " " + csv + " -o " + out, seen + "model out"},
		{"sample " + model + " -n 5 -o " + out, "model out rows columns seed temperature engine warnings"},
		{"anomaly " + model + " " + csv + " --false-alarm 0.05", seen + "model out same_file false_alarm calibrated score threshold flagged least_false_alarm promised strangest"},
		{"eval " + model + " " + csv, seen + "model same_file held_out_nll diagnostics verdict"},
	} {
		var v any
		if text := must(t, append(strings.Fields(tt.args), "--json")...); json.Unmarshal([]byte(text), &v) != nil || strings.Count(text, "\n") != 1 {
			t.Fatalf("%s prints %s", tt.args, text)
		}
		keys(t, v, tt.want)
	}
}

func TestMessages(t *testing.T) {
	csv, model := moonsAndModel(t)
	none, empty := filepath.Join(t.TempDir(), "none"), t.TempDir()
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"fit", 2, "flow: expected FILE, found none\nTry 'flow fit --help'.\n"},
		{"fti", 2, "flow: there is no command \"fti\": did you mean fit?\nTry 'flow --help'.\n"},
		{"data simple", 2, "flow: data: there is no command \"simple\": did you mean sample?\nTry 'flow data --help'.\n"},
		{"completion tcsh", 2, "flow: completion: there is no command \"tcsh\""},
		{"completion bash zsh", 2, "flow: expected no argument, found \"zsh\"\n"},
		{"data list all", 2, "flow: expected no argument, found \"all\"\nTry 'flow data list --help'.\n"},
		{"score " + model, 2, "flow: expected MODEL and FILE, found \"" + model + "\"\n"},
		{"fit " + csv + " " + model + " -o " + model, 1, "flow: " + model + ": is the folder to read and the one to write: choose another for the output\n"},
		{"data list rings all", 2, "flow: expected no argument, found \"rings\" \"all\"\n"},
		{"fit " + csv + " --layers two", 2, "flow: --layers: expected a whole number, found \"two\"\nTry 'flow fit --help'.\n"},
		{"eval " + model + " " + csv + " --seed 1.5", 2, "flow: --seed: expected a whole number, found \"1.5\"\n"},
		{"anomaly " + model + " " + csv + " --false-alarm 1%", 2, "flow: --false-alarm: expected a number such as 0.05, found \"1%\"\n"},
		{"bench --batch 1,x", 2, "flow: --batch: expected whole numbers, parted by commas, found \"1,x\"\n"},
		{"fit --out", 2, "flow: flag needs an argument: --out\n"},
		{"fit --colums x", 2, "flow: unknown flag: --colums: did you mean --columns or --column?\nTry 'flow fit --help'.\n"},
		{"fit --layer 4", 2, "flow: unknown flag: --layer: did you mean --layers?\n"},
		{"fit --qqq", 2, "flow: unknown flag: --qqq\n"},
		{"train", 2, "flow: there is no command \"train\": did you mean fit?\n"},
		{"data sample moons", 2, "flow: dataset: there is no density \"moons\": did you mean \"moons05\" or \"moons10\"? There are: "},
		{"fit " + csv + " -o " + none + " --model realnvpp", 2, "flow: --model: flow: there is no model \"realnvpp\": did you mean \"realnvp\"? There are: "},
		{"fit " + csv, 2, "flow: --out (-o) must name the folder to save the model to\n"},
		{"fit " + csv + " -o " + none + " --missing zero", 2, "flow: --missing: expected error, drop or model, found \"zero\"\n"},
		{"fit " + csv + " -o " + none + " --header maybe", 2, "flow: --header: expected auto, yes or no, found \"maybe\"\n"},
		{"fit " + csv + " -o " + none + " --delimiter ab", 2, "flow: --delimiter: expected one of , ; | : space, tab or blanks, found \"ab\"\n"},
		{"fit " + csv + " -o " + none + " --model gan", 2, "flow: --model: flow: there is no model \"gan\"; there are: gaussian, glow, nice, nsf, realnvp\n"},
		{"fit " + csv + " -o " + none + " --exclude y,x", 1, "flow: " + csv + ": no column is left to fit a density to; there are: x, y\n"},
		{"fit " + csv + " -o " + none + " --valid 0", 2, "flow: --valid: expected more than 0: without validation rows"},
		{"score " + none + " " + csv, 1, "flow: loading " + none + ": there is no such folder: check the name\n"},
		{"score " + csv + " " + csv, 1, "flow: loading " + csv + ": is a file, expected the folder of a model\n"},
		{"score " + empty + " " + csv, 1, "flow: loading " + empty + ": the folder holds no model: model.json is not there\n"},
		{"score " + model + " " + csv + " -o " + none + "/s.csv", 1, "flow: " + none + "/s.csv: cannot be written: there is no folder " + none + ": make it, or name another\n"},
		{"score " + model + " " + csv + " -o " + empty, 1, "flow: " + empty + ": cannot be written: it is a folder: name a file in it\n"},
		{"score " + model + " " + csv + " -o " + empty + "/s.xlsx", 1, "flow: " + empty + "/s.xlsx: cannot be written: workbooks are not written: name it .csv"},
		{"score " + model + " " + none, 1, "flow: " + none + ": there is no such file: check the name and the folder\n"},
		{"score " + model + " " + csv + " --json", 2, "flow: --json prints on the standard output, where the table goes too: name a file with -o\n"},
		{"score " + model + " " + csv + " --engine warp", 2, `flow: --engine: there is no engine "warp"; there are: auto, fast, xla, xla:cpu, xla:cuda, go`},
		{"score " + model + " " + csv + " -o " + csv, 1, "flow: " + csv + ": is the file to read and the one to write: choose another name for the output\n"},
		{"sample " + model, 2, "flow: -n must say how many rows to draw, at least 1\n"},
		{"sample " + model + " -n 1 --condition a=b", 2, "flow: --condition: expected a number for a, found \"b\"\n"},
		{"sample " + model + " -n 1 --condition a=1", 2, "flow: --condition: the model is of p(x, y) and takes no condition\n"},
		{"sample " + model + " -n 1 --temperature 0", 2, "flow: --temperature: expected a positive temperature, found 0\n"},
		{"anomaly " + model + " " + csv + " --false-alarm 1", 2, "flow: --false-alarm: expected a share of the normal rows between 0 and 1, found 1\n"},
		{"anomaly " + model + " " + csv + " --labels z", 1, "flow: " + csv + ": --labels: there is no column \"z\"; there are: x, y\n"},
		{"eval " + model + " " + csv + " -o " + empty, 1, "flow: " + empty + ": cannot be written: it is a folder: name a file in it\n"},
		{"eval " + model + " " + csv + " -o " + none + "/page.html", 1, "flow: " + none + "/page.html: cannot be written: there is no folder " + none + ": make it, or name another\n"},
		{"export " + model, 2, "flow: --out (-o) must name the file to write, .onnx, .npz or .safetensors\n"},
		{"export " + model + " -o w.pt", 2, "flow: exporting to w.pt: the name must end in .npz or .safetensors, or in .onnx\n"},
		{"export " + none + " -o w.npz", 1, "flow: loading " + none + ": there is no such folder"},
		{"import w.npz", 2, "flow: --out (-o) must name the folder of the new model\n"},
		{"import w.npz -o m --config " + csv, 1, "flow: " + csv + ": expected JSON as the \"config\" of a model.json: invalid character"},
		{"show " + empty, 1, "flow: loading " + empty + ": the folder holds no model: model.json is not there\n"},
		{"eval " + model + " " + csv + " -o " + csv + "/page.html", 1, "flow: " + csv + "/page.html: cannot be written: "},
	} {
		status, out, errors := shell(t, "", strings.Fields(tt.args)...)
		if status != tt.status || out != "" || !strings.Contains("\n"+errors, "\n"+tt.want) {
			t.Errorf("flow %s: status %d, printed %q and\n%swant status %d and\n%s", tt.args, status, out, errors, tt.status, tt.want)
		}
	}
}

// Interrupted, a fit ends with the status of shells and says how to go on.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	csv, model := filepath.Join(dir, "my moons.csv"), filepath.Join(dir, "model")
	must(t, "data", "sample", "moons10", "-n", "1000", "-o", csv)
	args := []string{"fit", csv, "-o", model, "--model", "realnvp", "--layers=2", "--steps", "100000000", "--columns", "y,x"}
	status, _, errors := shellIn(t, untilThere(t, model+".checkpoint"), "", args...)
	want := "Go on with:\n  flow fit '" + csv + "' -o " + model + " --model=realnvp --layers=2 --steps=100000000 --columns=y,x --resume\n"
	if status != 130 || strings.Contains(errors, "canceled") || !strings.Contains(errors, "flow: fit: stopped at step ") || !strings.Contains(errors, "The checkpoint is "+model+".checkpoint. ") || !strings.Contains(errors, want) {
		t.Errorf("status %d, said\n%swant\n%s", status, errors, want)
	}
}
