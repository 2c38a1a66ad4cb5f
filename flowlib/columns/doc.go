// Package columns maps the columns of a table, one by one, to numbers that are easy for a
// flow over Gaussian latents. The maps are exact, in float64, and come before
// standardization and float32.
//
// Each map is smooth and monotone, has an inverse in closed form or by Newton's method,
// and returns the logarithm of its derivative, so that densities stay exact:
//
//	log p(x) = log p(y) + log|dy/dx|
//
// The kinds, for a column x:
//
//   - continuous: y = x
//   - positive, above the edge a: y = log(exp((x-a)/s) - 1), which is (x-a)/s far from the
//     edge and log((x-a)/s) near it; with s = ∞, written as 0, y = log(x-a)
//   - bounded, between a and b: y = Φ⁻¹((x-a)/(b-a))
//   - periodic, on a circle from a to b: cut where it is sparsest, then as bounded
//   - tails: y = Φ⁻¹(F((x-m)/s)), F the distribution function of Student's t with ν
//     degrees of freedom. Results of the other maps also go through this one if they
//     have such tails.
//
// No draw leaves the support of its column: [Column.Inverse] returns numbers strictly
// between the edges.
//
// # How the maps are chosen
//
// [Choose] looks at the training rows. A column is left as it is unless a map clearly
// pays:
//
//   - A map is likelier if, with a normal on its result, the rows gain more than 0.02
//     nats each, and twice the gain of all rows is above 20 (a likelihood ratio that
//     chance gives to one normal column in 100,000).
//   - Tails are mapped if that is likelier and the t has fewer than 10 degrees of freedom.
//   - An edge is seen if the better of a normal and a t expects at least 7 rows beyond it
//     and there are none: by chance, that happens to one column in 1,000.
//   - An edge is never where the data end, but where such numbers do: at 0 below, and at
//     1 or 100 above for columns between 0 and 1 or 0 and 100. If a column lies on a grid
//     and gets uniform noise of one step, the edges are those of the grid's cells; whole
//     numbers may begin at 1, if one row in 20 is a 1.
//   - The sign of a column without numbers above 0 is ignored.
//   - A column is bounded if an edge is seen above; positive if one is seen at 0, or if
//     all rows are above 0 and a map from the edge is likelier. More than one row in 100
//     exactly at the edge rules both out; fewer are moved as far inside as the nearest of
//     the others.
//   - A column is periodic if that is declared, or if its values fill a circle with similar
//     numbers at both ends: a circle of 2π, or of 360 degrees if the name says angle or
//     direction.
//   - No map may squeeze: if it moves 2 % of the rows closer together, compared with a
//     normal, than they are, the column has clusters, which the flow should model.
package columns
