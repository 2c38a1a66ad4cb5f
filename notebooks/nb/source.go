package nb

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/must"
)

// Source shows functions of a package as they are in its files, without the comments
// before them, so that a text about them cannot become outdated unnoticed. folder is
// relative to the root of the project; a method is named as in "Coupling.backward".
func Source(folder string, names ...string) {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "```go\n%s\n```\n\n", must.M1(source(folder, name)))
	}
	Markdown(b.String())
}

// source returns the text of a function, below a line that says where it is.
func source(folder, name string) (string, error) {
	files, err := filepath.Glob(filepath.Join(Root(), folder, "*.go"))
	if err != nil {
		return "", fmt.Errorf("nb: %w", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("nb: %w", err)
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, text, 0)
		if err != nil {
			return "", fmt.Errorf("nb: %w", err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && fullName(f) == name {
				from, to := set.Position(f.Pos()), set.Position(f.End())
				return fmt.Sprintf("// %s/%s, line %d\n%s", folder, filepath.Base(file), from.Line, text[from.Offset:to.Offset]), nil
			}
		}
	}
	return "", fmt.Errorf("nb: no function %s in the %d files of %s", name, len(files), filepath.Join(Root(), folder))
}

// fullName returns the name of a function, after the type it is a method of.
func fullName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	for {
		switch t := of.(type) {
		case *ast.StarExpr:
			of = t.X
		case *ast.IndexExpr:
			of = t.X
		case *ast.IndexListExpr:
			of = t.X
		default:
			return fmt.Sprintf("%s.%s", of, f.Name.Name)
		}
	}
}

// Root returns the folder of the project: FLOW_ROOT or, without it, the parent of the
// folder of the notebooks.
func Root() string {
	if dir := os.Getenv("FLOW_ROOT"); dir != "" {
		return dir
	}
	return ".."
}
