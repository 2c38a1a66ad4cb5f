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

// keepMemory tells the allocator of C to keep freed memory, up to a gigabyte, instead of
// returning it to the system. XLA allocates what a graph needs each time that it runs, and
// the system clears the pages each time: about a tenth of the time of drawing pictures.
func keepMemory() { C.keepMemory() }
