//go:build cgo && !linux && !noxla

package backend

func keepMemory() {}
