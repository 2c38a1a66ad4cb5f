package flow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"normflow/internal/safetensors"
	"normflow/internal/show"
)

// description is the content of model.json: everything about a model but its weights.
type description struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Library string `json:"library,omitempty"` // that wrote it; from version 3 on
	body
	DType         string          `json:"dtype"`
	Parameters    int64           `json:"parameters"`
	WeightsSHA256 string          `json:"weights_sha256"`
	Training      json.RawMessage `json:"training,omitempty"`
	SHA256        string          `json:"sha256,omitempty"` // see checkSeal; since version 3
}

const (
	formatName = "normflow model"

	// maxDescription bounds how many bytes of a model.json are read: the covariance of
	// MostGaussian columns takes about as many.
	maxDescription = 64 << 20

	// MostGaussian is how many columns a Gaussian, or a flow behind a whitener, can have to
	// fit into a model.
	MostGaussian = 1900
)

// unsealed takes the place of the checksum while the checksum is computed.
var unsealed = strings.Repeat("0", 2*sha256.Size)

// text returns model.json. Its "sha256" is the checksum of the text with 64 zeros in
// the place of the checksum.
func (d description) text() ([]byte, error) {
	d.SHA256 = unsealed
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	if len(text) > maxDescription {
		return nil, fmt.Errorf("%s would have %d bytes, and at most %d are read: keep a shorter record of the training, or fewer columns and categories", modelFile, len(text), maxDescription)
	}
	at := bytes.LastIndex(text, []byte(unsealed)) // the last field
	copy(text[at:], hexSum(text))
	return text, nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkSeal compares the text with its own checksum.
func (d description) checkSeal(text []byte) error {
	switch {
	case d.Version < 3 && d.SHA256+d.Library != "":
		return fmt.Errorf("it has fields of version 3, but says its version is %d: the file is edited", d.Version)
	case d.Version < 5 && d.Flow != nil:
		return fmt.Errorf("it has fields of version 5, but says its version is %d: the file is edited", d.Version)
	case d.Version < 6 && d.more():
		return fmt.Errorf("it has fields of version 6, but says its version is %d: the file is edited", d.Version)
	case d.Version < 7 && d.Categories != nil:
		return fmt.Errorf("it has fields of version 7, but says its version is %d: the file is edited", d.Version)
	case d.Version < 8 && d.newest():
		return fmt.Errorf("it has fields of version 8, but says its version is %d: the file is edited", d.Version)
	case d.Version > 1 && d.Config != nil && d.Masks == nil && d.Config.Layers > 0:
		return errors.New("its masks are missing: the file is edited")
	case d.Version < 3:
		return nil
	case len(d.SHA256) != len(unsealed) || bytes.Count(text, []byte(d.SHA256)) != 1:
		return fmt.Errorf("its sha256 is %s, expected %d hexadecimal digits that stand there once: the file is damaged or edited", show.Quoted(d.SHA256), len(unsealed))
	}
	if sum := hexSum(bytes.Replace(text, []byte(d.SHA256), []byte(unsealed), 1)); sum != d.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, its field sha256 says %s: the file is damaged or edited", sum, show.Path(d.SHA256))
	}
	return nil
}

