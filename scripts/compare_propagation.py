"""How many frames must a person correct until the whole cine is right? Each way of carrying a correction, compared.

Simulated cines have an exact contour in every frame. The shipped network predicts them; then the frame with the lowest
Dice is corrected (its true contour put in its place), the correction is carried to the other frames, and so on until
every frame has a Dice of .95. Way by way, the number of corrected frames is what a person would have to do.

Usage: python scripts/compare_propagation.py [--weights ral-lite-phantom] [--cines 10] [--frames 24] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from echoview.paths import resource
from echoview.services.propagation import Way, carried
from ral.geometry import dice, raster
from ral.phantom import PhantomCine, simulate
from ral.predict import Predictor
from ral.prepare import prepare

GOOD = 0.95
FIRST_SEED = 7_000_000  # far beyond `ral.commands.common.TEST_SEEDS`, so no weights were trained on them

Carry = Callable[[dict[int, np.ndarray]], dict[int, np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="ral-lite-phantom")
    parser.add_argument("--cines", type=int, default=10)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--beats", type=float, default=1.5)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--out", type=Path, default=Path("propagation.json"))
    chosen = parser.parse_args()
    folder = Path(chosen.weights)
    predictor = Predictor(folder if folder.is_dir() else resource(f"weights/{chosen.weights}"), "cpu", threads=1)
    hinted = bool(getattr(predictor.net.config, "mask_hint", False))
    cines = []
    for seed in range(chosen.seed, chosen.seed + chosen.cines):
        cine = simulate(seed, frames=chosen.frames, size=chosen.size, beats=chosen.beats)
        cines.append(compared(cine, predictor, hinted))
        print(seed, cines[-1], flush=True)
    report = {
        "weights": predictor.card.name, "identity": predictor.card.identity, "cines": chosen.cines,
        "frames": chosen.frames, "beats": chosen.beats, "size": chosen.size, "good_dice": GOOD, "hints": hinted,
        "per_cine": cines, "mean": {way: float(np.mean([c[way] for c in cines])) for way in cines[0]},
    }  # fmt: skip
    chosen.out.write_text(json.dumps(report, indent=2), encoding="utf-8")
    print_table(report)


def compared(cine: PhantomCine, predictor: Predictor, hinted: bool) -> dict[str, float]:
    """Corrected frames needed by each way, and where the prediction stood."""
    preparation = prepare(list(cine.frames[:: max(len(cine.frames) // 8, 1)]), (cine.mm_per_px,) * 2)
    base = np.stack([found.contour for found in predictor.stream(iter(cine.frames), preparation)])

    def by(way: Way) -> Carry:
        return lambda human: carried(way, base, human, range(len(base)), lambda t: cine.frames[t])

    def reread(human: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        hints = {t: raster(points, cine.masks.shape[1:]) for t, points in human.items()}
        return {f.t: f.contour for f in predictor.stream(iter(cine.frames), preparation, hints) if f.t not in human}

    ways: dict[str, Carry] = {"frame by frame": lambda human: {}}
    ways |= {way.name.lower(): by(way) for way in (Way.INTERPOLATION, Way.DISPLACEMENT, Way.FLOW)}
    if hinted:
        ways["reread"] = reread
    start = scores(cine, base)
    known = {"start mean Dice": round(float(start.mean()), 4), "frames below": int((start < GOOD).sum())}
    return {**known, **{name: corrections(cine, base, carry) for name, carry in ways.items()}}


def corrections(cine: PhantomCine, base: np.ndarray, carry: Carry) -> int:
    """Frames that had to be corrected until every frame is good."""
    human: dict[int, np.ndarray] = {}
    for needed in range(len(base) + 1):
        now = base.copy()
        for t, points in {**carry(human), **human}.items():
            now[t] = points
        found = scores(cine, now)
        if found.min() >= GOOD:
            return needed
        found[list(human)] = 1.0
        human[int(found.argmin())] = cine.contours[int(found.argmin())]
    raise AssertionError("every frame is corrected, and one is still not good")


def scores(cine: PhantomCine, contours: np.ndarray) -> np.ndarray:
    shape = cine.masks.shape[1:]
    return np.array([
        dice(raster(points, shape), mask) if np.isfinite(points).all() else 0.0
        for points, mask in zip(contours, cine.masks, strict=True)
    ])  # fmt: skip


def print_table(report: dict) -> None:
    print(f"\n{report['weights']} on {report['cines']} simulated cines of {report['frames']} frames")
    for name, value in report["mean"].items():
        values = [c[name] for c in report["per_cine"]]
        print(f"  {name:18} {value:6.2f}   from {min(values)} to {max(values)}")
    if not report["hints"]:
        print("  These weights read no hints, so reading again is not compared.")


if __name__ == "__main__":
    main()
