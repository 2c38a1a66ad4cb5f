package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"normflow/internal/whole"
)

// Around what writeImagesPage writes.
const (
	imagesBegin = "<!-- written by: go run ./cmd/measure images --page docs/images.md -->\n"
	imagesEnd   = "<!-- written until here -->\n"
)

// writeImagesPage writes the tables of the file of rows into a page of Markdown.
func writeImagesPage(page, rows string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	tables, err := imagesTables(rows)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), imagesBegin)
	_, after, ended := strings.Cut(rest, imagesEnd)
	if !found || !ended {
		return fmt.Errorf("%s: expected the lines %q and %q around the tables", page, strings.TrimSpace(imagesBegin), strings.TrimSpace(imagesEnd))
	}
	return whole.WriteFile(page, []byte(before+imagesBegin+"\n"+tables+"\n"+imagesEnd+after))
}

// imagesTables returns what the page says of the file of rows.
func imagesTables(file string) (string, error) {
	models, speeds, err := readImages(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	mnist, _, err := readImages(filepath.Join(filepath.Dir(file), mnistFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", mnistFile, err)
	}
	parts := []string{digitsTable(models), drawnLines(models), textureTable(models), mnistTable(mnist), roundTripTable(slices.Concat(models, mnist)), speedTable(speeds)}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n"), nil
}

// readImages reads a file of rows, of which those of speeds have a task.
func readImages(file string) (models []imagesRow, speeds []imagesSpeed, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, nil, err
	}
	for _, r := range raw {
		var speed imagesSpeed
		var model imagesRow
		if err := json.Unmarshal(r, &speed); err != nil {
			return nil, nil, err
		}
		if speed.Task != "" {
			speeds = append(speeds, speed)
			continue
		}
		if err := json.Unmarshal(r, &model); err != nil {
			return nil, nil, err
		}
		models = append(models, model)
	}
	return models, speeds, nil
}

func digitsTable(rows []imagesRow) string {
	var seeds []int64
	var names []string
	cells, about := map[string]string{}, map[string]imagesRow{}
	for _, r := range rows {
		if r.Data != "digits" {
			continue
		}
		put := func(name string, bits, stdErr float64) {
			if _, known := about[name]; !known {
				names, about[name] = append(names, name), r
			}
			cells[fmt.Sprint(name, r.Seed)] = fmt.Sprintf("%.3f ± %.3f", bits, stdErr)
		}
		if !slices.Contains(seeds, r.Seed) {
			seeds = append(seeds, r.Seed)
		}
		put(r.Model, r.PerDim, r.StdErr)
		if k := r.Classes; k != nil {
			put(allDigits, k.WithoutLabel, k.WithoutStdErr)
		}
	}
	if len(names) == 0 {
		return ""
	}
	var t strings.Builder
	t.WriteString("| model | parameters | CPU seconds |")
	for _, seed := range seeds {
		fmt.Fprintf(&t, " bits per dimension, seed %d |", seed)
	}
	t.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(seeds)) + "\n")
	for _, name := range names {
		r := about[name]
		parameters := ""
		if r.Parameters > 0 {
			parameters = thousands(r.Parameters)
		}
		fmt.Fprintf(&t, "| %s | %s | %.0f |", name, parameters, r.CPU)
		for _, seed := range seeds {
			fmt.Fprintf(&t, " %s |", cells[fmt.Sprint(name, seed)])
		}
		t.WriteString("\n")
	}
	return t.String()
}

const allDigits = "the same, all digits as likely"

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func drawnLines(rows []imagesRow) string {
	var t strings.Builder
	for _, r := range rows {
		if d := r.Drawn; d != nil {
			fmt.Fprintf(&t, "- Seed %d, %s draws: %.2g of the numbers are beyond the levels; a pixel that is black in all digits is black in at least %.2f %% of them. The levels of a pixel\n"+
				"  differ from those of the training digits by %.3f (total variation, mean over pixels), those of the held-out digits by %.3f.\n", r.Seed, thousands(d.Pictures), d.Outside, 100*d.Black, d.Distance, d.HeldOut)
		}
		t.WriteString(classesLine(r))
	}
	return t.String()
}

