//go:build cgo && (amd64 || arm64) && !noxla

package backend

/*
#include <malloc.h>

static void keepMemory(void) {
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}
*/
import "C"

// keepMemory tells the allocator of C to keep freed blocks of up to 32 MiB, a gigabyte at the
// end of its heap, instead of returning them to the system. XLA allocates what a graph needs
// each time that it runs, and the system clears new pages: a twentieth of the time of drawing
// small pictures.
func keepMemory() { C.keepMemory() }
