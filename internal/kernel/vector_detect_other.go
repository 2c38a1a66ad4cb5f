//go:build !amd64 && !arm64

package kernel

func vectorSets() []*Set { return nil }