// describe parses model.json. It checks the version first, because a newer file may
// have fields that this program would silently ignore.
func describe(text []byte) (d description, err error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
		Library string `json:"library"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return d, fmt.Errorf("it is not whole JSON (%w): the file is cut off, damaged or edited", show.Error(err))
	}
	if head.Format != formatName {
		return d, fmt.Errorf("format is %s, expected %q", show.Quoted(head.Format), formatName)
	}
	if head.Version < 1 || head.Version > FormatVersion {
		by := ""
		if head.Library != "" {
			by = fmt.Sprintf(", written by %s", show.Quoted(head.Library))
		}
		return d, fmt.Errorf("format version is %d%s, this program reads 1 to %d: use a newer program", head.Version, by, FormatVersion)
	}
	if err := checkLists(text); err != nil {
		return d, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return d, show.Error(err)
	}
	return d, d.checkSeal(text)
}

// checkLists refuses JSON with more lists and objects than a model of its size has: empty
// ones take forty times as much memory as text.
func checkLists(text []byte) error {
	if most := 100_000 + len(text)/64; bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > most {
		return fmt.Errorf("it holds more than %d lists and objects, far more than a model of its size: the file is edited", most)
	}
	return nil
}

// parse reads a model from its two files; the second is size bytes long. It builds
// nothing, and allocates no more than the files hold.
func parse(text []byte, weights io.Reader, size int64) (*Mixture, error) {
	d, err := describe(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	dtype, err := dtypes.DTypeString(d.DType)
	if err != nil || dtype != dtypes.Float32 && dtype != dtypes.Float64 {
		return nil, fmt.Errorf("%s: dtype is %s, expected Float32 or Float64", modelFile, show.Quoted(d.DType))
	}
	u, err := d.read(dtype)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	all, trained := numbers(u.variables)
	if trained != d.Parameters {
		return nil, fmt.Errorf("%s: the model has %d parameters, its flow has %d: the file is edited", modelFile, d.Parameters, trained)
	}
	need := all * int64(dtype.Size())
	most := need + 1<<16 + 1<<10*int64(len(u.variables)) // for the header
	if size < need || size > most {
		return nil, fmt.Errorf("%s: the file has %d bytes, the flow of %s needs %d for its numbers, and at most %d in all: the file is cut off, or of another model", weightsFile, size, modelFile, need, most)
	}
	if err := u.build(); err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	hash := sha256.New()
	f, err := safetensors.Decode(io.TeeReader(weights, hash), size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: the file is cut off, damaged or edited", weightsFile, err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != d.WeightsSHA256 {
		return nil, fmt.Errorf("%s: its SHA-256 is %s, %s says %s: the file is damaged or edited", weightsFile, sum, modelFile, show.Path(d.WeightsSHA256))
	}
	values, err := fitting(u.variables, f.Tensors, dtype)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	u.take(values)
	m := u.Mixture
	m.Training, m.Version, m.Library, m.SHA256, m.WeightsSHA256 = d.Training, d.Version, d.Library, d.SHA256, d.WeightsSHA256
	for _, s := range m.Members {
		s.Version, s.Library, s.SHA256, s.WeightsSHA256 = d.Version, d.Library, d.SHA256, d.WeightsSHA256
	}
	if len(m.Members) == 1 {
		m.Members[0].Training = m.Training
	}
	return m, nil
}

var dtypeNames = map[dtypes.DType]string{dtypes.Float32: "F32", dtypes.Float64: "F64"}

// fitHeaders returns an error unless the tensors have the names, shapes and types of
// variables.
func fitHeaders(variables []Variable, tensors []safetensors.Tensor, dtype dtypes.DType) error {
	byName := map[string]safetensors.Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	for _, v := range variables {
		t, ok := byName[v.Path]
		if !ok {
			return fmt.Errorf("variable %s is missing", v.Path)
		}
		if t.DType != dtypeNames[dtype] {
			return fmt.Errorf("variable %s is of type %s, expected %s", v.Path, show.Name(t.DType), dtypeNames[dtype])
		}
		if !slices.Equal(t.Shape, v.Shape) {
			return fmt.Errorf("variable %s has shape %s, expected %s with shape %v", show.Name(t.Name), show.Value(t.Shape), v.Path, v.Shape)
		}
		delete(byName, v.Path)
	}
	for name := range byName {
		return fmt.Errorf("variable %s is not part of this model", show.Name(name))
	}
	return nil
}

// fitting returns the values of the tensors in the order of variables. The tensors must
// match the variables and be finite.
func fitting(variables []Variable, tensors []safetensors.Tensor, dtype dtypes.DType) ([]Weight, error) {
	if err := fitHeaders(variables, tensors, dtype); err != nil {
		return nil, err
	}
	byName := map[string]safetensors.Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	weights := make([]Weight, 0, len(variables))
	for _, v := range variables {
		numbers, err := byName[v.Path].Float64s()
		if err != nil {
			return nil, err
		}
		weights = append(weights, Weight{Path: v.Path, Shape: v.Shape, Values: numbers})
	}
	return weights, checkWeights(variables, weights)
}

// checkWeights returns an error unless weights match variables, in order, and are
// finite in the model's precision.
func checkWeights(variables []Variable, weights []Weight) error {
	if len(weights) != len(variables) {
		return fmt.Errorf("there are %d variables, expected %d", len(weights), len(variables))
	}
	for i, w := range weights {
		v := variables[i]
		if w.Path != v.Path || !slices.Equal(w.Shape, v.Shape) {
			return fmt.Errorf("variable %s has shape %v, expected %s with shape %v", w.Path, w.Shape, v.Path, v.Shape)
		}
		for at, value := range w.Values {
			if math.IsNaN(value) || math.IsInf(value, 0) {
				return fmt.Errorf("variable %s holds %g at place %d of %d: a model has finite numbers only", w.Path, value, at, len(w.Values))
			}
		}
	}
	return nil
}
