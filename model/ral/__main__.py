"""The network from the command line: its simulator, its training, its figures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

_CAMUS_RECIPES = ("ral-lite-camus", "ral-base-camus", "ral-base-paper", "unet1-camus")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; returns the exit code: 0, 1 after a refusal, 2 for words that are not understood."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    from ral.checkpoint import CheckpointError
    from ral.commands import run
    from ral.commands.common import write_events_to

    try:
        write_events_to(getattr(chosen, "events", None))
        return run(chosen)
    except (CheckpointError, ValueError, OSError) as error:
        print(f"ral {chosen.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ral", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _simulate(commands.add_parser("simulate", help="write simulated cines; those that are there stay"))

    survey = commands.add_parser("survey", help="say what a folder of data holds and what is wrong with it")
    survey.add_argument("folder")

    train = commands.add_parser("train", help="train the weights of a recipe; run it again to go on")
    train.add_argument("recipe", choices=(*_CAMUS_RECIPES, "ral-lite-phantom"))
    train.add_argument("--out", required=True, help="folder of the run; its events, states and weights")
    train.add_argument("--start", help="folder of a set of weights to begin from, of the same network")
    also = "folders of further labelled data to learn from, but TED; their terms hold as well"
    train.add_argument("--also", nargs="+", default=[], metavar="FOLDER", help=also)
    train.add_argument("--skip", type=int, default=0, help="leave out so many of the course's first stages")
    share = "with --start: the weights go so far from those to what was learnt, above 0 and up to 1"
    train.add_argument("--share", type=float, default=1.0, help=share)
    _training(train)

    crossval = commands.add_parser("crossval", help="ten folds of patients; run it again to go on")
    crossval.add_argument("recipe", choices=_CAMUS_RECIPES)
    crossval.add_argument("--out", required=True)
    crossval.add_argument("--folds", type=int, nargs="+", default=list(range(10)), choices=range(10), metavar="0..9")
    _training(crossval)

    ablate = commands.add_parser(
        "ablate", help="what each flag changes; goes on where it was, and two may share a folder by seed"
    )
    ablate.add_argument("--out", required=True)
    ablate.add_argument("--only", nargs="+", help="these variants alone")
    ablate.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    ablate.add_argument("--minutes", type=float, default=10, help="of training for each; on a processor, of its time")
    _common(ablate)

    evaluate = commands.add_parser("evaluate", help="judge sets of weights on CAMUS and on phantom test seeds")
    evaluate.add_argument("weights", nargs="+", help="folders of the sets")
    evaluate.add_argument("--card", action="store_true", help="write the figures into the cards of the sets")
    _judging(evaluate)

    compare = commands.add_parser("compare", help="judge two sets of weights frame by frame against each other")
    compare.add_argument("before")
    compare.add_argument("after")
    _judging(compare)

    calibrate = commands.add_parser("calibrate", help="fit confidence and spread on data that steers, for the card")
    calibrate.add_argument("weights")
    calibrate.add_argument("--phantoms", type=int, default=60, help="cines, for weights without real data")
    calibrate.add_argument("--seed", type=int, default=0)
    _common(calibrate)
    _telling(calibrate)

    bench = commands.add_parser("bench", help="frames per second, GMAC and parameters of every network")
    bench.add_argument("--frames", type=int, default=20)
    bench.add_argument("--threads", type=int, default=0)
    bench.add_argument("--device", default="cpu")
    bench.add_argument("--seed", type=int, default=0, help="of the pictures and masks that are read")
    _telling(bench)
    bench.add_argument("--training", action="store_true", help="time and memory of a training step on a processor too")
    return parser


def _simulate(parser: argparse.ArgumentParser) -> None:
    _telling(parser)
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--view", choices=("A2C", "A3C", "A4C"), help="default: in turn")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pathology", help="of ral.phantom.PATHOLOGIES; default: drawn")
    parser.add_argument("--look", help="of ral.phantom.LOOKS or HELD_OUT_LOOKS; default: drawn")
    parser.add_argument("--kinds", nargs="+", choices=("npz", "mp4", "dcm"), default=["npz", "mp4", "dcm"])


def _training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the steps of every stage")
    parser.add_argument("--float32", action="store_true", help="multiply in float32, not in bfloat16")
    _common(parser)


def _judging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", help="the report, an HTML file; its numbers go beside it as JSON")
    parser.add_argument("--split", default="inner", choices=("inner", "loop", "report", "none"))
    parser.add_argument("--phantoms", type=int, default=30, help="simulated cines that no training saw")
    unlabelled = "videos without labels: steadiness and view, held against the one named behind the file"
    parser.add_argument("--cines", nargs="*", default=[], metavar="FILE[=VIEW]", help=unlabelled)
    parser.add_argument(
        "--uncalibrated", action="store_true", help="leave confidence and spread as the network has them"
    )
    parser.add_argument("--runs", nargs="*", default=[], help="folders of runs whose learning curves are shown")
    parser.add_argument("--seed", type=int, default=0)
    _common(parser)
    _telling(parser)


def _telling(parser: argparse.ArgumentParser) -> None:
    """For those that leave no events in a folder of a run."""
    parser.add_argument("--events", metavar="FILE", help="also write how far it is there, a line of JSON each time")


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="folder with camus_a4c (default: ECHOVIEW_DATA)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)


if __name__ == "__main__":
    raise SystemExit(main())
