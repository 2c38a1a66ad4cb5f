package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/imageflow"
	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/origin"
)

// The simple models cost what others measured on such splits: 2.43 and 2.96 bits.
func TestImagesBaselines(t *testing.T) {
	parts := digits.Load().Split(3, imagesTest, imagesValid)
	s := &imagesSplit{test: parts[0], valid: parts[1], train: parts[2], seed: 3}
	for _, model := range []struct {
		fit      func(context.Context) (imagesRow, error)
		from, to float64
	}{{s.histograms, 2.40, 2.46}, {s.gaussian, 2.85, 3.05}} {
		r, err := model.fit(t.Context())
		if err != nil || !(r.PerDim > model.from && r.PerDim < model.to) || !(r.StdErr > 0 && r.StdErr < 0.05) {
			t.Errorf("%+v, %v: expected %g to %g", r, err, model.from, model.to)
		}
	}
}

func TestImagesCalls(t *testing.T) {
	for _, call := range []string{"images --steps=0", "images --seeds=x", "images more", "images --parts=flow,pears", "images --secs=NaN", "images --reps=0"} {
		if got := run(t.Context(), strings.Fields(call)); got != 2 {
			t.Errorf("%q: status %d, expected 2", call, got)
		}
	}
}

// The tables of docs/images.md are those of report/measured/images.json.
func TestImagesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/images.md")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := imagesTables("../../report/measured/images.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), imagesBegin+"\n"+tables+"\n"+imagesEnd) {
		t.Errorf("docs/images.md has not these tables: run go run ./cmd/measure images --page docs/images.md\n%s", tables)
	}
}

// What the flow promises, as it was measured last.
func TestImagesHold(t *testing.T) {
	models, speeds, err := readImages("../../report/measured/images.json")
	if err != nil {
		t.Fatal(err)
	}
	pyramids, ours := 0, 0
	for _, r := range models {
		if strings.HasPrefix(r.Model, flowName) && !strings.HasSuffix(r.Model, pyramidName) {
			ours++
			if back := r.RoundTrip; back == nil || !(max(back.Single, back.SingleNoise) <= 1e-4) || !(max(back.Double, back.DoubleNoise) <= 1e-9) || back.Pictures < 10000 {
				t.Errorf("%v: expected a round trip of at most 1e-4 in float32 and 1e-9 in float64", r)
			}
		}
		if r.Model == flowName && r.Data == "digits" {
			for _, other := range models {
				if other.Data == r.Data && other.Seed == r.Seed && !strings.HasPrefix(other.Model, flowName) && !(r.PerDim < other.PerDim) {
					t.Errorf("seed %d: %.3f bits per dimension, of the %s %.3f", r.Seed, r.PerDim, other.Model, other.PerDim)
				}
			}
			if !(r.PerDim <= 2) || r.Drawn.Outside != 0 || !(r.Drawn.Black >= 0.999) {
				t.Errorf("%v: expected at most 2 bits, and no stray pixels", r)
			}
		}
		if k := r.Classes; k != nil && !(k.Recognized >= 0.9) {
			t.Errorf("%v: expected 0.9 of the draws recognized", r)
		}
		if of := r.Texture; of != nil {
			pyramid := strings.HasSuffix(r.Model, pyramidName)
			near := of.Spread > 0 || pyramid
			if pyramid {
				pyramids++
			}
			if !(of.KL > -3*of.StdErr) || near && !(of.KL < 0.05) {
				t.Errorf("%v: expected a KL of at least 0, and of a smooth texture or a pyramid at most 0.05", r)
			}
		}
	}
	if pyramids != 1 || ours == 0 {
		t.Errorf("%d textures for a pyramid, expected 1; %d flows without one, whose round trips hold", pyramids, ours)
	}
	timed := 0
	for _, s := range speeds {
		if s.Lib != "normflows" {
			continue
		}
		timed++
		least, known := map[string]float64{"train": 1.2, "sample": 1.5}[s.Task]
		if !known || !(s.Ratio >= least) {
			t.Errorf("%s, batches of %d: %.2f times as fast as normflows, expected %g", s.Task, s.Batch, s.Ratio, least)
		}
	}
	if timed != len(imagesSpeeds) {
		t.Errorf("%d speeds beside normflows, expected %d", timed, len(imagesSpeeds))
	}
}

