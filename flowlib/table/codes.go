package table

import (
	"errors"
	"slices"
	"strings"
)

// Coder turns the text of a field, UTF-8 without blanks around it, into a number.
type Coder func(text string) float64

// coded are the columns whose texts become numbers. Their texts are read behind those
// that are kept; out is the chunk with the numbers in their places.
type coded struct {
	coders []Coder // of each column that was asked for; nil of one of numbers
	out    Chunk
}

// coders asks for those of the columns to read; nil if there are none.
func (o Options) coders(all []Column, columns []int) []Coder {
	if o.Coder == nil {
		return nil
	}
	coders := make([]Coder, len(columns))
	for k, i := range columns {
		coders[k] = o.Coder(k, all[i])
	}
	if !slices.ContainsFunc(coders, func(c Coder) bool { return c != nil }) {
		return nil
	}
	return coders
}

// divide parts the columns to read into those of numbers and those of texts.
func (c *coded) divide(columns []int) (numbers, texts []int) {
	for k, i := range columns {
		if c.coders[k] == nil {
			numbers = append(numbers, i)
		} else {
			texts = append(texts, i)
		}
	}
	return numbers, texts
}

// merge returns a chunk with codes among its numbers, and without their texts.
func (c *coded) merge(in *Chunk, kept int) *Chunk {
	out := &c.out
	out.reset()
	out.features, out.kept = len(c.coders), kept
	out.Lines, out.Numbers = append(out.Lines, in.Lines...), append(out.Numbers, in.Numbers...)
	for i := range in.Len() {
		numbers, texts := in.Row(i), in.Text(i)
		out.text = append(out.text, texts[:kept]...)
		for _, text := range texts[:kept] {
			out.textBytes += len(text)
		}
		texts = texts[kept:]
		for _, coder := range c.coders {
			if coder == nil {
				out.Values, numbers = append(out.Values, numbers[0]), numbers[1:]
				continue
			}
			out.Values, texts = append(out.Values, coder(strings.TrimSpace(utf8Text(texts[0])))), texts[1:]
		}
	}
	return out
}

// IsText says whether the column holds texts: by the file, or in a CSV by its first lines,
// where texts stand and no number.
func (c Column) IsText() bool { return c.Kind == Text || c.words }

// findWords marks the columns of a CSV that hold texts and no number in the lines that are
// known.
func (s *csvSource) findWords() {
	for i := range s.columns {
		texts := false
		for _, rec := range s.waiting {
			if i >= len(rec.fields) {
				continue
			}
			field := strings.TrimSpace(rec.fields[i])
			if isBlank(field) || s.numbers.missing[field] {
				continue
			}
			if _, err := (&numbers{}).parse(field); err == nil || isNumber(field) {
				texts = false
				break
			}
			texts = true
		}
		s.columns[i].words = texts
	}
}

// adviseOnTexts adds to an error about long texts what to do without them: they are kept, or
// are read as codes.
func (r *Reader) adviseOnTexts(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Err != errLongTexts {
		return err
	}
	advised := *e
	switch {
	case slices.ContainsFunc(r.kept, func(c Column) bool { return c.Name == e.Column }):
		advised.Remedies = []Remedy{{"keep other columns, or none", OptionKeep, nil}}
	case !r.settled:
		advised.Remedies = []Remedy{{"leave the column out", OptionExclude, []string{e.Column}}}
	default:
		advised.Remedies = []Remedy{{Do: "shorten them"}}
	}
	return &advised
}
