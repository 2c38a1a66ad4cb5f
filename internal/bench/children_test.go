package bench

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestMain is also the process that TestChildren starts: it prints a line whose batch
// size is that of its arguments, and fails at 13.
func TestMain(m *testing.M) {
	if os.Getenv("FLOW_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	at := slices.Index(os.Args, "--batch")
	if at < 0 || !slices.Contains(os.Args, "--json") || os.Args[1] != "words" || os.Args[at+1] == "13" {
		os.Exit(1)
	}
	fmt.Printf(`{"batch":%s}`, os.Args[at+1])
}

func TestChildren(t *testing.T) {
	t.Setenv("FLOW_TEST_CHILD", "1")
	var got []string
	keep := func(l Line) error {
		got = append(got, strconv.Itoa(l.Batch))
		return nil
	}
	if err := Children(t.Context(), []string{"words"}, []int{5, 300}, io.Discard, keep); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(got, " "); text != "5 300" {
		t.Errorf("batches %s, want 5 300", text)
	}
	if err := Children(t.Context(), []string{"words"}, []int{5, 13}, io.Discard, keep); err == nil || !strings.Contains(err.Error(), "batch 13") {
		t.Errorf("a child that fails: got %v", err)
	}
}
