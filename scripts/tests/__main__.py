"""Runs the tests of this folder, two at a time: scripts/with-env python scripts/tests [--jobs N] [NAME ...]

Most of them wait: for a kernel, a browser, a compiler. Processes that are forked when
all is imported take one test after the other; what a class sets up for its tests
(setUpClass) is used by one of them. A NAME is one that python -m unittest takes in
this folder, such as test_kernel or test_browser.Browser.
"""

import argparse
import concurrent.futures
import io
import multiprocessing
import os
import signal
import sys
import time
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def units(suite):
    """The tests in lists that one process must run."""
    found = {}
    for test in cases(suite):
        shared = type(test).setUpClass.__func__ is not unittest.TestCase.setUpClass.__func__
        found.setdefault(type(test) if shared else test, []).append(test)
    return list(found.values())


def run(number):
    """Runs the list of that number; returns how many of it ran and were skipped, and what is wrong."""
    stream = io.StringIO()
    result = unittest.TextTestRunner(stream, verbosity=0).run(unittest.TestSuite(work[number]))
    return result.testsRun, len(result.skipped), "" if result.wasSuccessful() else stream.getvalue()


def main():
    global work  # the processes are forked with it
    parser = argparse.ArgumentParser(description="Runs the tests of this folder, some at a time.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a file, a class or a test (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default %(default)s)")
    args = parser.parse_args()
    # What a script starts in its background has SIGINT ignored, and hands that on to what it
    # starts itself.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, str(FOLDER))
    loader = unittest.TestLoader()
    work = units(loader.loadTestsFromNames(args.names) if args.names else loader.discover(str(FOLDER)))
    start, ran, skipped, wrong = time.monotonic(), 0, 0, []
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(args.jobs, mp_context=fork) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, i) for i in range(len(work))]):
            count, without, text = done.result()
            ran, skipped = ran + count, skipped + without
            print("F" if text else "s" * without + "." * (count - without), end="", file=sys.stderr, flush=True)
            if text:
                wrong.append(text)
    print("\n" + "\n".join(wrong), file=sys.stderr)
    print(f"{ran} tests in {time.monotonic() - start:.0f} s: {len(wrong)} with failures, {skipped} skipped", file=sys.stderr)
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
