module normflow

go 1.26

require (
	github.com/KimMachineGun/automemlimit v0.7.5 // how much memory the machine or container has
	github.com/andybalholm/brotli v1.1.1 // pages of Parquet
	github.com/gofrs/flock v0.13.0 // one process at a time in a run's folder
	github.com/gomlx/compute v0.0.0-20260716164435-04857206aff7 // the backends under gomlx: dtypes, shapes, pure Go
	github.com/gomlx/go-xla v0.3.0 // the XLA backend
	github.com/gomlx/gomlx v0.28.0 // graphs, automatic differentiation, Adam
	github.com/janpfeifer/gonb v0.11.3 // what a notebook cell shows
	github.com/janpfeifer/must v0.2.0 // short error handling in notebooks and examples
	github.com/klauspost/compress v1.19.0 // tables in gzip or zstd, pages of Parquet
	github.com/parquet-go/parquet-go v0.32.0 // tables in Parquet
	github.com/pierrec/lz4/v4 v4.1.21 // pages of Parquet
	github.com/sbinet/npyio v0.9.0 // headers of NumPy's arrays; in tests, what other libraries computed
	github.com/spf13/cobra v1.10.2 // the commands of flow and measure
	github.com/spf13/pflag v1.0.9 // their flags, which several commands share
	golang.org/x/image v0.45.0 // names of the figures' weights of type
	golang.org/x/sync v0.22.0 // chunks of rows, and trainings to measure, side by side, with the first error
	golang.org/x/sys v0.47.0 // what the processor can do and which cores to use; locks and swaps of files
	golang.org/x/term v0.40.0 // whether a bar can be shown
	golang.org/x/text v0.41.0 // reads tables in UTF-16
	gonum.org/v1/gonum v0.16.0 // statistics, decompositions, quadrature, nearest neighbours
	gonum.org/v1/plot v0.15.2 // axes, tiles and plotters of the figures
	google.golang.org/protobuf v1.36.11 // writes ONNX files, field by field
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.1.0 // indirect
	codeberg.org/go-pdf/fpdf v0.10.0 // indirect
	git.sr.ht/~sbinet/gg v0.6.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/campoy/embedmd v1.0.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/gofrs/uuid v4.4.0+incompatible // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/nlpodyssey/gopickle v0.3.0 // indirect
	github.com/parquet-go/bitpack v1.0.0 // indirect
	github.com/parquet-go/jsonlite v1.0.0 // indirect
	github.com/pbnjay/memory v0.0.0-20210728143218-7b4eea64cf58 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/pmezard/go-difflib v1.0.1-0.20181226105442-5d4384ee4fb2 // indirect
	github.com/twpayne/go-geom v1.6.1 // indirect
	golang.org/x/exp v0.0.0-20260410095643-746e56fc9e2f // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
)
