package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/flow"
)

// No command writes over what it reads, nor into the folder of a model: whatever it is
// called with, and by whatever name, it ends with an error and all is as it was.
func TestNothingIsReadAndWritten(t *testing.T) {
	if err := trained(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	csv, err := os.ReadFile(filepath.Join(trainedDir, "moons.csv"))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("{}")
	if s, err := flow.Read(version3); err == nil {
		text = s.Training
	}
	if err := errors.Join(
		os.CopyFS(in("model"), os.DirFS(filepath.Join(trainedDir, "model"))), os.CopyFS(in("conditional"), os.DirFS(version3)),
		os.WriteFile(in("t.csv"), csv, 0o644), os.WriteFile(in("normal.csv"), csv, 0o644), os.WriteFile(in("config.json"), text, 0o644),
		os.Symlink("t.csv", in("soft.csv")), os.Link(in("t.csv"), in("hard.csv")), os.Symlink("model", in("linked")), os.Mkdir(in("sub"), 0o755),
	); err != nil {
		t.Fatal(err)
	}
	if code := run(context.Background(), []string{"export", in("model"), "-o", in("w.npz")}); code != 0 {
		t.Fatalf("export: exit status %d", code)
	}
	before := listing(t, dir)
	inModel := "model/weights.safetensors model/model.json model/new.csv linked/weights.safetensors sub/../model/model.json"
	table := "t.csv soft.csv hard.csv sub/../t.csv ./t.csv"
	for _, tt := range []struct{ args, outs string }{
		{"score model t.csv -o", inModel + " model " + table},
		{"score model t.csv --keep -o", table},
		{"anomaly model t.csv --false-alarm 0.1 -o", inModel + " model " + table},
		{"anomaly model t.csv --false-alarm 0.1 --calibration normal.csv -o", "normal.csv " + table},
		{"eval model t.csv -o", inModel + " model " + table},
		{"sample model -n 10 -o", inModel + " model"},
		{"sample conditional --condition t.csv -o", table},
		{"data sample moons10 -n 10 -o", inModel + " model"},
		{"export model -o", "model/weights.safetensors model/w.npz linked/w.npz"},
		{"import w.npz --like model -o", "model linked w.npz"},
		{"import model/weights.safetensors --config config.json -o", "model linked model/sub config.json"},
		{"fit t.csv -o", "t.csv soft.csv hard.csv model/sub . sub/.."},
		{"bench-data -o", "model linked"},
	} {
		for _, out := range strings.Fields(tt.outs) {
			words := strings.Fields(tt.args)
			for i, word := range words {
				if _, err := os.Lstat(in(word)); err == nil && i > 0 {
					words[i] = in(word)
				}
			}
			if code := run(context.Background(), append(words, dir+"/"+out)); code == 0 {
				t.Errorf("flow %s %s: exit status 0", tt.args, out)
			}
			if after := listing(t, dir); after != before {
				t.Fatalf("flow %s %s: the files were\n%s\nand are\n%s", tt.args, out, before, after)
			}
		}
	}
}

// listing is what a folder holds, names and contents.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&os.ModeSymlink != 0 {
			to, err := os.Readlink(path)
			b.WriteString(strings.TrimPrefix(path, dir) + " -> " + to + "\n")
			return err
		}
		content, err := os.ReadFile(path)
		b.WriteString(strings.TrimPrefix(path, dir) + " " + sha(content) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:4])
}
