package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Imported weights have the columns of --like or --columns. Without either the error about
// a table says which command names them, and that works in a shell.
func TestImportedColumns(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := filepath.Dir(csv)
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("t.csv"), []byte("\"it's, x\",\"$y\"\n1,2\n3,4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "export", model, "-o", in("w.npz"))
	must(t, "import", in("w.npz"), "--like", model, "-o", in("liked"))
	must(t, "score", in("liked"), csv, "-o", in("out.csv"))

	must(t, "import", in("w.npz"), "-o", in("bare"))
	status, _, said := shell(t, "", "score", in("bare"), in("t.csv"))
	remedy := regexp.MustCompile(`\(flow (import --columns .*)\)`).FindStringSubmatch(said)
	if status != 1 || remedy == nil || strings.Contains(said, "--exclude") {
		t.Fatalf("status %d, says %s", status, said)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "exec "+shellWord(self)+" "+remedy[1]+" w.npz -o bare")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asCommand+"=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v, says %s", remedy[1], err, text)
	}
	must(t, "score", in("bare"), in("t.csv"), "-o", in("out.csv"))

	for _, columns := range []string{"x", "x,y,z", "x,x", "x,"} {
		if status, _, said := shell(t, "", "import", in("w.npz"), "--columns", columns, "-o", in("no")); status != 2 || !strings.Contains(said, "--columns: found ") {
			t.Errorf("--columns %s: status %d, says %s", columns, status, said)
		}
	}
	if status, _, said := shell(t, "", "score", in("bare"), csv); status != 1 || strings.Contains(said, "--") {
		t.Errorf("status %d, says %s", status, said)
	}
}
