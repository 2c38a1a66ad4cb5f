package bench

import (
	"strings"
	"testing"
	"time"
)

// Field 2 of stat may hold spaces and brackets.
func TestAgeOf(t *testing.T) {
	stat := "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21\n"
	age, err := ageOf(stat, 125952*time.Millisecond)
	if err != nil || age != 2502*time.Millisecond {
		t.Errorf("got %v, %v, want 2.502 s", age, err)
	}
	for _, bad := range []struct {
		stat string
		now  time.Duration
	}{{"7 (x) S 1", time.Hour}, {strings.Replace(stat, "12345", "?", 1), time.Hour}, {stat, time.Second}} {
		if age, err := ageOf(bad.stat, bad.now); err == nil {
			t.Errorf("%v: got %v, want an error", bad, age)
		}
	}
}

// The fast engine is there in 20 ms: a clock of whole ticks of 10 would tell little
// of it, and would tell 0 at times.
func TestSinceStart(t *testing.T) {
	began := time.Now()
	for range 5 {
		before := sinceStart()
		time.Sleep(2 * time.Millisecond)
		if after := sinceStart(); after < before+2*time.Millisecond {
			t.Errorf("%v, and at least 2 ms later %v", before, after)
		}
	}
	now, sinceLoaded := sinceStart(), time.Since(loaded)
	if now < sinceLoaded || now > sinceLoaded+time.Minute || now < time.Since(began) {
		t.Errorf("this process runs since %v, the package was loaded %v ago", now, sinceLoaded)
	}
}
