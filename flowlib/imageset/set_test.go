package imageset_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
	"normflow/flowlib/imageset/digits"
	"normflow/internal/npz"
)

// pngOf encodes a picture of 3×2 pixels.
func pngOf(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gray(width int) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, width, 2))
	for i := range p.Pix {
		p.Pix[i] = byte(10 * i)
	}
	return p
}

// folder writes files by their names, which may lie in folders.
func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFolderOfPNGs(t *testing.T) {
	rgb := image.NewRGBA(image.Rect(0, 0, 1, 1))
	rgb.Set(0, 0, color.RGBA{1, 2, 3, 255})
	s, names, err := imageset.ReadFolder(folder(t, map[string][]byte{"b.png": pngOf(t, gray(3)), "a.png": pngOf(t, gray(3)), ".DS_Store": nil}))
	if err != nil {
		t.Fatal(err)
	}
	if want := (imagelayer.Shape{Height: 2, Width: 3, Channels: 1}); s.Shape != want || s.Len() != 2 || strings.Join(names, " ") != "a.png b.png" {
		t.Errorf("read %d pictures of %v: %v", s.Len(), s.Shape, names)
	}
	if got := s.Picture(1); !bytes.Equal(got, []byte{0, 10, 20, 30, 40, 50}) {
		t.Errorf("read %v", got)
	}
	s, _, err = imageset.ReadFolder(folder(t, map[string][]byte{"c.png": pngOf(t, rgb)}))
	if err != nil || !bytes.Equal(s.Pixels, []byte{1, 2, 3}) || s.Levels != 256 || s.Check() != nil {
		t.Errorf("read %v, %v", s, err)
	}
}

// transparent declares black transparent in a gray PNG file.
func transparent(file []byte) []byte {
	const header = 8 + 25 // the signature and the chunk IHDR
	chunk := []byte("tRNS\x00\x00")
	out := append(slices.Clone(file[:header]), 0, 0, 0, 2)
	out = binary.BigEndian.AppendUint32(append(out, chunk...), crc32.ChecksumIEEE(chunk))
	return append(out, file[header:]...)
}

