package tabular

import (
	"errors"
	"fmt"
	"slices"

	"normflow/flowlib/fitplace"
	"normflow/flowlib/table"
)

// Options that messages of this package refer to, beside those of [table].
const (
	OptionConditionOn  table.Option = "ConditionOn"
	OptionColumn       table.Option = "Column"
	OptionWeights      table.Option = "Weights"
	OptionModel        table.Option = "Model"
	OptionLayers       table.Option = "Layers"
	OptionLearningRate table.Option = "LearningRate"
	OptionSteps        table.Option = "Steps"
	OptionEngine       table.Option = "Engine"
	OptionDevices      table.Option = "Devices"
	OptionValid        table.Option = "Valid"
	OptionFold         table.Option = "Fold"
	OptionTest         table.Option = "Test"
	OptionStream       table.Option = "Stream"
	OptionResume       table.Option = fitplace.OptionResume
	OptionOut          table.Option = "Out"
	OptionLabels       table.Option = "Labels"
	OptionFalseAlarm   table.Option = "FalseAlarm"
	OptionCalibration  table.Option = "Calibration"
	OptionCondition    table.Option = "Condition"
	OptionCount        table.Option = "Count"
	OptionTemperature  table.Option = "Temperature"
	OptionNames        table.Option = "Names" // of the columns of imported weights, see [RecordImport]
)

// wrong returns an error about an option.
func wrong(o table.Option, format string, args ...any) *table.Error {
	return &table.Error{Option: o, Problem: fmt.Sprintf(format, args...)}
}

// remediable adapts the advice of an error about the table to the options.
func (c FitConfig) remediable(err error) error {
	var e *table.Error
	if errors.As(err, &e) {
		e.Remedies = c.leavingOut(e.Remedies)
		if errors.Is(err, table.ErrLarge) {
			e.Remedies = append([]table.Remedy{{Do: "hold a sample and train while reading", Option: OptionStream}}, e.Remedies...)
		}
	}
	return err
}

// leavingOut turns the advice to exclude a column into advice that can be followed: a
// column that was named must no longer be named.
func (c FitConfig) leavingOut(remedies []table.Remedy) []table.Remedy {
	fits := slices.Clone(remedies)
	for i, r := range fits {
		isContext := slices.ContainsFunc(r.Values, func(name string) bool { return slices.Contains(c.ConditionOn, name) })
		switch {
		case r.Option == table.OptionColumns && len(c.Columns)+len(c.Exclude) > 0:
			fits[i].Values = nil
		case r.Option == table.OptionColumns:
			fits[i].Values = slices.DeleteFunc(slices.Clone(r.Values), func(name string) bool { return slices.Contains(c.ConditionOn, name) })
		case r.Option != table.OptionExclude:
		case c.Weights != "" && slices.Contains(r.Values, c.Weights):
			fits[i] = table.Remedy{Do: "name another column of weights", Option: OptionWeights}
		case isContext:
			fits[i] = table.Remedy{Do: "condition on other columns", Option: OptionConditionOn}
		case len(c.Columns) > 0:
			fits[i] = table.Remedy{Do: r.Do, Option: table.OptionColumns}
		}
	}
	return fits
}
