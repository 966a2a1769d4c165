"""The command line: the app without a command, and what works without a window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from echoview import __version__
from echoview.errors import EchoViewError

COMMANDS = ("open", "demo", "predict", "train", "doctor", "self-test")


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code: 0 well, 1 refused with a sentence, 2 not understood."""
    words = ["self-test" if word == "--self-test" else word for word in arguments]
    if not words or (words[0] not in COMMANDS and words[0] not in ("-h", "--help", "--version")):
        words = ["open", *words]
    chosen = _parser().parse_args(words)
    try:
        return chosen.act(chosen)
    except EchoViewError as error:
        print(f"echoview: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="echoview",
        description="Play echo cines, see and correct the left-ventricle contour. Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"EchoView {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    window = commands.add_parser("open", help="open the window, on a cine or a folder if one is named")
    window.add_argument("path", nargs="?", default="")
    window.add_argument("--library", default="", metavar="URL", help="label library: a file or an SQLAlchemy URL")
    window.set_defaults(act=_open)

    demo = commands.add_parser(
        "demo", help="open the sample cine, predict it and play it; without a display, save a picture"
    )
    demo.add_argument("--out", default="demo", help="folder for the picture")
    demo.set_defaults(act=_demo)

    predict = commands.add_parser("predict", help="contours, measurements and an overlay of cines, without a window")
    predict.add_argument("paths", nargs="+", metavar="PATH")
    predict.add_argument("--out", required=True, metavar="DIR")
    predict.add_argument("--weights", default="", metavar="NAME", help="default: the weights in use")
    predict.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    predict.set_defaults(act=_predict)

    train = commands.add_parser("train", help="fine-tune on a run folder; what the window starts as a child process")
    train.add_argument("run", metavar="RUN")
    train.set_defaults(act=_train)

    doctor = commands.add_parser("doctor", help="look whether the labels, their backups and the weights are sound")
    doctor.add_argument("--library", default="", metavar="URL", help="label library: a file or an SQLAlchemy URL")
    doctor.add_argument("--repair", action="store_true", help="make a damaged library whole; the old file is kept")
    doctor.set_defaults(act=_doctor)

    test = commands.add_parser("self-test", help="open and predict the sample, train two steps in a child process")
    test.set_defaults(act=_self_test)
    return parser


def _open(chosen: argparse.Namespace) -> int:
    from echoview.app import run as run_app

    return run_app(chosen.path, chosen.library)


def _demo(chosen: argparse.Namespace) -> int:
    from echoview.demo import demo

    return demo(Path(chosen.out))


def _predict(chosen: argparse.Namespace) -> int:
    from echoview import settings
    from echoview.app import registry
    from echoview.services.inference import Inference
    from echoview.services.predict_files import find_files, output_folder, predict_file

    known, sets = settings.load(), registry()
    inference = Inference(known.threads)
    weights = sets.find(chosen.weights) if chosen.weights else sets.active()
    if weights.research_only:
        print(f"{weights.name}: {weights.terms}", file=sys.stderr)
    inference.predictor(weights, chosen.device)  # weights or a device that are not there end the run at once
    taken: set[str] = set()
    failed = 0
    for given in chosen.paths:
        try:
            for path in find_files(Path(given)):
                folder = output_folder(path, Path(chosen.out), taken)
                try:
                    report = predict_file(
                        path, folder, inference, weights, chosen.device, bytes.fromhex(known.patient_secret)
                    )
                except EchoViewError as error:
                    failed += 1
                    print(f"{path.name}: {error}", file=sys.stderr)
                    continue
                except Exception as error:  # a fault of ours in one file must not end the others
                    failed += 1
                    print(f"{path.name}: EchoView failed on this file ({type(error).__name__}).", file=sys.stderr)
                    continue
                ef = "no EF" if report["ef_percent"] is None else f"EF {report['ef_percent']:.0f} %"
                print(
                    f"{path.name}: {report['view']}, {ef}, {report['fps']} frames/s on {report['device']} -> {folder}",
                    flush=True,
                )
        except EchoViewError as error:
            failed += 1
            print(f"{Path(given).name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _train(chosen: argparse.Namespace) -> int:
    from echoview.services.training import run_child

    return run_child(Path(chosen.run))


def _doctor(chosen: argparse.Namespace) -> int:
    from echoview.app import registry
    from echoview.doctor import doctor

    return doctor(chosen.library, registry(), chosen.repair)


def _self_test(_chosen: argparse.Namespace) -> int:
    from echoview.demo import self_test

    return self_test()
