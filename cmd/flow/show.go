package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"normflow/flowlib/categories"
	"normflow/flowlib/columns"
	"normflow/flowlib/flow"
	"normflow/flowlib/imagefit"
	"normflow/flowlib/tabular"
	"normflow/internal/show"
	"normflow/internal/whole"
)

func newShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show MODEL",
		Short: "Show a model: architecture, parameters, training record, checksums",
		Long: `Show what a model is: architecture, parameters, training record with the columns
of the table it was fitted to, and checksums.`,
		Example: `  flow show model
  flow show model --json`,
		Args: arguments("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := flow.ReadMixture(args[0])
			if err != nil {
				return err
			}
			d, err := newShown(args[0], m)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(d)
			}
			return d.write(cmd.OutOrStdout())
		},
	}
	cmd.ValidArgsFunction = inTurn(models)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// shown is what the command says of a model.
type shown struct {
	Path          string              `json:"path"`
	Name          string              `json:"name"` // see nameOf
	FormatVersion int                 `json:"format_version"`
	Library       string              `json:"library,omitempty"` // version that wrote it
	Engine        string              `json:"engine"`            // that auto chooses, and why
	DType         string              `json:"dtype"`
	Parameters    int                 `json:"parameters"`
	Layers        int                 `json:"coupling_layers"`
	Config        *flow.Config        `json:"config,omitempty"`     // or else
	Settings      *flow.Settings      `json:"settings,omitempty"`   // and
	Flow          json.RawMessage     `json:"flow,omitempty"`       // its parts
	Atoms         *flow.Atoms         `json:"atoms,omitempty"`      // values with a probability of their own
	Categories    *categories.Density `json:"categories,omitempty"` // density of the features that are some
	Maps          columns.Map         `json:"columns,omitempty"`    // maps of single columns, before all flows
	Members       []shownMember       `json:"members,omitempty"`    // of a mixture
	Variables     []shownVariable     `json:"variables"`
	Training      json.RawMessage     `json:"training,omitempty"`
	SHA256        string              `json:"sha256,omitempty"`
	WeightsSHA256 string              `json:"weights_sha256"`

	features, context int
}

type shownVariable struct {
	Path    string `json:"path"`
	Shape   []int  `json:"shape"`
	Trained bool   `json:"trained"`
}

// shownMember is one flow of a mixture.
type shownMember struct {
	Weight     float64      `json:"weight"`
	Name       string       `json:"name"`
	At         []int        `json:"at,omitempty"` // see flow.Atoms
	Parameters int          `json:"parameters"`
	Layers     int          `json:"coupling_layers"`
	Config     *flow.Config `json:"config,omitempty"`
}

func newShown(path string, m *flow.Mixture) (shown, error) {
	d := shown{
		Path: path, Name: nameOf(m), Engine: engineOf(m), FormatVersion: m.Version, Library: m.Library, DType: m.Members[0].DType().String(), Maps: m.Columns, Atoms: m.Atoms, Categories: m.Categories,
		Parameters: m.Parameters(), Layers: m.Couplings(), features: m.Features(), context: m.Context(), Training: m.Training, SHA256: m.SHA256, WeightsSHA256: m.WeightsSHA256,
	}
	variables, err := m.Variables()
	if err != nil {
		return d, err
	}
	d.Variables = []shownVariable{}
	for _, v := range variables {
		d.Variables = append(d.Variables, shownVariable(v))
	}
	if len(m.Members) > 1 || m.Atoms != nil || m.Categories != nil {
		for _, member := range m.Members {
			s := shownMember{Weight: member.Weight, At: member.At, Name: member.Name(), Parameters: member.Parameters, Layers: member.Flow().Couplings()}
			if config, err := member.Config(); err == nil {
				s.Config = &config
			}
			d.Members = append(d.Members, s)
		}
		return d, nil
	}
	s := m.Members[0]
	if config, err := s.Config(); err == nil {
		d.Config = &config
		return d, nil
	}
	settings := s.Settings()
	d.Settings = &settings
	d.Flow, err = s.Tree()
	return d, err
}

// nameOf returns the name of a model, and for one of pictures says so.
func nameOf(m *flow.Mixture) string {
	if r := imagefit.RecordOf(m.Training); r != nil {
		return r.Name()
	}
	return m.Name()
}

// engineOf returns the engine that auto chooses for a model on this machine, and why if
// it is not fast.
func engineOf(m *flow.Mixture) (engine string) {
	for _, member := range m.Members {
		f, err := member.Fast()
		if err != nil {
			why := strings.TrimPrefix(err.Error(), "flow: ")
			if imagefit.RecordOf(m.Training) != nil {
				why = imagefit.NotFast
			}
			return "GoMLX, on XLA where there is a plugin, else in pure Go: " + why
		}
		engine = f.String()
	}
	return engine
}

