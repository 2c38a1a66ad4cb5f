package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// guideFit makes the fits of the guide short in this test, which is about commands, not
// about how good the model is.
var guideFit = []string{"--steps=40"}

// TestGuide does what docs/guide.md tells to do, in an empty folder. The blocks of the
// guide are of three kinds:
//
//	sh       commands, all of which run here, in order; "# status 1" ends a line that
//	         has to fail
//	text     what the commands before it say, in words: numbers differ between
//	         machines. Where a line is … more may stand there, else it is all
//	console  what a person types and sees, and a test cannot do
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"pumps.csv", "pumps-new.csv"} {
		table, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), table, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	checkLinks(t, "../../docs", string(text))
	checkFlags(t, string(text))
	t.Chdir(dir)
	used := map[string]bool{}
	commands, compared := 0, 0
	said, fresh := "", false
	for _, b := range blocksOf(t, string(text)) {
		switch b.kind {
		case "sh":
			said, fresh = "", true
			before := commands
			for _, line := range strings.Split(strings.ReplaceAll(b.text, "\\\n", ""), "\n") {
				if line = strings.TrimSpace(line); line != "" {
					commands++
					said += do(t, line, used)
				}
			}
			if commands == before {
				t.Errorf("line %d: a block without a command", b.line)
			}
		case "text":
			if !fresh {
				t.Errorf("line %d: no command stands before this output", b.line)
			}
			compared++
			fresh = false
			compare(t, b, said)
		case "console":
		default:
			t.Errorf("line %d: nobody runs a block of kind %q: make it sh, text or console", b.line, b.kind)
		}
	}
	if commands < 15 || compared < 10 {
		t.Errorf("%d commands and %d outputs: the test has not found the guide's", commands, compared)
	}
	for _, name := range []string{"fit", "score", "anomaly", "eval", "sample", "show", "export"} {
		if !used[name] {
			t.Errorf("the guide does not use flow %s", name)
		}
	}
}

type block struct {
	line       int
	kind, text string
}

func blocksOf(t *testing.T, markdown string) (all []block) {
	t.Helper()
	var now *block
	for i, line := range strings.Split(markdown, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && now == nil:
			now = &block{line: i + 1, kind: fence}
		case isFence && fence == "":
			all, now = append(all, *now), nil
		case now != nil:
			now.text += line + "\n"
		}
	}
	if now != nil {
		t.Errorf("line %d: the block has no end", now.line)
	}
	return all
}

// do runs one line: flow in this process, all else by the shell. It returns what was
// said on the standard error, and then on the standard output.
func do(t *testing.T, line string, used map[string]bool) string {
	t.Helper()
	line, comment, _ := strings.Cut(line, "# status ")
	want := 0
	if comment != "" {
		var err error
		if want, err = strconv.Atoi(comment); err != nil {
			t.Fatalf("%s: status %q", line, comment)
		}
	}
	notes, out, status := "", "", 0
	for _, part := range strings.Split(line, " | ") {
		part = strings.TrimSpace(part)
		if !strings.HasPrefix(part, "flow ") {
			var errors bytes.Buffer
			cmd := exec.Command("sh", "-c", part)
			cmd.Stdin, cmd.Stderr = strings.NewReader(out), &errors
			result, err := cmd.Output()
			if err != nil {
				t.Errorf("%s: %v: %s", part, err, &errors)
			}
			notes, out = notes+errors.String(), string(result)
			continue
		}
		words, err := exec.Command("sh", "-c", `printf '%s\0' `+part).Output() // by the rules of the shell
		args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
		if err != nil || args[0] != "flow" || len(args) < 2 {
			t.Fatalf("%s: understood as %q, %v", part, args, err)
		}
		args = args[1:]
		used[args[0]] = true
		if args[0] == "fit" {
			args = append(args, guideFit...)
			if slices.Contains(args, "--resume") {
				interrupt(t, part, args)
			}
		}
		var said string
		status, out, said = shell(t, out, args...)
		notes += said
		if strings.Contains(said, "there is no checkpoint") {
			t.Errorf("%s: there was nothing to go on from", part)
		}
	}
	if status != want {
		t.Errorf("%s: status %d, want %d: %s", line, status, want, notes)
	}
	return notes + out
}

// interrupt presses Ctrl-C in the fit that args go on with, as the guide says, and
// checks that what it is then told to do is what stands there.
func interrupt(t *testing.T, line string, args []string) {
	t.Helper()
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--resume" })
	checkpoint := args[slices.Index(args, "-o")+1] + ".checkpoint"
	status, _, said := shellIn(t, untilThere(t, checkpoint), "", args...)
	if status != 130 || !strings.Contains(strings.ReplaceAll(said, " "+strings.Join(guideFit, " "), ""), "Go on with:\n  "+line+"\n") {
		t.Errorf("interrupted, with status %d, it does not say to go on with\n%s\nbut\n%s", status, line, said)
	}
}

// What may differ between the guide and a run of its commands: numbers, and what
// follows from them.
var masks = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "SHA"},
	{regexp.MustCompile(`\b(on|rows on) (go|xla:cpu|xla:cuda|fast)\b`), "$1 ENGINE"},
	{regexp.MustCompile(`the validation NLL no longer fell|all steps were made`), "STOPPED"},
	{regexp.MustCompile(`worse: (left out|\d+ % of the model)`), "worse: SHARE"},
	{regexp.MustCompile(`The model is [^.]*\.`), "The model is MADE."},
	{regexp.MustCompile(`\b(\d+m)?\d+s\b`), "TIME"},
	{regexp.MustCompile(`[-+]?\d+(\.\d+)?(e[-+]?\d+)?`), "#"},
	{regexp.MustCompile(`(\w+ is #, not # \(# nats\)(; )?)+`), "DRIVERS"},
	{regexp.MustCompile(` +`), " "},
}

func words(text string) (lines []string) {
	for _, mask := range masks {
		text = mask.what.ReplaceAllString(text, mask.by)
	}
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func compare(t *testing.T, b block, said string) {
	t.Helper()
	guide, real := words(b.text), words(said)
	all := true
	for _, line := range guide {
		if line == "…" {
			all = false
		} else if !slices.Contains(real, line) {
			t.Errorf("line %d: no %q in\n%s", b.line, line, strings.Join(real, "\n"))
		}
	}
	for _, line := range real {
		if all && !slices.Contains(guide, line) {
			t.Errorf("line %d: the guide lacks %q; a line … says that there is more", b.line, line)
		}
	}
}

// checkLinks checks that files it links to are there.
func checkLinks(t *testing.T, dir, markdown string) {
	t.Helper()
	links := regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(markdown, -1)
	if len(links) == 0 {
		t.Error("found no link")
	}
	for _, link := range links {
		if _, err := os.Stat(filepath.Join(dir, link[1])); err != nil {
			t.Errorf("the guide links to %s: %v", link[1], err)
		}
	}
}

// checkFlags checks that flags it speaks of exist.
func checkFlags(t *testing.T, markdown string) {
	t.Helper()
	known := map[string]bool{"help": true}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRoot())
	for _, flag := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(markdown, -1) {
		if !known[flag[1]] {
			t.Errorf("the guide speaks of %s, which no command has", flag[0])
		}
	}
}
