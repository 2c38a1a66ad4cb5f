module normflow/internal/kernel/gen

go 1.26

require github.com/mmcloughlin/avo v0.6.0 // writes Go assembly from Go

require (
	golang.org/x/mod v0.35.0 // indirect
	golang.org/x/sync v0.20.0 // indirect
	golang.org/x/tools v0.44.0 // indirect
)
