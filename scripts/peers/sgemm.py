"""OpenBLAS's sgemm on the three products of the 64×64 layer, for the kernels to be compared with.

    python sgemm.py [--rows 64,256,1024,4096] [--secs S]

    forward64            c[R,64]  = h[R,64]·W[64,64]
    backward_data64      c[R,64]  = d[R,64]·Wᵀ
    backward_weights64   c[64,64] = hᵀ·d, both [R,64]

One thread. It calls cblas_sgemm in the library that NumPy carries, whose kernels NumPy
uses, and prints one line of JSON for each product: lib, shape, rows, gflops (the best of
25 short rounds), call_us: what a call through ctypes costs beside the product, measured on an
empty one (0 rows) and taken off.
"""

import argparse
import ctypes
import json
import os
import sys
import time
from pathlib import Path

WIDTH = 64
ROW_MAJOR, NO, YES = 101, 111, 112  # CblasRowMajor, CblasNoTrans, CblasTrans
ROUNDS = 25


def sgemm_of_numpy():
    """cblas_sgemm of the OpenBLAS in numpy.libs: its name has a prefix and, with 64-bit integers, a suffix."""
    import numpy as np

    folder = Path(np.__file__).parent.parent / "numpy.libs"
    for path in folder.glob("*openblas*"):
        library = ctypes.CDLL(str(path))
        for name, integer in (("scipy_cblas_sgemm64_", ctypes.c_int64), ("cblas_sgemm64_", ctypes.c_int64), ("scipy_cblas_sgemm", ctypes.c_int32), ("cblas_sgemm", ctypes.c_int32)):
            if hasattr(library, name):
                return getattr(library, name), integer, core_name(library)
    sys.exit(f"no OpenBLAS with cblas_sgemm in {folder}")


def core_name(library):
    for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
        if hasattr(library, name):
            function = getattr(library, name)
            function.restype = ctypes.c_char_p
            return function().decode()
    return ""


def calls(sgemm, integer, rows):
    """name -> (function that multiplies once, the call with no work, result, its value by NumPy)."""
    import numpy as np

    random = np.random.default_rng(1)
    h, d = (random.standard_normal((rows, WIDTH), np.float32) for _ in range(2))
    w = random.standard_normal((WIDTH, WIDTH), np.float32)

    def call(trans_a, trans_b, m, n, k, a, b, out):
        # Arguments converted beforehand: ctypes would do so at each call.
        ints = [integer(i) for i in (m, n, k, a.shape[1], b.shape[1], out.shape[1])]
        m, n, k, lda, ldb, ldc = ints
        order, ta, tb = ctypes.c_int(ROW_MAJOR), ctypes.c_int(trans_a), ctypes.c_int(trans_b)
        one, zero, none = ctypes.c_float(1), ctypes.c_float(0), integer(0)
        pa, pb, pc = (ctypes.c_void_p(x.ctypes.data) for x in (a, b, out))
        return (
            lambda: sgemm(order, ta, tb, m, n, k, one, pa, lda, pb, ldb, zero, pc, ldc),
            lambda: sgemm(order, ta, tb, none, n, k, one, pa, lda, pb, ldb, zero, pc, ldc),
            out,
        )

    # Made before the calls, which keep only addresses.
    outs = [np.empty((rows, WIDTH), np.float32), np.empty((rows, WIDTH), np.float32), np.empty((WIDTH, WIDTH), np.float32)]
    keep = (h, d, w)
    return keep, {
        "forward64": (*call(NO, NO, rows, WIDTH, WIDTH, h, w, outs[0]), h @ w),
        "backward_data64": (*call(NO, YES, rows, WIDTH, WIDTH, d, w, outs[1]), d @ w.T),
        "backward_weights64": (*call(YES, NO, WIDTH, WIDTH, rows, h, d, outs[2]), h.T @ d),
    }


def seconds_each(function, secs):
    """Seconds of one call: the least of ROUNDS rounds, which together take about secs."""
    function()
    begin = time.perf_counter()
    function()
    n = max(1, int(secs / ROUNDS / max(time.perf_counter() - begin, 1e-7)))
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(n):
            function()
        best = min(best, (time.perf_counter() - begin) / n)
    return best


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", default="64,256,1024,4096")
    p.add_argument("--secs", type=float, default=0.5, help="for each product")
    args = p.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    import peers

    peers.limit_threads(p, 1)
    import numpy as np

    sgemm, integer, core = sgemm_of_numpy()
    for rows in (int(r) for r in args.rows.split(",")):
        keep, products = calls(sgemm, integer, rows)
        for shape, (multiply, empty, out, want) in products.items():
            multiply()
            if not np.allclose(out, want, rtol=1e-4, atol=1e-3):  # float32 sums of up to 4096 products
                sys.exit(f"{shape}, {rows} rows: cblas_sgemm and NumPy differ")
            overhead, each = seconds_each(empty, args.secs / 10), seconds_each(multiply, args.secs)
            gflops = 2 * rows * WIDTH * WIDTH / max(each - overhead, 1e-9) / 1e9
            line = {"lib": "openblas", "shape": shape, "rows": rows, "gflops": round(gflops, 2), "call_us": round(overhead * 1e6, 3)}
            print(json.dumps({**line, "version": np.__version__, "core": core}), flush=True)
        del keep


main()