// classesLine says how draws given a digit, and held-out digits, are recognized.
func classesLine(r imagesRow) string {
	k := r.Classes
	if k == nil {
		return ""
	}
	return fmt.Sprintf("- Seed %d, %s draws given a digit: %.1f ± %.1f %% are recognized as that digit by the nearest training digit, which recognizes %.1f %% of held-out\n"+
		"  digits. Of all held-out ones %.1f %% are recognized by the flow: the digit that makes them likeliest.\n", r.Seed, thousands(k.Drawn), 100*k.Recognized, 100*k.StdErr, 100*k.Classifier, 100*k.ByFlow)
}

func textureTable(rows []imagesRow) string {
	lines := ""
	for _, r := range rows {
		if t := r.Texture; t != nil {
			steps := "0, ±1 or ±2"
			if t.Spread > 0 {
				steps = fmt.Sprintf("normal, spread %g", t.Spread)
			}
			lines += fmt.Sprintf("| %d | %s | %.3f | %s | %s | %.0f | %.3f | %.4f ± %.4f |\n", t.Levels, steps, t.Entropy, r.Model, thousands(r.Parameters), r.CPU, r.PerDim, t.KL, t.StdErr)
		}
	}
	if lines == "" {
		return ""
	}
	return "| levels of the texture | steps | entropy, bits per dimension | model | parameters | CPU seconds | its bits per dimension | KL, at most |\n|---|---|---|---|---|---|---|---|\n" + lines
}

// mnistFile holds the rows of MNIST, beside those of the small pictures.
const mnistFile = "mnist.json"

func mnistTable(rows []imagesRow) string {
	lines, given := "", ""
	for _, r := range rows {
		line := func(name string, bits, stdErr float64) {
			lines += fmt.Sprintf("| %s | %s | %.0f | %.3f ± %.3f |\n", name, thousands(r.Parameters), r.CPU/60, bits, stdErr)
		}
		line(r.Model, r.PerDim, r.StdErr)
		if k := r.Classes; k != nil {
			line(allDigits, k.WithoutLabel, k.WithoutStdErr)
			given += "\n" + classesLine(r)
		}
	}
	if lines == "" {
		return ""
	}
	return "| MNIST, 28×28 pixels, 10,000 held out | parameters | CPU minutes | bits per dimension |\n|---|---|---|---|\n" + lines + given
}

// roundTripTable has the largest differences of all seeds.
func roundTripTable(rows []imagesRow) string {
	type key struct{ data, model string }
	var keys []key
	worst := map[key]imagesRoundTrip{}
	for _, r := range rows {
		if r.RoundTrip == nil {
			continue
		}
		k := key{r.Data, r.Model}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		w, t := worst[k], *r.RoundTrip
		worst[k] = imagesRoundTrip{t.Pictures, max(w.Single, t.Single), max(w.SingleNoise, t.SingleNoise), max(w.Double, t.Double), max(w.DoubleNoise, t.DoubleNoise)}
	}
	if len(keys) == 0 {
		return ""
	}
	lines := "| pictures | model | round trip of so many | float32 | float32, noise | float64 | float64, noise |\n|---|---|---|---|---|---|---|\n"
	for _, k := range keys {
		w := worst[k]
		lines += fmt.Sprintf("| %s | %s | %s | %.1e | %.1e | %.1e | %.1e |\n", k.data, k.model, thousands(w.Pictures), w.Single, w.SingleNoise, w.Double, w.DoubleNoise)
	}
	return lines
}

func speedTable(speeds []imagesSpeed) string {
	if len(speeds) == 0 {
		return ""
	}
	lines := "| task | batch | pictures a second | MiB | than | | MiB | times as fast, of all rounds |\n|---|---|---|---|---|---|---|---|\n"
	for _, s := range speeds {
		lines += fmt.Sprintf("| %s | %d | %.0f | %.0f | %s, %s parameters | %.0f | %.0f | %.2f (%.2f to %.2f) |\n", s.Task, s.Batch, s.Ours, s.Memory, s.Lib, thousands(s.Others), s.Other, s.OtherMemory, s.Ratio, s.Low, s.High)
	}
	return lines
}
