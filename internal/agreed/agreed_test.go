package agreed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type plan struct {
	Format int
	Of     string
}

func taken(name string) bool { return name == "part" }

func TestEnterAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	enter := func(p plan) error { return Enter(dir, "plan.json", "the parts", taken, p) }
	for range 2 {
		if err := enter(plan{1, "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := enter(plan{1, "y"}); !errors.Is(err, ErrOther) {
		t.Errorf("another plan: got %v", err)
	}
	var found plan
	if err := Read(dir, "plan.json", "a folder of parts", 1, &found); err != nil || found != (plan{1, "x"}) || !Is(dir, "plan.json") {
		t.Errorf("got %+v, %v", found, err)
	}
	read := func(want string) {
		t.Helper()
		if err := Read(dir, "plan.json", "a folder of parts", 1, &found); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for text, want := range map[string]string{"{": "is damaged", `{"Format": 2}`: "is of format 2, expected 1", `{"Format": 1, "Of": 3}`: "is damaged"} {
		if err := os.WriteFile(filepath.Join(dir, "plan.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		read(want)
	}
	if err := os.Remove(filepath.Join(dir, "plan.json")); err != nil {
		t.Fatal(err)
	}
	read("holds no plan.json: expected a folder of parts")
	if err := os.Mkdir(filepath.Join(dir, "plan.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	read("plan.json: cannot be read: is a folder, expected a plain file")
	if err := enter(plan{1, "x"}); err == nil || !strings.Contains(err.Error(), "expected a plain file") {
		t.Errorf("a folder for a plan: got %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "plan.json")); err != nil {
		t.Fatal(err)
	}
	if Is(dir, "plan.json") {
		t.Error("a plan that is gone")
	}
}

func TestEnterRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Enter(file+"/", "plan.json", "the parts", taken, plan{}); err == nil || !strings.Contains(err.Error(), "is a file, expected a folder for the parts") {
		t.Errorf("a file: got %v", err)
	}
	model := t.TempDir()
	if err := os.WriteFile(filepath.Join(model, "model.json"), []byte(`{"format": "normflow model"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Enter(model, "plan.json", "the parts", taken, plan{}); err == nil || !strings.Contains(err.Error(), "is a model") {
		t.Errorf("a model: got %v", err)
	}
	if err := Enter(filepath.Join(model, "a", "b"), "plan.json", "the parts", taken, plan{}); err == nil || !strings.Contains(err.Error(), "lies in the folder of a model") {
		t.Errorf("in a model: got %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "part"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Enter(dir, "plan.json", "the parts", taken, plan{}); err == nil || !strings.Contains(err.Error(), "holds part, but no plan.json") {
		t.Errorf("another's part: got %v", err)
	}
}

// What is no plan of ours is not unpacked: ten million empty objects would take a gigabyte.
func TestReadRefusesManyLists(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{`{"Format":1,"Of":[` + strings.Repeat("{},", 2000) + "{}]}", `{"Format":1,"Of":` + strings.Repeat("[", 2000)} {
		if err := os.WriteFile(filepath.Join(dir, "plan.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var found struct{ Of []plan }
		if err := Read(dir, "plan.json", "a folder of parts", 1, &found); err == nil || !strings.Contains(err.Error(), "lists and objects, far more than a plan") {
			t.Errorf("got %v", err)
		}
	}
}
