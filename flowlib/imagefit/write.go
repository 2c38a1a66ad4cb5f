package imagefit

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"normflow/flowlib/imageset"
	"normflow/internal/npz"
	"normflow/internal/show"
	"normflow/internal/whole"
)

// CSV writes a line for each picture: its name, log_prob in nats, bits_per_dim and p_value,
// and, by a model that is given the class, the most probable class and its probability. With falseAlarm > 0 a last column, anomaly, is 1 where p_value is at most that.
func (s *Scores) CSV(w io.Writer, falseAlarm float64) error {
	out := csv.NewWriter(w)
	head := []string{"picture", "log_prob", "bits_per_dim", "p_value"}
	if s.Class != nil {
		head = append(head, "class", "class_probability")
	}
	if falseAlarm > 0 {
		head = append(head, "anomaly")
	}
	out.Write(head) //nolint:errcheck // Error tells
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i, name := range s.Names {
		line := []string{name, number(s.LogProb[i]), number(s.Each[i]), number(s.PValue[i])}
		if s.Class != nil {
			line = append(line, s.Class[i], number(s.ClassProb[i]))
		}
		if falseAlarm > 0 {
			flag := "0"
			if s.PValue[i] <= falseAlarm {
				flag = "1"
			}
			line = append(line, flag)
		}
		out.Write(line) //nolint:errcheck // as above
	}
	out.Flush()
	return out.Error()
}

// CheckDraws returns an error unless [WriteDraws] can write to out: a new or empty folder,
// whose name ends with /, or a file .png or .npy.
func CheckDraws(out string) error {
	if !strings.HasSuffix(out, "/") {
		if ext := strings.ToLower(filepath.Ext(out)); ext != ".png" && ext != ".npy" {
			return fmt.Errorf("%s: expected a folder, with / at its end, a .png for a contact sheet, or a .npy", show.Path(out))
		}
		return whole.Check(out)
	}
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s: the folder is not empty: choose another for the pictures", show.Path(out))
	}
	return nil
}

// WriteDraws writes pictures: to a folder as contact.png and one PNG file each, which is
// named after its number and its class, if it has one, to a .png
// as the contact sheet alone, to a .npy as an array of bytes.
func WriteDraws(out string, s *imageset.Set) error {
	if err := CheckDraws(out); err != nil {
		return err
	}
	sheet, err := s.Sheet(s.SheetScale(), 2)
	if err != nil {
		return err
	}
	switch {
	case strings.HasSuffix(out, "/"):
		return writeFolder(filepath.Clean(out), sheet, s)
	case strings.EqualFold(filepath.Ext(out), ".npy"):
		shape := fmt.Sprintf("(%d, %d, %d, %d)", s.Len(), s.Shape.Height, s.Shape.Width, s.Shape.Channels)
		return whole.WriteFile(out, append(npz.Prelude("|u1", shape), s.Pixels...))
	}
	return whole.WriteFile(out, sheet)
}

// inFileName returns the beginning of a class without what a file's name better not holds.
func inFileName(class string) string {
	const most = 30 // letters
	letters := []rune(class)
	for i, r := range letters {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' {
			letters[i] = '_'
		}
	}
	return string(letters[:min(most, len(letters))])
}

// writeFolder writes beside the folder and renames, so that it is whole or not there.
func writeFolder(dir string, sheet []byte, s *imageset.Set) (err error) {
	if err := whole.MakeFolders(filepath.Dir(dir)); err != nil {
		return err
	}
	names := []string{"contact.png"}
	for i := range s.Len() {
		class := ""
		if s.Classes != nil {
			class = "-" + inFileName(s.Classes[s.Labels[i]])
		}
		names = append(names, fmt.Sprintf("%0*d%s.png", len(strconv.Itoa(s.Len())), i+1, class))
	}
	pending, err := whole.NewFolder(dir, names...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Remove()) }()
	for i, name := range names {
		picture := sheet
		if i > 0 {
			if picture, err = s.PNG(i - 1); err != nil {
				return err
			}
		}
		write := func() error { return os.WriteFile(filepath.Join(pending.New(), name), picture, 0o666) }
		if err := whole.Place(write); err != nil {
			return err
		}
	}
	if err := whole.KeepMode(pending.New(), dir, 0o777); err != nil {
		return err
	}
	return whole.Place(func() error { return os.Rename(pending.New(), dir) }) // it is empty, if it is there
}
