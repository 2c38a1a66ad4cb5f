module normflow

go 1.26

require (
	github.com/gomlx/gomlx v0.28.0
	github.com/janpfeifer/gonb v0.11.3
	github.com/janpfeifer/must v0.2.0
)
