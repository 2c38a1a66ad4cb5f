package flow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"normflow/internal/safetensors"
)

// FormatVersion of the folder that [Model.Save] writes. [Load] reads this
// version and all earlier ones.
const FormatVersion = 2

const (
	modelFile   = "model.json"
	weightsFile = "weights.safetensors"
)

// description is model.json: everything about a model but its weights.
type description struct {
	Format        string          `json:"format"`
	Version       int             `json:"version"`
	Config        Config          `json:"config"`
	Masks         []string        `json:"masks,omitempty"` // of the coupling layers: f frozen, m moving; version 1 has none
	DType         string          `json:"dtype"`
	Parameters    int             `json:"parameters"`
	WeightsSHA256 string          `json:"weights_sha256"`
	Training      json.RawMessage `json:"training,omitempty"`
}

const formatName = "normflow model"

// Save writes the model as a folder of two files, model.json and
// weights.safetensors; training, which may be nil, is kept in the JSON as a
// record. The folder is written beside and renamed, so that an interrupted Save
// leaves the old model whole.
func (m *Model) Save(dir string, training any) error {
	if err := m.save(dir, training); err != nil {
		return fmt.Errorf("flow: saving %s: %w", dir, err)
	}
	return nil
}

func (m *Model) save(dir string, training any) (err error) {
	dir = filepath.Clean(dir)
	if old, err := os.ReadDir(dir); err == nil && len(old) > 0 {
		if _, err := os.Stat(filepath.Join(dir, modelFile)); err != nil {
			return fmt.Errorf("the folder exists and holds something else than a model: choose another")
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	if err := os.Chmod(beside, 0o755); err != nil {
		return err
	}
	weights, err := safetensors.FromStore(m.Store, flowPrefix)
	if err != nil {
		return err
	}
	if err := safetensors.Write(filepath.Join(beside, weightsFile), safetensors.File{Tensors: weights}); err != nil {
		return err
	}
	d := description{Format: formatName, Version: FormatVersion, Config: m.Config, Masks: m.Config.masks(), DType: m.DType.String(), Parameters: m.NumParameters()}
	if d.WeightsSHA256, err = checksum(filepath.Join(beside, weightsFile)); err != nil {
		return err
	}
	if training != nil {
		if d.Training, err = json.Marshal(training); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(beside, modelFile), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return replaceDir(beside, dir)
}

// replaceDir puts the folder beside in the place of dir, which may exist. A
// folder cannot be renamed onto another: for a moment the old one is aside.
func replaceDir(beside, dir string) error {
	old := beside + ".old"
	err := os.Rename(dir, old)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	hadOld := err == nil
	if err := os.Rename(beside, dir); err != nil {
		if hadOld {
			os.Rename(old, dir)
		}
		return err
	}
	return os.RemoveAll(old)
}

// Load reads a model that [Model.Save] wrote. It needs nothing but the folder,
// and gives the same LogProb bit for bit on the same backend. A folder whose weights
// are truncated or edited, whose description does not fit them, or that is of a
// newer version is refused with what is wrong.
func Load(backend compute.Backend, dir string) (*Model, error) {
	m, err := load(backend, dir)
	if err != nil {
		return nil, fmt.Errorf("flow: loading %s: %w", dir, err)
	}
	return m, nil
}

func load(backend compute.Backend, dir string) (*Model, error) {
	text, err := os.ReadFile(filepath.Join(dir, modelFile))
	if err != nil {
		return nil, err
	}
	d, err := describe(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	sum, err := checksum(filepath.Join(dir, weightsFile))
	if err != nil {
		return nil, err
	}
	if sum != d.WeightsSHA256 {
		return nil, fmt.Errorf("%s: its SHA-256 is %s, %s says %s: the file is damaged or edited", weightsFile, sum, modelFile, d.WeightsSHA256)
	}
	dtype, err := dtypes.DTypeString(d.DType)
	if err != nil || dtype != dtypes.Float32 && dtype != dtypes.Float64 {
		return nil, fmt.Errorf("%s: dtype is %q, expected Float32 or Float64", modelFile, d.DType)
	}
	f, err := safetensors.Read(filepath.Join(dir, weightsFile))
	if err != nil {
		return nil, err
	}
	if err := d.Config.fits(f.Tensors); err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	m, err := newModel(backend, d.Config, dtype)
	if err != nil {
		return nil, err
	}
	if masks := d.Config.masks(); d.Version > 1 && !slices.Equal(d.Masks, masks) {
		return nil, fmt.Errorf("%s: the masks are %q, this program makes %q of the same config: the file is edited, or of another program", modelFile, d.Masks, masks)
	}
	if n := m.NumParameters(); n != d.Parameters {
		return nil, fmt.Errorf("%s: the model has %d parameters, its config makes %d: the file is edited", modelFile, d.Parameters, n)
	}
	return m, safetensors.ToStore(m.Store, flowPrefix, f.Tensors)
}

// fits refuses, before memory is taken for it, a config whose conditioners are
// larger than all the weights there are.
func (c Config) fits(weights []safetensors.Tensor) error {
	bytes := 0
	for _, t := range weights {
		bytes += len(t.Data)
	}
	for i := 1; i < len(c.Hidden); i++ {
		if n := c.Hidden[i-1] * c.Hidden[i]; n > bytes {
			return fmt.Errorf("hidden layers of %v need more numbers than %s holds", c.Hidden, weightsFile)
		}
	}
	return nil
}

// describe reads model.json. Its version is looked at first: a field that this
// program does not know must not be passed over.
func describe(text []byte) (d description, err error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return d, err
	}
	if head.Format != formatName {
		return d, fmt.Errorf("format is %q, expected %q", head.Format, formatName)
	}
	if head.Version < 1 || head.Version > FormatVersion {
		return d, fmt.Errorf("format version is %d, this program reads 1 to %d: use a newer program", head.Version, FormatVersion)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return d, decoder.Decode(&d)
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
