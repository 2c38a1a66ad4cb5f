package main

import (
	"os"
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
