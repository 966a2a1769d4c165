"""How many frames must a person correct until the whole cine is right? Each way of carrying a correction, compared.

Simulated cines have an exact contour in every frame. Warped ones are the beat between the real ED and ES of a CAMUS
patient: those two frames are real, all others drawn by `ral.datasets.warped`; only patients of the inner split are
taken, which no weights were trained on. The network predicts a cine; then the frame with the lowest Dice is corrected
(its true contour put in its place), the correction is carried to the other frames, and so on until every frame has a
Dice of .95. Way by way, the number of corrected frames is what a person would have to do. Beside it stands the mean
Dice of all frames when one frame is corrected, the same for every way.

The network reads again as the program does, from a short run-up before the first corrected frame on; "whole cine" is
the same without that short cut.

Usage: python scripts/compare_propagation.py [--weights ral-lite-phantom] [--cines 10] [--pairs 8] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from echoview.measure.propagate import by_arc
from echoview.paths import resource
from echoview.services.inference import RUN_UP
from echoview.services.propagation import Way, carried, meet
from ral.datasets import read_splits
from ral.datasets.warped import warped_clips
from ral.geometry import dice, open_contour, outline, raster
from ral.phantom import simulate
from ral.predict import Predictor
from ral.prepare import Preparation, prepare
from ral.recipes import data_folder

GOOD = 0.95
FIRST_SEED = 7_000_000  # far beyond `ral.commands.common.TEST_SEEDS`, so no weights were trained on them

Contours = dict[int, np.ndarray]
Carry = Callable[[Contours], Contours]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A cine (T,H,W) uint8 with the true masks (T,H,W) bool and contours, each (N,2) px, of all its frames."""

    name: str
    frames: np.ndarray
    masks: np.ndarray
    contours: list[np.ndarray]
    mm_per_px: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="ral-lite-phantom")
    parser.add_argument("--cines", type=int, default=10, help="simulated ones")
    parser.add_argument("--pairs", type=int, default=0, help="warped CAMUS pairs")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--beats", type=float, default=1.5, help="of a simulated cine; a warped one is one beat")
    parser.add_argument("--size", type=int, default=128, help="px of a simulated cine")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--out", type=Path, default=Path("propagation.json"))
    chosen = parser.parse_args()
    folder = Path(chosen.weights)
    predictor = Predictor(folder if folder.is_dir() else resource(f"weights/{chosen.weights}"), "cpu", threads=1)
    report = {
        "weights": predictor.card.name, "identity": predictor.card.identity, "frames": chosen.frames,
        "beats": chosen.beats, "size": chosen.size, "good_dice": GOOD, "hints": predictor.reads_hints, "groups": {},
    }  # fmt: skip
    groups = {"simulated": simulated(chosen), "warped": warped(chosen.pairs, chosen.frames)}
    for group, cases in groups.items():
        found = report["groups"][group] = {}
        for case in cases:
            found[case.name] = compared(case, predictor)
            print(group, case.name, found[case.name], flush=True)
            chosen.out.write_text(json.dumps(report, indent=2), encoding="utf-8")  # a long run may be cut short
        print_table(report, group)


def simulated(chosen: argparse.Namespace) -> Iterator[Case]:
    for seed in range(chosen.seed, chosen.seed + chosen.cines):
        cine = simulate(seed, frames=chosen.frames, size=chosen.size, beats=chosen.beats)
        yield Case(str(seed), np.asarray(cine.frames), np.asarray(cine.masks), list(cine.contours), cine.mm_per_px)


def warped(count: int, frames: int) -> Iterator[Case]:
    """Patients of the inner split, in its order, from ED through ES to the next ED."""
    data = data_folder()
    if not count or data is None:
        return
    folder = data / "camus_a4c"
    clips = warped_clips(folder, read_splits(folder)["inner"], frames, whole=True)
    for clip, _ in zip(clips, range(count), strict=False):
        lines = [outline(mask.astype(np.float32), 0.5) for mask in clip.masks]
        assert all(line is not None for line in lines)
        yield Case(clip.name, clip.frames, clip.masks, [open_contour(line) for line in lines if line is not None], 1.0)


