// Package columns maps single columns of a table to numbers that a flow over Gaussian
// latents finds easy, exactly and in float64, before anything is standardized or becomes
// float32.
//
// Each map is smooth, monotone and inverted in closed form or by Newton's method, and
// comes with the logarithm of its derivative, so that densities stay exact:
//
//	log p(x) = log p(y) + log|dy/dx|
//
// The kinds, for a column x:
//
//   - continuous: y = x
//   - positive, above the edge a: y = log(exp((x-a)/s) - 1), which is (x-a)/s far from the
//     edge and log((x-a)/s) near it; with s = ∞, written as 0, y = log(x-a)
//   - bounded, between a and b: y = Φ⁻¹((x-a)/(b-a))
//   - periodic, on a circle from a to b: as bounded, once it is cut where it is sparsest
//   - tails: y = Φ⁻¹(F((x-m)/s)), F the distribution function of Student's t with ν
//     degrees of freedom. What the other maps return goes through this one too if it has
//     such tails.
//
// No draw leaves the support of its column: [Column.Inverse] returns numbers strictly
// between the edges.
//
// # What is chosen
//
// [Choose] looks at the training rows. A column stays as it is unless a map clearly pays:
//
//   - A map is likelier if, with a normal on its result, the rows gain more than 0.02
//     nats each, and twice the gain of all rows is above 20 (a likelihood ratio that one
//     normal column in 100,000 has by chance).
//   - Tails are mapped if that is likelier and the t has fewer than 10 degrees of freedom.
//   - An edge is seen if the better of a normal and a t puts at least 7 rows beyond it,
//     where there are none: by chance, that happens to one column in 1,000.
//   - An edge is never where the data end, but where such numbers do: at 0 below, and for
//     columns between 0 and 1, or 0 and 100, at 1 or 100 above. Where a column lies on a
//     grid and gets uniform noise of one step, edges are those of the grid's cells;
//     whole numbers may begin at 1, if one row in 20 is a 1.
//   - A column is bounded if an edge is seen above; positive if one is seen at 0, or if
//     all rows are above 0 and a map from the edge is likelier. More than one row in 100
//     with a value that is the edge speaks against both; fewer are taken to lie as far
//     inside as the nearest of the others.
//   - A column is periodic if that is declared, or if its values fill a circle alike at
//     both ends: one of 2π, or one of 360 degrees where the name says angle or direction.
//   - No map may squeeze: where 2 % of the rows come to lie closer together, compared
//     with a normal, than they do as they are, the column has clusters, which are the
//     flow's work.
package columns
