//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import "github.com/gomlx/go-xla/compute/xla" // registers "xla", and opens no plugin before it is asked for

// Fetching a plugin is the task of set-up, which says so aloud.
func init() { xla.EnableAutoInstall(false) }