def compared(case: Case, predictor: Predictor) -> dict[str, float]:
    """Corrected frames needed by each way, and where the prediction stood."""
    preparation = prepare(list(case.frames[:: max(len(case.frames) // 8, 1)]), (case.mm_per_px, case.mm_per_px))
    base = np.stack([found.contour for found in predictor.stream(iter(case.frames), preparation)])
    every = range(len(base))

    def by(way: Way) -> Carry:
        return lambda human: carried(way, base, human, every, lambda t: case.frames[t])

    read = Reader(case, predictor, preparation)

    def read_and_moved(human: Contours) -> Contours:
        """What the network says with the hint, moved on by what is still wrong in the corrected frames."""
        again = base.copy()
        for t, line in read.both_ways(human, hinted_too=True).items():
            again[t] = line
        return carried(Way.DISPLACEMENT, again, human, every, lambda t: case.frames[t])

    ways: dict[str, Carry] = {"frame by frame": lambda human: {}}
    ways |= {way.name.lower(): by(way) for way in (Way.INTERPOLATION, Way.DISPLACEMENT, Way.FLOW)}
    if predictor.reads_hints:
        ways |= {
            "reread, forwards": lambda human: read.one_way(human) if human else {},
            "reread, both ways": read.both_ways,
            "reread, both ways, whole cine": partial(read.both_ways, run_up=len(base)),
            "reread, then displacement": read_and_moved,
        }
    start = scores(case, base)
    worst = int(start.argmin())
    one = {worst: case.contours[worst]}
    known = {"start mean Dice": round(float(start.mean()), 4), "frames below": int((start < GOOD).sum())}
    after = {
        f"Dice, {name}": round(float(scores(case, laid(base, carry, one)).mean()), 4) for name, carry in ways.items()
    }
    return {**known, **{name: corrections(case, base, carry) for name, carry in ways.items()}, **after}


@dataclass(slots=True)
class Reader:
    """The network that reads a cine again; what it was asked once it need not read twice."""

    case: Case
    predictor: Predictor
    preparation: Preparation
    _known: dict[tuple, Contours] = field(default_factory=dict)

    def one_way(self, human: Contours, backwards: bool = False, run_up: int = RUN_UP) -> Contours:
        """Frame -> what the network says when it is told of the corrected frames, in one direction; all it found."""
        asked = (frozenset(human), backwards, run_up)
        if asked not in self._known:
            order = list(range(len(self.case.frames)))[:: -1 if backwards else 1]
            order = order[max(min(map(order.index, human)) - run_up, 0) :]
            hints = {order.index(t): raster(points, self.case.masks.shape[1:]) for t, points in human.items()}
            found = self.predictor.stream((self.case.frames[t] for t in order), self.preparation, hints)
            self._known[asked] = {order[one.t]: one.contour for one in found if not one.empty}
        return self._known[asked]

    def both_ways(self, human: Contours, hinted_too: bool = False, run_up: int = RUN_UP) -> Contours:
        if not human:
            return {}
        ahead, back = (self.one_way(human, way, run_up) for way in (False, True))
        return {t: line for t, line in meet(ahead, back, human).items() if hinted_too or t not in human}


def laid(base: np.ndarray, carry: Carry, human: Contours) -> np.ndarray:
    """The contours (T,N,2) of the cine when these frames are corrected and carried on."""
    now = base.copy()
    for t, points in {**carry(human), **human}.items():
        now[t] = points if len(points) == now.shape[1] else by_arc(points)
    return now


def corrections(case: Case, base: np.ndarray, carry: Carry) -> int:
    """Frames that had to be corrected until every frame is good."""
    human: dict[int, np.ndarray] = {}
    for needed in range(len(base) + 1):
        found = scores(case, laid(base, carry, human))
        if found.min() >= GOOD:
            return needed
        found[list(human)] = 1.0
        human[int(found.argmin())] = case.contours[int(found.argmin())]
    raise AssertionError("every frame is corrected, and one is still not good")


def scores(case: Case, contours: np.ndarray) -> np.ndarray:
    shape = case.masks.shape[1:]
    return np.array([
        dice(raster(points, shape), mask) if np.isfinite(points).all() else 0.0
        for points, mask in zip(contours, case.masks, strict=True)
    ])  # fmt: skip


def print_table(report: dict, group: str) -> None:
    found = list(report["groups"][group].values())
    if not found:
        return
    print(f"\n{report['weights']} ({report['identity']}) on {len(found)} {group} cines of {report['frames']} frames")
    for name in found[0]:
        values = [one[name] for one in found]
        print(f"  {name:36} {np.mean(values):6.2f}   from {min(values)} to {max(values)}, sd {np.std(values):.2f}")
    if not report["hints"]:
        print("  These weights read no hints, so reading again is not compared.")


if __name__ == "__main__":
    main()
