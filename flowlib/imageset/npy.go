package imageset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"normflow/flowlib/imagelayer"
	"normflow/internal/npz"
	"normflow/internal/show"
)

// IsNPY reports whether path is a NPY file of pictures: an array of four axes, (pictures,
// height, width, channels), or of three without the last. Tables have fewer axes.
func IsNPY(path string) bool {
	// Opening a pipe would wait for its writer, and take away what it writes.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h, _, err := npz.ReadHeader(f, maxHeader)
	return err == nil && len(h.Descr.Shape) >= 3
}

const maxHeader = 1 << 16 // bytes

// ReadNPY reads an NPY array of bytes, [N, H, W, C], or [N, H, W] for gray pictures.
// Channels that come before height and width are refused. Pictures whose largest number is below 128 have just that many levels, others 256.
func ReadNPY(path string) (*Set, error) {
	s, err := readNPY(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", show.Path(path), err)
	}
	return s, nil
}

func readNPY(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	h, _, err := npz.ReadHeader(in, maxHeader)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(h.Descr.Shape)
	if len(shape) == 3 {
		shape = append(shape, 1)
	}
	if len(shape) != 4 {
		return nil, fmt.Errorf("the array has shape %v, expected (pictures, height, width, channels): reshape it", h.Descr.Shape)
	}
	const mostColors = 4
	if shape[1] <= mostColors && shape[2] > mostColors && shape[3] > mostColors {
		return nil, fmt.Errorf("the array has shape %v, which looks like channels before height and width, expected (pictures, height, width, channels): save a.transpose(0, 2, 3, 1)", h.Descr.Shape)
	}
	if t := h.Descr.Type; t != "|u1" && t != "u1" && t != "<u1" {
		return nil, fmt.Errorf("the array holds %s, expected bytes from 0 to 255: save a.astype(numpy.uint8), after scaling to 0 to 255", show.Quoted(t))
	}
	if h.Descr.Fortran {
		return nil, errors.New("the array is in Fortran order, expected C order: save numpy.ascontiguousarray(a)")
	}
	total := 1
	for _, n := range shape {
		if n < 1 {
			return nil, fmt.Errorf("the array has shape %v: it holds no pictures", h.Descr.Shape)
		}
		if total > maxBytes/n {
			return nil, fmt.Errorf("the array has shape %v, expected at most %d numbers: use a part of it", h.Descr.Shape, maxBytes)
		}
		total *= n
	}
	s := &Set{Shape: imagelayer.Shape{Height: shape[1], Width: shape[2], Channels: shape[3]}, Levels: 256}
	if s.Shape.Features() > maxFeatures {
		return nil, fmt.Errorf("a picture has %d numbers, expected at most %d: scale the pictures down", s.Shape.Features(), maxFeatures)
	}
	s.Pixels, err = io.ReadAll(io.LimitReader(in, int64(total)+1)) // takes no memory that the file does not fill
	if err != nil {
		return nil, plain(err)
	}
	if len(s.Pixels) < total {
		return nil, fmt.Errorf("is cut off: %d of %d bytes of shape %v are there", len(s.Pixels), total, h.Descr.Shape)
	}
	if len(s.Pixels) > total {
		return nil, fmt.Errorf("has more bytes than shape %v needs: the file is damaged", h.Descr.Shape)
	}
	if most := slices.Max(s.Pixels); most < 128 {
		s.Levels = max(2, int(most)+1)
	}
	return s, nil
}
