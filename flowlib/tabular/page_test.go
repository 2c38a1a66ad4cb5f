package tabular

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"normflow/internal/whole"
)

// The page holds all it shows, runs nothing and is sound.
func TestPage(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	m.Dir, m.Record.Reasons = "<script>alert(1)</script>", []string{"nsf & more"}
	rows := moons(9, 500)
	page := func(file string) string {
		e, err := m.Evaluate(context.Background(), file, Options{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "page.html")
		if err := m.WritePage(path, e); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := page(write(t, "t.csv", []string{"a", "b"}, rows))
	if n := strings.Count(text, "<svg"); n != 7 {
		t.Errorf("%d pictures, want 7", n)
	}
	if !strings.Contains(text, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;`) {
		t.Error("the page may do more than show the pictures in it")
	}
	words := regexp.MustCompile(`base64,[A-Za-z0-9+/=]+`).ReplaceAllString(text, "") // letters by chance
	words = strings.ReplaceAll(words, "http://www.w3.org/2000/svg", "")
	for _, bad := range []string{"<script", "<link", "@import", "NaN", "%!", "http://", "https://", "&lt;no value"} {
		if strings.Contains(words, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	compared := []Compared{{Name: "gaussian", Parameters: 5, NLL: 2.5, SE: 0.125, Behind: 1, BehindSE: 0.0625, Zero: 3}, {Name: "nsf", NLL: 1.5, Weight: 1}}
	m.Record.Compared, m.Record.Reasons, m.Record.Folds = compared, []string{"likeliest:", comparedIndent + "gaussian: in the table"}, 5
	tried := page(write(t, "t.csv", []string{"a", "b"}, rows))
	for _, want := range []string{
		"<tr><td>gaussian</td><td>5</td><td>2.5000 ± 0.1250, but 3 of density 0</td><td>1.0000 ± 0.0625</td><td>left out</td></tr>",
		"<td>100.0 %</td></tr>", "The model is 100 % nsf.", "in 5 folds", "the first fold was fitted", "<dd>likeliest:</dd>",
	} {
		if !strings.Contains(tried, want) {
			t.Errorf("the page of what was compared lacks %q", want)
		}
	}
	if strings.Contains(tried, "in the table") || strings.Contains(text, "What was tried") {
		t.Error("what was compared stands there twice, or where nothing was")
	}
	m.Record.Compared = nil
	if few := page(write(t, "few.csv", []string{"a", "b"}, rows[:50])); strings.Count(few, "<svg") != 2 || !strings.Contains(few, "Not tested: 50 rows are too few") {
		t.Errorf("of few rows the page has %d pictures", strings.Count(few, "<svg"))
	}
}

// A page goes over no table that is read, nor in the place of a device or a link.
func TestWhereAPageGoes(t *testing.T) {
	in := write(t, "t.csv", []string{"a", "b"}, moons(9, 50))
	for path, want := range map[string]string{
		in: "t.csv: is the file to read and the one to write", "-": "name a file for the page", "/dev/stdout": "name a file for the page", t.TempDir(): "is a folder",
	} {
		if err := CheckPage(path, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(CheckPage(path("new.html"), in), os.Symlink("target.html", path("link.html")), os.WriteFile(path("target.html"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := whole.WriteFile(path("link.html"), []byte("page")); err != nil {
		t.Error(err)
	}
	if target, err := os.Readlink(path("link.html")); err != nil || target != "target.html" {
		t.Errorf("the link was replaced: %v", err)
	}
	// A pipe in a folder of the test's own stands for /dev/null, which root could lose.
	if err := syscall.Mkfifo(path("pipe"), 0o600); err != nil {
		t.Skip("needs named pipes: ", err)
	}
	end, err := os.OpenFile(path("pipe"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	if err := whole.WriteFile(path("pipe"), []byte("page")); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(path("pipe")); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatal("the pipe was replaced")
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(end, got); err != nil || string(got) != "page" {
		t.Errorf("got %q, %v", got, err)
	}
}
