"""The command line: the app without a command, and what works without a window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from echoview import __version__
from echoview.errors import EchoViewError

if TYPE_CHECKING:
    from echoview.domain.cine import Cine
    from echoview.domain.prediction import Prediction

COMMANDS = ("open", "demo", "predict", "export", "import", "train", "doctor", "self-test")


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
    window.add_argument("--review-only", action="store_true", help="show and review labels without loading the network")
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

    _exchange_parsers(commands)

    train = commands.add_parser("train", help="fine-tune on a run folder; what the window starts as a child process")
    train.add_argument("run", metavar="RUN")
    train.set_defaults(act=_train)

    doctor = commands.add_parser("doctor", help="look whether the labels, their backups and the weights are sound")
    doctor.add_argument("--library", default="", metavar="URL", help="label library: a file or an SQLAlchemy URL")
    doctor.add_argument("--repair", action="store_true", help="make a damaged library whole; the old file is kept")
    doctor.add_argument(
        "--restore", default="", metavar="BACKUP", help="go back to a backup; the library as it is now is kept"
    )
    doctor.set_defaults(act=_doctor)

    test = commands.add_parser("self-test", help="open and predict the sample, train two steps in a child process")
    test.set_defaults(act=_self_test)
    return parser


def _exchange_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`export` and `import`: labels out of the library and into it."""
    out = commands.add_parser(
        "export", help="labels as a bundle, CAMUS, EchoNet, COCO, masks, DICOM, a table, or video"
    )
    out.add_argument(
        "out", metavar="OUT", nargs="?", default="", help="a new file for bundle and measures, else a new folder"
    )
    out.add_argument(
        "--preview", default="", metavar="DIR", help="write only pictures of the frames as they would leave"
    )
    out.add_argument(
        "--format", default="bundle",
        choices=("bundle", "camus", "echonet", "coco", "masks", "dicom", "measures", "overlay"),
    )  # fmt: skip
    out.add_argument("--frames", action="store_true", help="put the frames into a bundle, black outside the sector")
    out.add_argument("--cine", action="append", default=[], metavar="PATH", help="only this cine; may be repeated")
    out.add_argument("--predict", action="store_true", help="fill frames that nobody labelled with the weights in use")
    out.add_argument("--library", default="", metavar="URL")
    out.set_defaults(act=_export)

    take = commands.add_parser("import", help="merge labels from a bundle or an export folder into the library")
    take.add_argument("path", metavar="PATH")
    take.add_argument("--cines", action="append", default=[], metavar="DIR", help="where the cines lie, if not known")
    take.add_argument(
        "--frames-to", default="", metavar="DIR", help="write cines that are nowhere else from the bundle"
    )
    take.add_argument("--theirs", action="store_true", help="where both sides differ, theirs is in force")
    take.add_argument("--annotator", default="", metavar="NAME", help="default: the one in the settings")
    take.add_argument("--library", default="", metavar="URL")
    take.set_defaults(act=_import)


def _export(chosen: argparse.Namespace) -> int:
    from echoview import settings
    from echoview.io import open_cine
    from echoview.services.exporting import export_to
    from echoview.services.previewing import write_sheets
    from echoview.store import open_library
    from echoview.store.place import library_url

    if bool(chosen.out) == bool(chosen.preview):
        raise EchoViewError("It is not clear where to write.", "Name either OUT, or --preview DIR to look first.")
    if chosen.frames and chosen.format in ("masks", "measures"):
        raise EchoViewError(f"The format {chosen.format} holds no frames.", "Leave --frames out, or export a bundle.")
    known = settings.load()
    secret = bytes.fromhex(known.patient_secret)
    out = Path(chosen.out or chosen.preview)
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise EchoViewError(f"{out.name} is there already.", "Name a file or folder that is new.")
    library = open_library(library_url(chosen.library or known.library_url), secret)
    cines = (library.told_apart(open_cine(path, patient_secret=secret)) for path in chosen.cine)
    only = [cine.info.identity for cine in cines] or None
    if chosen.preview:
        count = write_sheets(out, library, secret=secret, only=only, say=_say)
        print(f"{count} contact sheet{'s' if count != 1 else ''} in {out.name}: look for letters within the sectors")
        return 0
    count = export_to(
        out, chosen.format, library, secret=secret,
        frames=chosen.frames, only=only, predict=_predictor() if chosen.predict else None, say=_say,
        unread=lambda name, count: print(f"black     {name}: frames that cannot be read: {count}"),
        unsettled=lambda name, count: print(f"conflict  {name}: {count} not decided, what is in force goes out"),
    )  # fmt: skip
    print(f"{count} cine{'s' if count != 1 else ''} exported as {chosen.format}")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    from echoview import settings
    from echoview.services.importing import import_from
    from echoview.store import open_library
    from echoview.store.place import library_url

    known = settings.load()
    secret = bytes.fromhex(known.patient_secret)
    came = import_from(
        Path(chosen.path), open_library(library_url(chosen.library or known.library_url), secret),
        by=chosen.annotator or known.annotator or "import", secret=secret,
        folders=[Path(folder) for folder in chosen.cines], theirs=chosen.theirs, say=_say,
        frames_to=Path(chosen.frames_to) if chosen.frames_to else None,
    )  # fmt: skip
    for name, what in came.conflicts:
        print(f"conflict  {name}: {', '.join(what)} ({'theirs' if chosen.theirs else 'ours'} in force, both kept)")
    for name in came.unknown:
        print(f"unknown   {name}: its cine is not here; name its folder with --cines")
    acts = f" and {came.acts} acts of review" if came.acts else ""
    print(f"{came.revisions} revisions{acts} of {came.cines} cines imported, {len(came.conflicts)} in conflict")
    return 0


def _predictor() -> Callable[[Cine], Prediction]:
    """Whole predictions with the weights in use."""
    from echoview import settings
    from echoview.app import registry
    from echoview.services.exporting import predicted
    from echoview.services.inference import Inference

    known, weights = settings.load(), registry().active()
    inference = Inference(known.threads)
    return lambda cine: predicted(inference, cine, weights, known.device)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _open(chosen: argparse.Namespace) -> int:
    from echoview.app import run as run_app

    return run_app(chosen.path, chosen.library, chosen.review_only)


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

    return doctor(chosen.library, registry(), chosen.repair, chosen.restore)


def _self_test(_chosen: argparse.Namespace) -> int:
    from echoview.demo import self_test

    return self_test()
