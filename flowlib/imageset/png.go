package imageset

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"strings"

	"normflow/flowlib/imagelayer"
)

// Most numbers of one picture and of all pictures of a set.
const (
	maxFeatures = 1 << 16
	maxBytes    = 1 << 30
)

// add reads one file.
func (s *Set) add(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return plain(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("is no plain file, expected a PNG picture")
	}
	f, err := os.Open(path)
	if err != nil {
		return plain(err)
	}
	defer f.Close()
	const signature = "\x89PNG\r\n\x1a\n"
	begin := make([]byte, len(signature))
	switch n, err := io.ReadFull(f, begin); {
	case n == 0 && err == io.EOF:
		return errors.New("is empty, expected a PNG picture")
	case n > 0 && string(begin[:n]) != signature[:n]:
		return errors.New("is no PNG picture: convert it, or leave it out of the folder")
	case err != nil:
		return broken(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	header, err := png.DecodeConfig(f)
	if err != nil {
		return broken(err)
	}
	shape := imagelayer.Shape{Height: header.Height, Width: header.Width, Channels: 3}
	switch header.ColorModel {
	case color.GrayModel:
		shape.Channels = 1
	case color.RGBAModel:
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		return errors.New("has 16 bits per channel, expected 8: convert it, such as by: magick in.png -depth 8 out.png")
	case color.NRGBAModel:
		return errTransparent
	default:
		return errors.New("has a palette, expected gray or RGB: convert it, such as by: magick in.png -define png:color-type=2 out.png")
	}
	if shape.Height > maxFeatures/shape.Width/shape.Channels {
		return fmt.Errorf("has %s, expected at most %d numbers in a picture: scale it down", sizeOf(shape), maxFeatures)
	}
	if s.Pixels == nil {
		s.Shape = shape
	}
	if s.Shape != shape {
		return sizeError(shape)
	}
	if len(s.Pixels) > maxBytes-shape.Features() {
		return fmt.Errorf("the pictures up to here hold more than %d numbers, expected fewer: use a part of them", maxBytes)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	picture, err := png.Decode(f)
	if err != nil {
		return broken(err)
	}
	switch picture.(type) {
	case *image.Gray, *image.RGBA:
	default: // a color is declared transparent
		return errTransparent
	}
	s.Pixels = appendPixels(s.Pixels, picture, shape)
	return nil
}

var errTransparent = errors.New("has an alpha channel or a transparent color, expected gray or RGB: flatten it, such as by: magick in.png -background white -alpha remove -alpha off out.png")

func appendPixels(pixels []byte, picture image.Image, shape imagelayer.Shape) []byte {
	for y := range shape.Height {
		for x := range shape.Width {
			r, g, b, _ := picture.At(x, y).RGBA()
			if pixels = append(pixels, byte(r>>8)); shape.Channels == 3 {
				pixels = append(pixels, byte(g>>8), byte(b>>8))
			}
		}
	}
	return pixels
}

// sizeError is a picture of another shape.
type sizeError imagelayer.Shape

func (e sizeError) Error() string { return "has " + sizeOf(imagelayer.Shape(e)) }

func sizeOf(s imagelayer.Shape) string {
	kind := "gray"
	if s.Channels == 3 {
		kind = "RGB"
	}
	return fmt.Sprintf("%d×%d %s pixels", s.Width, s.Height, kind)
}

func broken(err error) error {
	// Package png wraps neither.
	if errors.Is(err, io.EOF) || strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()) {
		return errors.New("is cut off: the picture ends too early")
	}
	return fmt.Errorf("is damaged: %w", err)
}

// plain drops the name that an error of package os repeats.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