// Each is one line that names the file.
func TestFolderRefuses(t *testing.T) {
	good := pngOf(t, gray(3))
	alpha := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	damaged := bytes.Clone(good)
	damaged[len(damaged)-20] ^= 0xff
	for want, content := range map[string][]byte{
		`has 4×2 gray pixels, expected 3×2 gray pixels as "a.png" has`: pngOf(t, gray(4)),
		"has an alpha channel or a transparent color":                  pngOf(t, alpha),
		"or a transparent color, expected gray or RGB":                 transparent(good),
		"has 16 bits per channel, expected 8":                          pngOf(t, image.NewGray16(image.Rect(0, 0, 3, 2))),
		"has a palette, expected gray or RGB":                          pngOf(t, image.NewPaletted(image.Rect(0, 0, 3, 2), color.Palette{color.Black, color.White})),
		"is no PNG picture":                                            []byte("a text, which is no picture"),
		"is no PNG picture: convert it":                                []byte("hello"),
		"is cut off":                                                   good[:len(good)-25],
		"is damaged":                                                   damaged,
		"is cut off: the picture ends too early":                       good[:5],
		"is empty, expected a PNG picture":                             {},
	} {
		dir := folder(t, map[string][]byte{"a.png": good, "b.png": content})
		s, _, err := imageset.ReadFolder(dir)
		if err == nil || s != nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "b.png: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
	for want, dir := range map[string]string{
		"the folder is empty, expected PNG files": t.TempDir(),
		"nowhere: no such file":                   filepath.Join(t.TempDir(), "nowhere"),
	} {
		if _, _, err := imageset.ReadFolder(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

func TestNPY(t *testing.T) {
	write := func(dtype, shape string, data []byte) string {
		return filepath.Join(folder(t, map[string][]byte{"x.npy": append(npz.Prelude(dtype, shape), data...)}), "x.npy")
	}
	s, err := imageset.ReadNPY(write("|u1", "(2, 1, 3, 1)", []byte{0, 1, 2, 3, 4, 16}))
	if err != nil || s.Len() != 2 || s.Levels != 17 || s.Shape != (imagelayer.Shape{Height: 1, Width: 3, Channels: 1}) || s.Check() != nil {
		t.Errorf("read %+v, %v", s, err)
	}
	if s, err := imageset.ReadNPY(write("|u1", "(1, 1, 2)", []byte{0, 200})); err != nil || s.Levels != 256 {
		t.Errorf("read %+v, %v", s, err)
	}
	if !imageset.IsNPY(write("<f8", "(2, 1, 3, 1)", nil)) || imageset.IsNPY(write("|u1", "(2, 1)", nil)) || imageset.IsNPY("nowhere") {
		t.Error("pictures and tables are not told apart")
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", pipe).Run(); err == nil && imageset.IsNPY(pipe) { // must not wait for a writer
		t.Error("a pipe is no array")
	}
	for want, path := range map[string]string{
		`holds "<f8", expected bytes`:           write("<f8", "(1, 1, 1, 1)", make([]byte, 8)),
		"is cut off: 5 of 6 bytes":              write("|u1", "(2, 1, 3, 1)", make([]byte, 5)),
		"more bytes than shape [2 1 3 1] needs": write("|u1", "(2, 1, 3, 1)", make([]byte, 7)),
		"expected (pictures, height, width":     write("|u1", "(2, 3)", make([]byte, 6)),
		"it holds no pictures":                  write("|u1", "(0, 8, 8, 1)", nil),
		"expected at most 1073741824 numbers":   write("|u1", "(1000000, 800, 800, 3)", nil),
		"a picture has 90000 numbers":           write("|u1", "(1, 300, 300)", make([]byte, 90000)),
		"save a.transpose(0, 2, 3, 1)":          write("|u1", "(2, 3, 8, 8)", make([]byte, 384)),
		"no such file":                          "nowhere.npy",
	} {
		if _, err := imageset.ReadNPY(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

// The mean of -log P of many draws is the entropy within four standard errors.
func TestTextureHasItsEntropy(t *testing.T) {
	for _, texture := range []imageset.Texture{{Height: 4, Width: 5, Levels: 9}, {Height: 4, Width: 5, Levels: 40, Spread: 2.5}} {
		s := texture.Draw(1, 2000)
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		sum, squares := 0.0, 0.0
		for i := range s.Len() {
			nll := -texture.LogProb(s.Picture(i))
			sum, squares = sum+nll, squares+nll*nll
		}
		mean := sum / float64(s.Len())
		stdErr := math.Sqrt((squares/float64(s.Len()) - mean*mean) / float64(s.Len()))
		if !(math.Abs(mean-texture.Entropy()) < 4*stdErr) {
			t.Errorf("%+v: mean of -log P is %.3f ± %.3f, entropy %.3f", texture, mean, stdErr, texture.Entropy())
		}
		impossible := bytes.Repeat([]byte{0, byte(texture.Levels / 2)}, 10)
		if got := texture.LogProb(impossible); !math.IsInf(got, -1) {
			t.Errorf("%+v: log-probability %g of a picture that cannot be drawn", texture, got)
		}
	}
}

// Steps of a spread of many levels have the entropy of the normal distribution.
func TestTextureOfASpreadIsNormal(t *testing.T) {
	texture := imageset.Texture{Height: 3, Width: 1, Levels: 64, Spread: 4}
	if want := 3 * (math.Log(4) + 0.5*math.Log(2*math.Pi*math.E)); !(math.Abs(texture.Entropy()-want) < 1e-5) {
		t.Errorf("entropy %.7f, expected %.7f", texture.Entropy(), want)
	}
}

// Probabilities of all pictures of 2×1 pixels add up to 1.
func TestTextureIsADistribution(t *testing.T) {
	for _, texture := range []imageset.Texture{{Height: 2, Width: 1, Levels: 6}, {Height: 2, Width: 1, Levels: 7, Spread: 0.5}} {
		sum := 0.0
		for a := range texture.Levels {
			for b := range texture.Levels {
				sum += math.Exp(texture.LogProb([]byte{byte(a), byte(b)}))
			}
		}
		if !(math.Abs(sum-1) < 1e-12) {
			t.Errorf("%+v: probabilities add up to %g", texture, sum)
		}
	}
}

// Two pictures of 3×2 pixels by hand, moved to the right and up.
func TestShiftAndAppend(t *testing.T) {
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 2, Width: 3, Channels: 1}, Levels: 16, Pixels: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Labels: []int{3, 4}}
	all := *s
	all.Append(s.Shift(1, -1))
	want := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 4, 5, 0, 0, 0, 0, 10, 11, 0, 0, 0}
	if !bytes.Equal(all.Pixels, want) || !slices.Equal(all.Labels, []int{3, 4, 3, 4}) || s.Len() != 2 || all.Check() != nil {
		t.Errorf("%v with labels %v, expected %v", all.Pixels, all.Labels, want)
	}
}

func TestDigits(t *testing.T) {
	s := digits.Load()
	if err := s.Check(); err != nil || s.Len() != 1797 || s.Labels[9] != 9 {
		t.Fatalf("%d digits, label %d: %v", s.Len(), s.Labels[9], err)
	}
	parts := s.Split(1, 360, 100)
	if parts[0].Len() != 360 || parts[1].Len() != 100 || parts[2].Len() != 1337 {
		t.Error("split into other sizes")
	}
	rows := parts[1].Dequantized(2, digits.Classes, 3)
	for i, row := range rows {
		picture, label := parts[1].Picture(i%100), parts[1].Labels[i%100]
		for d, v := range row[:64] {
			if math.Floor(v) != float64(picture[d]) {
				t.Fatalf("row %d, pixel %d: %g of %d", i, d, v, picture[d])
			}
		}
		for k, v := range row[64:] {
			if (v == 1) != (k == label) {
				t.Fatalf("row %d: class %d is %g, the label %d", i, k, v, label)
			}
		}
	}
	if len(rows) != 200 || rows[0][0] == rows[100][0] {
		t.Error("copies have the same noise")
	}
}
