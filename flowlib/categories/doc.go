// Package categories is a density of columns that hold one of a few texts each, and what
// it is worth to know these for the numbers beside them.
//
// A category is a code: k for Levels[k] of its column, and len(Levels) for any other text,
// rare ones and those that nobody has seen, which together are one level with a
// probability of its own. Probabilities are
//
//	P(c) = (rows like c + T(c) · (Prior + Σ_j Unseen/T_j)) / (all rows + Prior + m · Unseen)
//	T(c) = Π_j P(c_j | c_parent(j)),   the sum over columns j with another text than a level
//
// where T is a tree of the m columns, in which each leans on one other at most, and T_j what
// other texts of column j have by it. With a small Prior that is a table of what comes
// together, with a large one the tree; a text that nobody has seen counts for Unseen rows in
// any case. All are positive for every combination and sum to one. The tree is the one that each
// row, left out, finds likeliest (Chow and Liu 1968, https://doi.org/10.1109/TIT.1968.1054142),
// and so is the Prior.
//
// Numbers beside are centred: what the categories of a row say about their mean and spread
// is taken away, as far as the rows support it. See [Density.Center].
package categories