// On MNIST every flow of ours needs 5 % fewer bits than that of normflows.
func TestMNISTHolds(t *testing.T) {
	rows, _, err := readImages("../../report/measured/" + mnistFile)
	if err != nil {
		t.Fatal(err)
	}
	other := slices.IndexFunc(rows, func(r imagesRow) bool { return r.Model == "normflows" })
	if other < 0 || len(rows) < 2 {
		t.Fatalf("%v: expected flows of ours and of normflows", rows)
	}
	for _, r := range rows {
		if r.Model != "normflows" && !(r.PerDim < 0.95*rows[other].PerDim) {
			t.Errorf("%v: expected 5 %% fewer bits than %v", r, rows[other])
		}
	}
}

// Shares of levels, and the nearest digit, by hand.
func TestImagesJudges(t *testing.T) {
	shape := imagelayer.Shape{Height: 1, Width: 2, Channels: 1}
	train := &imageset.Set{Shape: shape, Levels: 3, Pixels: []byte{0, 0, 2, 0, 2, 2, 0, 2}, Labels: []int{0, 1, 2, 3}}
	if got := shares(train); !slices.Equal(got[0], []float64{0.5, 0, 0.5}) || !slices.Equal(got[1], []float64{0.5, 0, 0.5}) {
		t.Errorf("shares %v", got)
	}
	drawn := &imageset.Set{Shape: shape, Levels: 3, Pixels: []byte{0, 0, 2, 1, 1, 0, 0, 2}, Labels: []int{0, 1, 1, 3}}
	if got := train.Recognized(drawn); got != 0.75 { // (1, 0) is as far from class 0, the first of the two
		t.Errorf("%g recognized", got)
	}
}

// Between its two lines a page gets the tables; the rest stays. Without them it is refused.
func TestWriteImagesPage(t *testing.T) {
	dir := t.TempDir()
	page, rows := dir+"/page.md", dir+"/rows.json"
	seven := imagesRow{Data: "digits", Model: "a flow", Bits: imageflow.Bits{PerDim: 1.2345, StdErr: 0.01}, CPU: 59.6, Parameters: 62872}
	seven.RoundTrip = &imagesRoundTrip{10000, 1e-5, 2e-5, 3e-11, 4e-11}
	texture := imagesRow{Data: "texture", Model: "the flow", Bits: imageflow.Bits{PerDim: 3}, CPU: 61, Parameters: 1500, Texture: &imagesTexture{Levels: 64, Spread: 3, Entropy: 2.99, KL: 0.01, StdErr: 0.001}}
	speed := imagesSpeed{Task: "train", Batch: 64, Lib: "nflows", Ours: 300, Other: 200, Ratio: 1.5, Low: 1.4, High: 1.6, Others: 999, Memory: 70, OtherMemory: 80}
	if err := origin.Write(rows, []any{seven, texture, speed}); err != nil {
		t.Fatal(err)
	}
	big := imagesRow{Data: "MNIST", Model: "the flow", Bits: imageflow.Bits{PerDim: 1.25, StdErr: 0.002}, CPU: 2400, Parameters: 1234}
	if err := origin.Write(dir+"/mnist.json", []any{big}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a\n" + imagesBegin + "old\n" + imagesEnd + "b\n": "| a flow | 62,872 | 60 | 1.234 ± 0.010 |\n\n" +
			"| levels of the texture | steps | entropy, bits per dimension | model | parameters | CPU seconds | its bits per dimension | KL, at most |\n|---|---|---|---|---|---|---|---|\n" +
			"| 64 | normal, spread 3 | 2.990 | the flow | 1,500 | 61 | 3.000 | 0.0100 ± 0.0010 |\n\n" +
			"| MNIST, 28×28 pixels, 10,000 held out | parameters | CPU minutes | bits per dimension |\n|---|---|---|---|\n" +
			"| the flow | 1,234 | 40 | 1.250 ± 0.002 |\n\n" +
			"| pictures | model | round trip of so many | float32 | float32, noise | float64 | float64, noise |\n|---|---|---|---|---|---|---|\n" +
			"| digits | a flow | 10,000 | 1.0e-05 | 2.0e-05 | 3.0e-11 | 4.0e-11 |\n\n" +
			"| task | batch | pictures a second | MiB | than | | MiB | times as fast, of all rounds |\n|---|---|---|---|---|---|---|---|\n" +
			"| train | 64 | 300 | 70 | nflows, 999 parameters | 200 | 80 | 1.50 (1.40 to 1.60) |\n\n" + imagesEnd + "b\n",
		"a\n" + imagesBegin: "",
	} {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := writeImagesPage(page, rows)
		after, _ := os.ReadFile(page)
		if want == "" && (err == nil || string(after) != text) || want != "" && !strings.HasSuffix(string(after), want) {
			t.Errorf("the page became %q: %v", after, err)
		}
	}
}
