// Package flowlib is the root of a library of normalizing flows: invertible
// maps with a tractable Jacobian that carry a unit Gaussian to the density of
// some data, so that the density can be evaluated exactly, sampled, and judged.
//
// # Conventions
//
// A flow maps a latent z to an event x with Forward, and back with Inverse
// (the convention of Papamakarios et al. 2021, https://arxiv.org/abs/1912.02762;
// the RealNVP paper writes f for the other direction). Arrays are [B, D], batch
// first; log-densities and log-determinants are [B], natural logarithms (nats).
//
// # Packages
//
//   - dataset: toy densities with exact log-density and entropy; splits; standardizer
//   - columns: exact maps of single columns, chosen from their values: edges, tails, angles
//   - categories: density of columns of texts, and what they say of the numbers beside
//   - gmm: mixtures of Gaussians, and how many components the rows support
//   - density: the common interface of everything that scores events
//   - table: tables of numbers in CSV, NPY, NPZ and Parquet, read and written a chunk at a time
//   - tree: the parts of a flow as JSON, written and read; names for your own types
//   - base: the base distribution p_Z: normal, mixture, Student-t, uniform
//   - bijector: one invertible map per file; bijectortest checks them
//   - imagelayer: bijectors over images: squeeze, 1×1 convolution, coupling, factor-out
//   - imageset: pictures from PNG and NPY files; digits; textures of known entropy
//   - flow: base + bijector = LogProb and Sample; the zoo; models on disk; flowtest checks whole flows
//   - onnx: whole models as ONNX files, for runtimes in other languages
//   - imageflow: multi-scale flows over images; bits per dimension
//   - fit: maximum likelihood, on one of several engines
//   - byhand: RealNVP in plain Go, its gradient derived on paper
//   - fast: the same at the speed of the processor: scores, samples, trains
//   - knots: flows over two features as exact tables, without a network
//   - eval: quality of a fit: NLL, KL to the true density, integral, round trip,
//     tests of latents and samples
//   - anomaly: thresholds on the log-density at a chosen false-alarm rate; ROC
//   - experiment: one named run = dataset + flow + fit + eval, kept in a folder
//   - fitplace: the place of a model and its checkpoints while it is fitted
//   - imagefit: from pictures in files to a judged flow, and back to pictures
//   - tabular: from a table in a file to a judged model, and back to tables
//   - figure: plain numbers to SVG
//   - backend: which GoMLX backend to run on
package flowlib
