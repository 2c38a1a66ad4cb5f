package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"normflow/flowlib/flow"
)

// offered is what the tab key offers after a line, whose last word is begun: what
// begins so, as the shells' scripts have it, and the directive to them.
func offered(t *testing.T, line ...string) string {
	t.Helper()
	status, out, notes := shell(t, "p,q\n1,2\n", append([]string{cobra.ShellCompRequestCmd}, line...)...) // what waits there is left alone
	if status != 0 {
		t.Fatalf("%q: status %d: %s", line, status, notes)
	}
	begun := line[len(line)-1]
	if _, value, isFlag := strings.Cut(begun, "="); isFlag && strings.HasPrefix(begun, "--") {
		begun = value
	}
	var words []string
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, word := range lines {
		word, _, _ = strings.Cut(word, "\t") // without what is said of it
		if strings.HasPrefix(word, begun) || i == len(lines)-1 {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func TestCompletion(t *testing.T) {
	csv, model := moonsAndModel(t)
	t.Chdir(t.TempDir())
	must(t, "fit", csv, "-o", "given", "--columns", "x", "--condition-on", "y", "--model", "realnvp", "--layers", "1", "--steps", "20")
	must(t, "sample", model, "-n", "3", "-o", "t.parquet")
	must(t, "sample", model, "-n", "3", "-o", "t.npz")
	for name, text := range map[string]string{
		"t.csv":     "id;a b;x;y, z;label\n1;2;3;4;0\n5;6;7;red\n",
		"plain.txt": "1 2\n3 4\n",
		"broken.gz": "no",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"sub/deep", "empty"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []string{"sub/one", "sub/two"} {
		if err := os.CopyFS(m, os.DirFS(model)); err != nil {
			t.Fatal(err)
		}
	}
	const tableFiles = "csv tsv txt gz npy npz parquet :8"
	for _, tt := range []struct{ line, want string }{
		{"fi", "fit :4"},
		{"data ", "list sample :4"},
		{"data sample ", "moons05 moons10 checkerboard 8gaussians pinwheel spirals rings circles swissroll :4"},
		{"data sample mo", "moons05 moons10 :4"},
		{"data sample rings ", ":4"},
		{"data sample rings -o ", "csv tsv gz npy npz parquet :8"},
		{"fit ", tableFiles},
		{"fit t.csv ", tableFiles},
		{"fit t.csv -o ", ":16"},
		{"fit t.csv --columns ", "id a b x label :6"},
		{"fit t.?sv --columns ", "id a b x label :6"},
		{"fit t.csv --columns=", "id a b x label :6"},
		{"fit t.csv --columns x,", "x,id x,a b x,label :6"},
		{"fit t.csv --columns x,l", "x,label :6"},
		{"fit t.csv --condition-on ", "id a b x label :6"},
		{"fit t.csv --exclude id,x,la", "id,x,label :6"},
		{"fit t.parquet --columns ", "x y :6"},
		{"fit t.npz --columns ", "x y :6"},
		{"fit t.npz --array ", "x y :4"},
		{"fit plain.txt --delimiter space --header no --columns ", "c1 c2 :6"},
		{"fit plain.txt --delimiter xx --columns ", ":4"},
		{"fit broken.gz --columns ", ":4"},
		{"fit nothing.csv --columns ", ":4"},
		{"fit - --columns ", ":4"},
		{"fit --columns ", ":4"},
		{"fit t.csv --model ", "gaussian glow nice nsf realnvp :6"},
		{"fit t.csv --model n", "nice nsf :6"},
		{"fit t.csv --model nsf+", "nsf+actnorm nsf+lu nsf+mixture nsf+plain :6"},
		{"fit t.csv --model nsf+lu+", "nsf+lu+actnorm nsf+lu+mixture nsf+lu+plain :6"},
		{"fit t.csv --engine ", "auto fast xla xla:cpu xla:cuda go :4"},
		{"fit t.csv --missing ", "error drop model :4"},
		{"fit t.csv --header ", "auto yes no :4"},
		{"fit t.csv --delimiter s", "space :4"},
		{"fit t.csv --seed ", ":4"},
		{"score ", "given :4"},
		{"score g", "given :4"},
		{"score sub/", "sub/one sub/two :4"},
		{"score sub/t", "sub/two :4"},
		{"score " + model, model + " :4"},
		{"score s", ":16"},
		{"score empty/", ":16"},
		{"score nowhere/", ":4"},
		{"score given ", tableFiles},
		{"score given t.csv ", ":4"},
		{"anomaly given ", tableFiles},
		{"anomaly given t.csv --labels ", "id a b x label :4"},
		{"anomaly given t.csv --labels l", "label :4"},
		{"anomaly given t.csv --calibration ", tableFiles},
		{"anomaly given t.csv -o ", "csv tsv gz parquet :8"},
		{"eval given ", tableFiles},
		{"eval given t.csv -o ", "html :8"},
		{"sample ", "given :4"},
		{"sample given --condition ", "y= :2"},
		{"sample given --condition y=1,", ":2"},
		{"sample empty --condition ", ":4"},
		{"show ", "given :4"},
		{"export ", "given :4"},
		{"export given -o ", "onnx npz safetensors :8"},
		{"import ", "npz safetensors :8"},
		{"import w.npz -o ", ":16"},
		{"import w.npz --like ", "given :4"},
		{"import w.npz --config ", "json :8"},
		{"bench --engine ", "byhand fast knots xla go :4"},
		{"bench --task ", "train logprob sample :4"},
		{"bench --weights ", "safetensors :8"},
		{"bench-data -o ", ":16"},
		{"completion ", "bash zsh fish powershell :4"},
	} {
		if got := offered(t, strings.Split(tt.line, " ")...); got != tt.want {
			t.Errorf("after %q: %s, want %s", tt.line, got, tt.want)
		}
	}
	for _, shellName := range []string{"bash", "zsh", "fish"} {
		if script := must(t, "completion", shellName); !strings.Contains(script, cobra.ShellCompRequestCmd) {
			t.Errorf("the script for %s is %d bytes of something else", shellName, len(script))
		}
	}
}

// What is offered for --model is all there is, and can be fitted.
func TestCompletedModels(t *testing.T) {
	names, _ := zoo(nil, nil, "")
	changed, _ := zoo(nil, nil, "nsf+")
	for _, name := range append(names, changed...) {
		if _, err := flow.Named(name, 2); err != nil {
			t.Error(err)
		}
	}
	_, errName := flow.Named("", 2)
	_, errChange := flow.Named("nsf+", 2)
	for err, want := range map[error]string{
		errName:   "there are: " + strings.Join(names, ", "),
		errChange: "there are: " + strings.ReplaceAll(strings.Join(changed, ", "), "nsf+", ""),
	} {
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Every flag whose value is a file, a folder or one of a few words offers something.
func TestFlagsOffer(t *testing.T) {
	free := " n features na comment count memory seed layers steps valid test false-alarm temperature batch threads secs " +
		"learning-rate devices split-seed fold shard rows-per-part parts member seeds learning-rates folds jobs cores partition time task-memory "
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			_, offers := cmd.GetFlagCompletionFunc(f.Name)
			if f.Value.Type() != "bool" && offers == strings.Contains(free, " "+f.Name+" ") {
				t.Errorf("%s --%s: offers something is %v", cmd.CommandPath(), f.Name, offers)
			}
		})
		if cmd.Args != nil && !cmd.HasSubCommands() && strings.Contains(cmd.Use, " ") && cmd.ValidArgsFunction == nil && !strings.Contains(cmd.Use, "bench") {
			t.Errorf("%s offers no argument", cmd.CommandPath())
		}
	}
	walk(newRoot())
}
