package main

import (
	"strings"
	"testing"
)

// Each command says what it does, by examples too.
func TestHelp(t *testing.T) {
	root := newRoot()
	for _, name := range []string{"fit", "score", "sample", "anomaly", "eval"} {
		cmd, _, err := root.Find([]string{name})
		if err != nil || cmd.Name() != name || cmd.Long == "" || !strings.Contains(cmd.Example, "  flow "+name+" ") || cmd.Flags().Lookup("json") == nil {
			t.Errorf("%s: %v", name, err)
		}
		if help := must(t, name, "--help"); !strings.Contains(help, "Usage:\n  flow "+name) {
			t.Errorf("help of %s: %s", name, help)
		}
	}
}
