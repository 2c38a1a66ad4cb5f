package whole

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing is written over what is read, by whatever name.
func TestApart(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ok(t, os.MkdirAll(in("model"), 0o755), os.MkdirAll(in("other/deep"), 0o755), os.WriteFile(in("t.csv"), []byte("x\n1\n"), 0o644),
		os.WriteFile(in("model/model.json"), []byte("{\n  \"format\": \"normflow model\""), 0o644), os.WriteFile(in("model/weights.safetensors"), nil, 0o644),
		os.Link(in("t.csv"), in("hard.csv")), os.Symlink("t.csv", in("soft.csv")), os.Symlink("model", in("linked")),
		os.Symlink("model/new.csv", in("into.csv")), os.Symlink(dir, in("other/up")))
	reads := []string{in("model"), in("t.csv"), "", in("none")}
	const same, inside = "is the file to read and the one to write", "lies in the folder of the model"
	for out, want := range map[string]string{
		in("t.csv"): same, in("hard.csv"): same, in("soft.csv"): same, dir + "/other/../t.csv": same, dir + "/./t.csv": same, in("other/up/t.csv"): same,
		in("model/weights.safetensors"): inside, in("model/new.csv"): inside, in("linked/model.json"): inside, in("into.csv"): inside,
		in("model/none/x.csv"): inside, in("other/up/linked/new.csv"): inside,
		in("model"):   "is the folder to read and the one to write",
		dir:           "lies in it",
		in("new.csv"): "", in("other/t.csv"): "", in("none/x.csv"): "", "": "", "-": "", "/dev/null": "", in("none"): "",
	} {
		err := Apart(out, reads...)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", strings.TrimPrefix(out, dir), err, want)
		}
	}
	if err := Apart("/dev/null", "/dev/null"); err != nil {
		t.Error(err)
	}
	for _, out := range []string{in("other/deep/x.csv"), in("other/deep/none/x"), in("other/x/")} {
		if err := Apart(out, in("other")); err == nil || !strings.Contains(err.Error(), "lies in the folder to read") {
			t.Errorf("%s: got %v", strings.TrimPrefix(out, dir), err)
		}
	}
	ok(t, os.MkdirAll(in("model/sub"), 0o755))
	for _, path := range []string{in("model/x.csv"), in("model/sub/x.csv"), in("model/weights.safetensors"), in("linked/x.csv"), in("into.csv")} {
		if err := WriteFile(path, nil); err == nil || !strings.Contains(err.Error(), "lies in the folder of a model") {
			t.Errorf("%s: got %v", strings.TrimPrefix(path, dir), err)
		}
	}
}

// A table from the standard input is not appended to.
func TestApartOfStreams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv")
	ok(t, os.WriteFile(path, []byte("x\n1\n"), 0o644))
	stdin, stdout := os.Stdin, os.Stdout
	defer func() { os.Stdin, os.Stdout = stdin, stdout }()
	var err error
	os.Stdin, err = os.Open(path)
	ok(t, err)
	defer os.Stdin.Close()
	if err := Apart(path, "-"); err == nil {
		t.Error("the file of the standard input may be written over")
	}
	os.Stdout, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	ok(t, err)
	defer os.Stdout.Close()
	for _, in := range []string{"-", path} {
		if err := Apart("-", in); err == nil || !strings.Contains(err.Error(), "standard output: is the file to read") {
			t.Errorf("%s: got %v", in, err)
		}
	}
}
