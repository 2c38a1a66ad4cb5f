package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a message advises to do with a flag can be done: the command has it.
func TestRemediesExist(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"text.csv":   "x,y\n1,2\n3,red\n",
		"gap.csv":    "x,y\n1,2\n3,\n",
		"gaps.csv":   "x,y\n1,\n2,\n",
		"other.csv":  "x,z\n1,2\n3,4\n",
		"labels.csv": "x,y,z\n1,2,0\n3,4,1\n",
		"few.csv":    "x,y\n1,2\n3,4\n",
		"same.csv":   "x,y\n" + strings.Repeat("1,2\n3,2\n", 60),
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	given := in("given")
	must(t, "fit", csv, "-o", given, "--columns", "x", "--condition-on", "y", "--model", "realnvp", "--layers", "1", "--steps", "20")
	flag := regexp.MustCompile(`(flow (\w+) )?--([a-z][a-z-]*)`)
	named := 0
	for _, args := range []string{
		"fit text.csv -o " + in("m"),
		"fit gap.csv -o " + in("m"),
		"fit gaps.csv --missing drop -o " + in("m"),
		"fit few.csv -o " + in("m"),
		"fit same.csv --columns y -o " + in("m"),
		"fit few.csv --columns q -o " + in("m"),
		"fit few.csv --exclude x,y -o " + in("m"),
		"fit few.csv --exclude x --columns y -o " + in("m"),
		"fit ../../flowlib/table/testdata/text.npy -o " + in("m"),
		"fit ../../flowlib/table/testdata/uneven.npz -o " + in("m"),
		"score MODEL text.csv",
		"score MODEL gap.csv",
		"score MODEL gaps.csv --missing drop",
		"score MODEL other.csv",
		"score MODEL ../../flowlib/table/testdata/uneven.npz",
		"score " + version3 + " few.csv --engine fast",
		"anomaly MODEL text.csv",
		"anomaly MODEL gap.csv",
		"anomaly MODEL gaps.csv --missing drop",
		"anomaly MODEL other.csv",
		"anomaly MODEL few.csv --labels z",
		"anomaly MODEL labels.csv --labels z --calibration text.csv",
		"anomaly " + version3 + " few.csv --engine go",
		"eval MODEL text.csv",
		"eval MODEL gap.csv",
		"eval MODEL gaps.csv --missing drop",
		"eval MODEL other.csv",
		"sample " + given + " -n 3",
		"sample " + given + " --condition text.csv",
		"sample " + given + " --condition gap.csv",
		"sample " + given + " --condition gaps.csv --missing drop",
		"sample " + given + " --condition other.csv",
		"sample MODEL -n 3 --condition x=1",
	} {
		words := strings.Fields(args)
		for i, word := range words {
			if word == "MODEL" {
				words[i] = model
			} else if strings.HasSuffix(word, ".csv") {
				words[i] = in(word)
			}
		}
		status, _, said := shell(t, "", words...)
		if status == 0 {
			t.Errorf("flow %s ends well", args)
		}
		said, _, _ = strings.Cut(said, "\nTry 'flow ")
		for _, found := range flag.FindAllStringSubmatch(said, -1) {
			named++
			name := words[0]
			if found[2] != "" {
				name = found[2] // the advice is for another command
			}
			cmd, _, err := newRoot().Find([]string{name})
			if err != nil || cmd.Name() != name || cmd.Flags().Lookup(found[3]) == nil {
				t.Errorf("flow %s advises %q, which flow %s does not have: %s", args, found[0], name, said)
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d flags were named: the test looks for too little", named)
	}
}

// What a message advises works: the flag that it prints, behind the command as it was,
// in a shell.
func TestRemediesWork(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// rows are a table of n rows, below a head, by which numbers vary.
	rows := func(head string, n int, row func(x, y float64) string) string {
		var b strings.Builder
		b.WriteString(head)
		rng := rand.New(rand.NewPCG(1, 2))
		for range n {
			b.WriteString(row(rng.NormFloat64(), rng.NormFloat64()) + "\n")
		}
		return b.String()
	}
	plain := func(mark string) func(x, y float64) string {
		return func(x, y float64) string { return fmt.Sprintf("%.4f%s%.4f", x, mark, y) }
	}
	some := func(format string) func(x, y float64) string { // texts and numbers in one column
		return func(x, y float64) string {
			if y < 0 {
				return fmt.Sprintf(format, "u", x, y)
			}
			return fmt.Sprintf(format, "7", x, y)
		}
	}
	numbered := "id,x,y\n"
	for i, line := range strings.Split(strings.TrimSpace(rows("", 200, plain(","))), "\n") {
		numbered += fmt.Sprintf("%d,%s\n", i+1, line)
	}
	remedy := regexp.MustCompile(`\((--[^()]*(?:\([^()]*\)[^()]*)*)\)`)
	for name, tt := range map[string]struct {
		text string
		more string // of the command
		want int    // remedies in the message
	}{
		"text among numbers":        {text: rows("a,x,y\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"a list of names":           {text: rows("\"a, b\",it's,x\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"a name for a shell":        {text: rows("\"$(touch gone) `id` \"\"q\"\" \\ !\",x,y\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"a name of lines":           {text: rows(`"`+forged+`",x,y`+"\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"a name that forges":        {text: rows(`"`+eraser+`%s",x,y`+"\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"a missing value":           {text: rows("g,x,y\n,1,2\n", 200, func(x, y float64) string { return fmt.Sprintf("%.4f,%.4f,%.4f", x*y, x, y) }), want: 2},
		"a mark that is missing":    {text: rows("g,x,y\n*,1,2\n", 200, func(x, y float64) string { return fmt.Sprintf("%.4f,%.4f,%.4f", x*y, x, y) }), more: "--missing drop", want: 2},
		"another such mark":         {text: rows("g,x,y\n-,1,2\n", 200, func(x, y float64) string { return fmt.Sprintf("%.4f,%.4f,%.4f", x*y, x, y) }), want: 2},
		"empty lines":               {text: rows("x,y\n,\n", 200, plain(",")), want: 1},
		"an empty column":           {text: rows("g,x,y\n", 200, func(x, y float64) string { return fmt.Sprintf(",%.4f,%.4f", x, y) }), want: 1},
		"a text after an empty one": {text: rows("g,x,y\n,1,2\n", 200, some("%s,%.4f,%.4f")), want: 1},
		"very many columns of text": {text: rows(manyNames(200)+",x,y\n", 200, func(x, y float64) string {
			return strings.Repeat("u,", 200) + fmt.Sprintf("%.4f,%.4f", x, y)
		}), want: 0},
		"marks of thousands":   {text: rows("x;y\n", 200, func(x, y float64) string { return fmt.Sprintf("1.%03d;2.%03d", int(100*x+500), int(100*y+500)) }), want: 2},
		"another decimal mark": {text: rows("x;y\n", 200, plain(";")), more: "--decimal ,", want: 1},
		"a delimiter":          {text: rows("x:y\n", 200, plain(":")), want: 1},
		"a header or a row": {text: rows("1,2,3\n", 200, func(x, y float64) string {
			return fmt.Sprintf("%d,%d,%d", 1+int(50+10*x)%9, 1+int(50+10*y)%9, 1+int(70+10*x*y)%9)
		}), want: 2},
		"a spread no float holds": {text: rows("g,x,y\n", 200, func(x, y float64) string { return fmt.Sprintf("%.17g,%.4f,%.4f", 1e17+16*float64(int(x)), x, y) }), want: 1},
		"text, columns named":     {text: rows("a,x,y\n", 200, some("%s,%.4f,%.4f")), more: "--columns a,x,y", want: 0},
		"numbers of rows":         {text: numbered, want: 1},
		"the same twice":          {text: rows("\"x (°C)\",x,y\n", 200, func(x, y float64) string { return fmt.Sprintf("%.17g,%.17g,%.4f", 3*x, x, y) }), want: 1},
		"a point or thousands": {text: rows("x,y\n", 200, func(x, y float64) string {
			return fmt.Sprintf("1%d.%03d,1%d.%03d", int(50+10*x)%10, int(500+100*y), int(50+10*y)%10, int(500+100*x))
		}), want: 1},
		"text, conditioned on": {text: rows("a,x,y\n", 200, func(x, y float64) string { return fmt.Sprintf("u,%.4f,%.4f", x, y) }), more: "--condition-on a", want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "t.csv")
			if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			call := "exec " + shellWord(self) + " fit " + shellWord(file) + " -o " + filepath.Join(dir, "m") + " --model gaussian " + tt.more
			fit := func(more string) (string, error) {
				cmd := exec.Command("sh", "-c", call+" "+more)
				cmd.Dir, cmd.Env = dir, append(os.Environ(), asCommand+"=1")
				text, err := cmd.CombinedOutput()
				return string(text), err
			}
			said, err := fit("")
			message := ""
			for line := range strings.Lines(said) {
				if strings.HasPrefix(line, "flow: ") || err == nil && strings.HasPrefix(line, "warning: ") {
					message += line
				}
			}
			remedies := 0
			for _, found := range remedy.FindAllStringSubmatch(message, -1) {
				if !strings.Contains(found[1], " ") {
					continue // what to give it is up to the user
				}
				remedies++
				if said, err := fit(found[1]); err != nil {
					t.Errorf("%s\nsays %q, with which it says\n%s", message, found[1], said)
				}
			}
			if remedies != tt.want {
				t.Errorf("%d remedies, want %d: %s", remedies, tt.want, message)
			}
			if _, err := os.Stat(filepath.Join(dir, "gone")); err == nil {
				t.Error("a name was run")
			}
		})
	}
}

// manyNames are the names of n columns, as the header of a CSV has them.
func manyNames(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("kind number %d", i))
	}
	return strings.Join(all, ",")
}
