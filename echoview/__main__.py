"""`python -m echoview`, the `echoview` script, and the frozen program start here."""

import multiprocessing
import sys


def main() -> int:
    """Hand the command line to `echoview.cli`; returns the exit code."""
    multiprocessing.freeze_support()
    from echoview.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
