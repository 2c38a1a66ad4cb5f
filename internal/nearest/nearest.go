// Package nearest finds the name that was meant by a mistyped one.
package nearest

import (
	"strings"
	"unicode/utf8"

	"normflow/internal/show"
)

// longest is the length of a name in runes beyond which no typo is looked for.
const longest = 100

// Names returns the names in known that are nearest to found, in their order: with the
// fewest runes to insert, delete, replace or swap with the next, ignoring case, if these
// are at most about a third of the runes. A name that starts with found is at distance
// one. It returns nil if no name is near, or more than three are equally near.
func Names(found string, known []string) (all []string) {
	a := []rune(strings.ToLower(found))
	if len(a) > longest {
		return nil
	}
	least := (len(a) + 1) / 3
	for _, name := range known {
		b := strings.ToLower(name)
		d := least + 1
		if len(a) >= 3 && strings.HasPrefix(b, string(a)) {
			d = min(1, len(b)-len(string(a)))
		} else if n := utf8.RuneCountInString(b); n-len(a) <= least && len(a)-n <= least {
			d = distance(a, []rune(b))
		}
		if d < least {
			least, all = d, nil
		}
		if d == least {
			all = append(all, name)
		}
	}
	if len(all) > 3 {
		return nil
	}
	return all
}

// Ask returns "did you mean …?" with the nearest names, or "" if none is near.
func Ask(found string, known []string) string {
	names := Names(found, known)
	if len(names) == 0 {
		return ""
	}
	for i, name := range names {
		names[i] = show.Quoted(name)
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// Unknown says that there is no such thing, such as a column, called found, and lists the
// known ones.
func Unknown(thing, found string, known []string) string {
	text := "there is no " + thing + " " + show.Quoted(found)
	if ask := Ask(found, known); ask != "" {
		return text + ": " + ask + " There are: " + show.Names(known)
	}
	return text + "; there are: " + show.Names(known)
}

// distance is the Damerau-Levenshtein distance in which no rune is swapped twice.
func distance(a, b []rune) int {
	var last []int // the row before the one above
	above := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], last[j-1]+1)
			}
		}
		last, above = above, row
	}
	return above[len(b)]
}
