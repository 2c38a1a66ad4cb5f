package memory

import (
	"runtime"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"2GB": 2e9, "1.5 GiB": 3 << 29, "500mb": 5e8, "4096MiB": 4 << 30, "1000000B": 1e6,
		"": 0, "2": 0, "GB": 0, "-2GB": 0, "10kB": 0, "NaNGB": 0, "1e30TB": 0, "2 GB please": 0,
	} {
		if got, err := Parse(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestText(t *testing.T) {
	for size, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 999_600: "1 MB", 1_500_000_000: "1.5 GB", 12_345: "12.3 kB"} {
		if got := Text(size); got != want {
			t.Errorf("%d: got %s, want %s", size, got, want)
		}
	}
}

func TestBudget(t *testing.T) {
	if got := Budget(0); got < 1<<26 || Budget(7) != 7 {
		t.Errorf("half of this machine's memory is %d bytes; 7 gave %d", got, Budget(7))
	}
	if got := Peak(); runtime.GOOS == "linux" && got < 1<<20 {
		t.Errorf("this process held %d bytes", got)
	}
}
