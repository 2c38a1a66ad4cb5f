package flow_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// The programs that a newcomer writes stay as short as they are: lines of code of the
// Examples, with the declarations that they need.
func TestProgramsAreShort(t *testing.T) {
	for _, program := range []struct {
		what, file string
		names      string // of the declarations; "" for all but imports
		most       int
	}{
		{"a flow of one's own data", "../fit/example_test.go", "ExampleToData", 20},
		{"a conditional flow", "../fit/example_test.go", "ExampleToData_conditional", 25},
		{"a chain with a logit, a permutation and a bijector of one's own, saved and loaded elsewhere", "own_example_test.go", "", 40},
	} {
		text, err := os.ReadFile(program.file)
		if err != nil {
			t.Fatal(err)
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, program.file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if program.names != "" && d.Name.Name != program.names {
					continue
				}
			case *ast.GenDecl:
				if program.names != "" || d.Tok == token.IMPORT {
					continue
				}
			}
			for line := range strings.Lines(string(text[files.Position(d.Pos()).Offset:files.Position(d.End()).Offset])) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
					lines++
				}
			}
		}
		t.Logf("%s: %d lines", program.what, lines)
		if lines == 0 || lines > program.most {
			t.Errorf("%s: %d lines in %s, expected at most %d", program.what, lines, program.file, program.most)
		}
	}
}