func (d shown) write(w io.Writer) error {
	about := "config"
	var config any = d.Config
	switch {
	case d.Members != nil:
		about, config = "members", map[string]any{}
	case d.Config == nil:
		about, config = "flow", map[string]any{"flow": d.Flow, "settings": d.Settings}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-16s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("model", "%s", show.Name(d.Path))
	line("architecture", "%s, %d coupling layers, %d features, %d columns of context", d.Name, d.Layers, d.features, d.context)
	line("parameters", "%d of %s, in %d variables", d.Parameters, d.DType, len(d.Variables))
	line("engine", "%s", d.Engine)
	if d.Library == "" {
		d.Library = "a program before version 3"
	}
	line("written by", "%s, format %d", show.Name(d.Library), d.FormatVersion)
	line("weights", "SHA-256 %s", d.WeightsSHA256)
	if d.SHA256 != "" {
		line(whole.ModelFile, "SHA-256 %s", d.SHA256)
	}
	for _, part := range []struct {
		name string
		text json.RawMessage
	}{{about, text}, {"training record", d.Training}} {
		if part.name == "members" {
			continue // a line each below
		}
		if len(part.text) == 0 {
			line(part.name, "none")
			continue
		}
		fmt.Fprintf(&b, "%s\n", part.name)
		if err := outline(&b, part.text, "  "); err != nil {
			return err
		}
	}
	for at := 0; at < len(d.Members); {
		m, n, weight := d.Members[at], 0, 0.0
		for ; at < len(d.Members) && d.Members[at].Name == m.Name && d.Members[at].Layers == m.Layers && d.Members[at].Parameters == m.Parameters && slices.Equal(d.Members[at].At, m.At); at++ {
			n, weight = n+1, weight+d.Members[at].Weight
		}
		rows := ""
		if m.At != nil {
			rows = fmt.Sprintf(", for rows at the atoms %v", m.At)
		}
		line("members", "%d × %s, together %.1f %%, each of %d coupling layers and %d parameters%s", n, m.Name, 100*weight, m.Layers, m.Parameters, rows)
	}
	var record struct {
		Columns  []tabular.Treatment
		Compared []tabular.Compared
	}
	if json.Unmarshal(d.Training, &record) != nil { // it belongs to another program
		record.Columns, record.Compared = nil, nil
	}
	if d.Categories != nil {
		line("categories", "%d columns, %d combinations", len(d.Categories.Columns), len(d.Categories.Common))
	}
	for _, c := range record.Compared {
		line("compared", "%s, %s", clip(fmt.Sprintf("%q", c.Name)), c)
	}
	for _, t := range record.Columns {
		fmt.Fprintln(&b, t)
	}
	if record.Columns == nil {
		for k, c := range d.Maps {
			line("column", "%d, %s", k+1, c.Kind)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// outline writes JSON with one value per line, keys in their order; long lists are cut.
func outline(b *strings.Builder, text json.RawMessage, indent string) error {
	if text[0] != '{' {
		value, err := brief(text)
		fmt.Fprintf(b, "%s%s\n", indent, value)
		return err
	}
	in := json.NewDecoder(bytes.NewReader(text))
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return err
		}
		if value[0] == '{' && len(value) > len("{}") {
			fmt.Fprintf(b, "%s%s\n", indent, name(key))
			if err := outline(b, value, indent+"  "); err != nil {
				return err
			}
			continue
		}
		text, err := brief(value)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%s%-*s%s\n", indent, 18-len(indent), name(key)+" ", text)
	}
	return nil
}

// brief formats a value in one line.
func brief(value json.RawMessage) (string, error) {
	const few = 8 // of a list
	switch value[0] {
	case '"':
		var s string
		err := json.Unmarshal(value, &s)
		return clip(fmt.Sprintf("%q", s)), err // quoted: a model may contain terminal escapes
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil || len(list) <= few {
			return clip(compact(value)), err
		}
		return fmt.Sprintf("[%s, … %s] (%d)", clip(compact(list[0])), clip(compact(list[len(list)-1])), len(list)), nil
	}
	return clip(compact(value)), nil
}

// clip shortens what is too long for a line.
func clip(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// compact returns JSON in one line, without terminal escapes.
func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return string(value)
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, b.String())
}

// name returns a key without quotes, and without terminal escapes.
func name(key json.Token) string {
	quoted := fmt.Sprintf("%q", key)
	return clip(quoted[1 : len(quoted)-1])
}
