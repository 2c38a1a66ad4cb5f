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

// differ says in which fields the run of a checkpoint is another than this one; both
// are JSON as [state.identity] writes it. It returns "" where it finds none.
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
		case name == "Data":
			all = append([]string{"other rows"}, all...)
		case strings.Contains(strings.ToLower(name), "scaler"): // it comes of the rows
		default:
			all = append(all, fmt.Sprintf("%s %s, here %s", show.Name(name), value(a[name]), value(b[name])))
		}
	}
	const most = 4
	if len(all) > most {
		all = append(all[:most], "…")
	}
	return strings.Join(all, "; ")
}

// flatten adds the fields of text to all, under their path; a field that is no object
// is one as it stands.
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

// value shows what a field holds, short.
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
