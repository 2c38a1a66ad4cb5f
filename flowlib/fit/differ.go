package fit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"normflow/internal/show"
)

// differ lists the fields in which the run of a checkpoint differs from this run; both
// are JSON from [state.identity]. It returns "" if there are none.
func differ(there, here string) string {
	a, b := map[string]string{}, map[string]string{}
	flatten(a, "", json.RawMessage(there))
	flatten(b, "", json.RawMessage(here))
	names := maps.Clone(a)
	maps.Copy(names, b)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case a[name] == b[name]:
		case name == "Data": // other settings make other rows: said below if these are the same
		case strings.Contains(strings.ToLower(name), "scaler"): // measured on the rows
		default:
			all = append(all, fmt.Sprintf("%s %s, here %s", show.Name(name), value(a[name]), value(b[name])))
		}
	}
	if len(all) == 0 && a["Data"] != b["Data"] {
		return "other rows"
	}
	const most = 4
	if len(all) > most {
		all = append(all[:most], "…")
	}
	return strings.Join(all, "; ")
}

// flatten adds the fields of text to all under their paths. A value that is not an
// object is kept as it is.
func flatten(all map[string]string, path string, text json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		all[cmp.Or(path, "all")] = string(text)
		return
	}
	for name, field := range fields {
		flatten(all, strings.TrimPrefix(path+"."+name, "."), field)
	}
}

// value returns a short text for a field's value.
func value(text string) string {
	const most = 40
	switch {
	case text == "":
		return "none"
	case len(text) > most:
		return show.Name(strings.ToValidUTF8(text[:most], "")) + "…"
	}
	return show.Name(text)
}
