"""`ral simulate | train | evaluate | bench`: the network from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; returns the exit code: 0, 1 after a refusal, 2 for words that are not understood."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    from ral import commands
    from ral.checkpoint import CheckpointError

    try:
        return getattr(commands, chosen.command)(chosen)
    except (CheckpointError, ValueError, OSError) as error:
        print(f"ral {chosen.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ral", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    simulate = commands.add_parser("simulate", help="write simulated cines as NPZ and MP4")
    simulate.add_argument("out")
    simulate.add_argument("--count", type=int, default=3)
    simulate.add_argument("--seed", type=int, default=0)
    simulate.add_argument("--view", choices=("A2C", "A3C", "A4C"), help="default: in turn")
    simulate.add_argument("--frames", type=int, default=30)
    simulate.add_argument("--size", type=int, default=256)

    train = commands.add_parser("train", help="train the weights of a recipe; run it again to go on")
    train.add_argument("recipe", choices=("ral-lite-camus", "ral-lite-phantom", "unet1-camus"))
    train.add_argument("--out", required=True, help="folder of the run; its events, states and weights")
    train.add_argument("--data", help="folder with camus_a4c (default: ECHOVIEW_DATA)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--scale", type=float, default=1.0, help="multiplies the steps of every stage")
    train.add_argument("--device", default="auto")
    train.add_argument("--threads", type=int, default=0)
    train.add_argument("--float32", action="store_true", help="multiply in float32, not in bfloat16")

    evaluate = commands.add_parser("evaluate", help="measure a set of weights on CAMUS A4C and on phantom test seeds")
    evaluate.add_argument("weights", help="folder of the set")
    evaluate.add_argument("--data")
    evaluate.add_argument("--split", default="inner", choices=("inner", "loop", "report"))
    evaluate.add_argument("--phantoms", type=int, default=30, help="simulated cines that no training saw")
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument("--card", action="store_true", help="write the figures into the card of the set")

    bench = commands.add_parser("bench", help="frames per second, GMAC and parameters against U-Net 1")
    bench.add_argument("--frames", type=int, default=20)
    bench.add_argument("--threads", type=int, default=0)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
