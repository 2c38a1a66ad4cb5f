// Package solutions solves the exercises at the ends of the notebooks, one file each. Its
// tests are the checks that the exercises ask for: go test ./notebooks/solutions.
package solutions
