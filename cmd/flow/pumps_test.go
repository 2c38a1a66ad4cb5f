package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/pumps.csv and docs/pumps-new.csv anew")

// The tables of docs/guide.md are simulated, here: they can be made again to the byte.
func TestPumps(t *testing.T) {
	start := time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"pumps.csv":     pumps(1, start, 2016, false),
		"pumps-new.csv": pumps(2, start.AddDate(0, 0, 14), 504, true),
	} {
		path := filepath.Join("..", "..", "docs", name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s is not the table that is simulated here (%v): go test ./cmd/flow -run TestPumps -update", path, err)
		}
	}
}

// pumps simulates the log of a water pump, a row every ten minutes: what is demanded
// and the weather go by the hour of the day, and the rest follows from these as the
// laws of pumps have it, with noise. A sensor fails now and then. With labels the last
// column says which rows are of a pump that is not well.
func pumps(seed int64, start time.Time, rows int, labels bool) string {
	rng := rand.New(rand.NewPCG(uint64(seed), 0x9057))
	noise := func(std float64) float64 { return std * rng.NormFloat64() }
	var b strings.Builder
	b.WriteString("time,speed,flow,pressure,power,air,bearing,vibration")
	if labels {
		b.WriteString(",fault")
	}
	b.WriteString("\n")
	for i := range rows {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		day := 2 * math.Pi * (float64(at.Hour()) + float64(at.Minute())/60) / 24
		air := 9 - 5*math.Cos(day-0.6) + noise(1.5)                             // °C
		turn := min(1, 0.8-0.12*math.Cos(day)+0.07*math.Sin(2*day)+noise(0.04)) // of the full speed
		flow := 180*turn + noise(2.5)                                           // l/min
		pressure := 4*turn*turn - 5e-5*flow*flow                                // bar
		power := flow*pressure/600/0.55 + 0.1*turn*turn*turn                    // kW
		vibration := (0.5 + turn*turn) * math.Exp(noise(0.15))                  // mm/s
		heat := 0.0                                                             // K
		fault := 0
		if labels {
			switch { // four spells, none of which any column shows by itself at first sight
			case 60 <= i && i < 72: // the bearing wears
				fault, heat, vibration = 1, 3, 1.3*vibration
			case 190 <= i && i < 200: // the filter is clogged: less flow, more pressure
				fault, flow = 1, 0.87*flow
				pressure = 4*turn*turn - 5e-5*flow*flow
				power *= 0.95
			case 330 <= i && i < 340: // the flow meter reads too little
				fault, flow = 1, 0.94*flow
			case 420 <= i && i < 428: // air is drawn in
				fault, flow, power, vibration = 1, 0.96*flow, 0.93*power, 1.4*vibration
			}
		}
		bearing := air + 18 + 14*power + heat + noise(0.8)
		fields := []string{
			at.Format("2006-01-02 15:04"),
			fmt.Sprintf("%.0f", 2900*turn),
			fmt.Sprintf("%.2f", flow),
			fmt.Sprintf("%.3f", pressure+noise(0.02)),
			fmt.Sprintf("%.3f", power+noise(0.015)),
			fmt.Sprintf("%.1f", air),
			fmt.Sprintf("%.2f", bearing),
			fmt.Sprintf("%.3f", vibration),
		}
		if rng.IntN(200) == 0 {
			fields[[]int{2, 7}[rng.IntN(2)]] = ""
		}
		if labels {
			fields = append(fields, fmt.Sprint(fault))
		}
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	return b.String()
}
