package memorytest

import (
	"fmt"
	"testing"
)

// report is a test that notes whether it failed.
type report struct {
	testing.TB
	said string
}

func (r *report) Helper()                           {}
func (r *report) Fatalf(format string, args ...any) { r.said = fmt.Sprintf(format, args...) }

var sink []byte

func TestWatch(t *testing.T) {
	for most, fails := range map[int]bool{1 << 20: true, 64 << 20: false} {
		r := &report{TB: t}
		end := Watch(r, most)
		sink = make([]byte, 8<<20)
		if end(); (r.said != "") != fails {
			t.Errorf("8 MiB, %d are allowed: says %q", most, r.said)
		}
	}
}
