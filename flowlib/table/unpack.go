package table

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// packing is a way to pack a text file, recognized by its first bytes.
type packing struct {
	name, magic, tool string
	open              func(r *bufio.Reader) (io.Reader, error) // nil if it is not supported
}

// maxWindow bounds how much of the preceding text zstd keeps, in bytes; its default level
// keeps 2 MiB, its highest 128.
const maxWindow = 128 << 20

var packings = []packing{
	{"gzip", "\x1f\x8b", "gunzip", func(r *bufio.Reader) (io.Reader, error) { return newGzip(r) }},
	{"bzip2", "BZh", "bunzip2", func(r *bufio.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"zstd", "\x28\xb5\x2f\xfd", "unzstd", func(r *bufio.Reader) (io.Reader, error) {
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return z, nil
	}},
	{"xz", "\xfd7zXZ\x00", "unxz", nil},
}

// packed returns how a file that begins with head is packed; nil if it is not.
func packed(head []byte) *packing {
	for i := range packings {
		if bytes.HasPrefix(head, []byte(packings[i].magic)) {
			return &packings[i]
		}
	}
	return nil
}

// unpack returns the text in r.
func (p *packing) unpack(r *bufio.Reader) (*bufio.Reader, error) {
	if p.open == nil {
		return nil, fmt.Errorf("is packed by %s, which is not read: unpack it first (%s)", p.name, p.tool)
	}
	unpacked, err := p.open(r)
	if err != nil {
		return nil, p.broken(err)
	}
	text := bufio.NewReaderSize(unpacking{unpacked, p}, 1<<16)
	head, err := text.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, errors.New("is empty once unzipped: expected a table of numbers")
	}
	for _, other := range []string{magicNPY, magicParquet, magicZip} {
		if bytes.HasPrefix(head, []byte(other)) {
			return nil, fmt.Errorf("is a %s file around another format than CSV: unzip it first (%s)", p.name, p.tool)
		}
	}
	return text, nil
}

// unpacking says in words what is wrong with a packed file.
type unpacking struct {
	r io.Reader
	p *packing
}

func (u unpacking) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if err != nil && err != io.EOF {
		err = u.p.broken(err)
	}
	return n, err
}

func (p *packing) broken(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fmt.Errorf("the %s file ends too early: it was cut off; copy or download it again", p.name)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd file needs more than %d MiB of memory to unpack: unpack it first (%s)", maxWindow>>20, p.tool)
	}
	return fmt.Errorf("the %s file is broken (%w): copy or download it again", p.name, err)
}

// gzipMembers reads gzip members one after the other, and skips the zeros that tapes and
// some programs put between and after them.
type gzipMembers struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzip(in *bufio.Reader) (*gzipMembers, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipMembers{in, z}, nil
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err != io.EOF || n > 0 {
			if err == io.EOF {
				err = nil // the next call continues
			}
			return n, err
		}
		for {
			b, err := g.in.ReadByte()
			if err != nil {
				return 0, err // usually the end
			}
			if b != 0 {
				break
			}
		}
		if err := g.in.UnreadByte(); err != nil {
			return 0, err
		}
		if err := g.z.Reset(g.in); err != nil {
			return 0, err
		}
		g.z.Multistream(false)
	}
}
