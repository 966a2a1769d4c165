"""`ral ablate`: what each flag, ablation and baseline changes, in one small fixed protocol."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ral.commands.common import (
    TEST_SEEDS,
    camus_folder,
    note_down,
    progress,
    revisions,
    same_as_before,
    tell,
    use_threads,
)
from ral.config import ABLATIONS, BASELINES, EXTENSIONS, RAL_LITE, variant
from ral.plan import Plan, Stage
from ral.report.variants import variants_page
from ral.report.write import replace_text

if TYPE_CHECKING:
    from ral.batches import Data
    from ral.build import Network

SIZE, PATIENTS, PHANTOMS, FRAMES = 128, 120, 240, 12
STAGE = Stage(SIZE, 1, 2.5e-3, stills=12, real_share=2 / 3, clips=1, pairs=1, clip_frames=8, window=8)
PROBES, PROBE_STEPS = 3, 6  # how often, and how many steps at a time, two networks are timed in turn
TEST_PHANTOMS = 24
_ABOUT = (
    f"{PATIENTS} patients of the CAMUS train split and {PHANTOMS} simulated cines at {SIZE} px; each variant has the "
    "steps that fit into the time of the plain network. Judged on the inner split, which steers: these figures say "
    "what differs, not how good a network is in the end."
)


def plans(seed: int) -> dict[str, Plan]:
    """Every variant by its name, the plain network first; they differ in one thing each."""
    plain = Plan(RAL_LITE, (STAGE,), seed, ema=0.995, bfloat16=True, validate_every=10**9, save_every=200)
    every = {"plain": plain, "no_ema": replace(plain, ema=0.0)}
    every |= {flag: replace(plain, config=variant(RAL_LITE, flag)) for flag in ABLATIONS | EXTENSIONS}
    both = replace(variant(RAL_LITE, "deep_supervision"), name="dpsn", pyramid_pooling=True, temporal=False)
    every["frame_by_frame+deep_supervision+pyramid_pooling"] = replace(plain, config=both)
    calm = replace(STAGE, rate=1e-3)  # without batch norm the higher rate does not hold
    return every | {name: replace(plain, config=config, stages=(calm,)) for name, config in BASELINES.items()}


def ablate(chosen: argparse.Namespace) -> int:
    """Train and judge what is not done yet; every result is a file in the folder, table and page are made of all.

    Raises:
        ValueError: an unknown variant, or something is left to do and the folder's results were asked for otherwise.
    """
    use_threads(chosen)
    out = Path(chosen.out)
    out.mkdir(parents=True, exist_ok=True)
    names = chosen.only or list(plans(0))
    unknown = sorted(set(names) - set(plans(0)))
    if unknown:
        raise ValueError(f"There is no variant {unknown[0]!r}; there are {', '.join(plans(0))}.")
    wanted = [(name, seed) for seed in chosen.seeds for name in names]
    asked, data = _asked(chosen), None
    if any(not (out / f"{name}-{seed}.json").exists() for name, seed in wanted):
        _check_alike(out, asked)
    for n, (name, seed) in enumerate(wanted):
        path = out / f"{name}-{seed}.json"
        if not path.exists():
            data = data or _data(chosen, out)
            replace_text(path, json.dumps(_run(name, seed, data, chosen, out) | asked))
        progress(n + 1, len(wanted), f"{name}, seed {seed}")
    found = list(results(out))
    text = table(found)
    replace_text(out / "table.md", text)
    replace_text(out / "report.json", json.dumps(found, indent=1))
    replace_text(out / "report.html", variants_page(found, _ABOUT))
    print(text)
    return 0


def results(out: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(out.glob("*-*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _asked(chosen: argparse.Namespace) -> dict[str, Any]:
    """What all results of one table have in common."""
    from ral.datasets.sources import simulator_version
    from ral.predict import choose_device

    return {"simulator": simulator_version(), "minutes": chosen.minutes, "device": choose_device(chosen.device)}


def _check_alike(out: Path, asked: dict[str, Any]) -> None:
    """Raises ValueError where the folder's results were asked for otherwise: on other simulated hearts, for example."""
    for name, value in asked.items():
        others = {found.get(name, "unknown") for found in results(out)} - {value}
        if others:
            raise ValueError(
                f"{out.name} holds results of another {name} ({', '.join(sorted(map(str, others)))}, here {value}), "
                "which do not compare. Name another folder."
            )


def table(found: list[dict[str, Any]]) -> str:
    """Markdown: each variant's mean over the seeds and, in brackets where there are several, the span between them."""
    columns = ("dice_ed", "dice_es", "hd_mm", "phantom_dice", "view_right", "flagged", "hint_gain", "gmac", "steps")
    lines = [
        f"CAMUS A4C inner split at {SIZE} px (dice_ed, dice_es, hd_mm) and, apart from it, simulated test hearts "
        "(phantom_dice, view_right, flagged: share of frames that jump, hint_gain: what a corrected frame, "
        "from which the cine is read again, adds to the Dice of its neighbours). Means over the seeds (span).",
        "", "| variant | " + " | ".join(columns) + " | seeds |", "|---" * (len(columns) + 2) + "|",
    ]  # fmt: skip
    for name in dict.fromkeys(["plain", *(f["name"] for f in found)]):
        rows = [f for f in found if f["name"] == name]
        if rows:
            cells = [_cell([r[c] for r in rows]) for c in columns]
            lines.append(f"| {name} | " + " | ".join(cells) + f" | {len(rows)} |")
    return "\n".join(lines) + "\n"


def _cell(values: list[float | None]) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    mean = statistics.fmean(known)
    if all(isinstance(v, int) for v in known):
        return f"{mean:.0f}"
    return f"{mean:.3f} ({max(known) - min(known):.3f})" if len(known) > 1 else f"{mean:.3f}"


def _data(chosen: argparse.Namespace, out: Path) -> Data:
    from ral.batches import Data
    from ral.datasets import camus_clips, check_splits, phantom_clips, read_split
    from ral.datasets.warped import warped_clips

    camus, cache = camus_folder(chosen), out.parent / "cache"
    check_splits({name: read_split(camus / f"split_{name}.txt") for name in ("train", "inner")})
    patients = read_split(camus / "split_train.txt")[:PATIENTS]
    real = list(camus_clips(camus, patients))
    pairs = list(warped_clips(camus, patients, 10, cache=cache))
    return Data(real, list(phantom_clips(range(PHANTOMS), FRAMES, cache)), pairs, real[:2])


def _run(name: str, seed: int, data: Data, chosen: argparse.Namespace, out: Path) -> dict[str, Any]:
    """One variant: as many steps as fit into the time of the plain network, then judged."""
    from safetensors.torch import load_file

    from ral.build import build
    from ral.predict import choose_device
    from ral.train import train

    plan, folder = plans(seed)[name], out / f"{name}-{seed}"
    course = folder / "course.json"
    asked = _asked(chosen)
    same_as_before(course, asked, "a variant", there=course.exists())
    if not course.exists():
        note_down(course, asked | {"steps": _length(plan, data, chosen, out, folder)})
    steps = json.loads(course.read_text(encoding="utf-8"))["steps"]
    plan = replace(plan, stages=(replace(plan.stages[0], steps=steps),))
    device = choose_device(chosen.device)
    tell(train(plan, data, folder, device), folder)
    net = build(plan.config)
    net.load_state_dict(load_file(folder / "best.safetensors"))
    judged = _judge(net.to(device), chosen, device)
    return {"name": name, "seed": seed, "steps": plan.steps, "revision": revisions(folder)} | judged


def _length(plan: Plan, data: Data, chosen: argparse.Namespace, out: Path, folder: Path) -> int:
    """Steps in the time that the plain network was given.

    That one does what it can in the minutes, once for all seeds; another does more or fewer by what a step of either
    takes, timed in turn: a table may be made over days, in which a machine is not always as fast.
    """
    from ral.predict import choose_device

    plain = plans(plan.seed)["plain"]
    kinds = [plain] if plan == plain else [plain, plan]
    seconds = seconds_a_step(kinds, data, folder / "trial", choose_device(chosen.device))
    given = next((found["steps"] for found in results(out) if found["name"] == "plain"), None)
    return max(round((given or 60 * chosen.minutes / seconds[0]) * seconds[0] / seconds[-1]), 2)


def seconds_a_step(kinds: list[Plan], data: Data, trial: Path, device: str) -> list[float]:
    """Median time of a step of each plan, as `ral.train.timed_steps` takes it, the plans in turn."""
    import shutil

    from ral.train import timed_steps

    found: list[list[float]] = [[] for _ in kinds]
    for _ in range(PROBES):
        for times, plan in zip(found, kinds, strict=True):
            times += timed_steps(plan, data, trial, PROBE_STEPS, device)[2:]
            shutil.rmtree(trial, ignore_errors=True)
    return [statistics.median(times) for times in found]


def _judge(net: Network, chosen: argparse.Namespace, device: str) -> dict[str, Any]:
    from ral.bench import gmac
    from ral.checkpoint import Card
    from ral.datasets import read_split
    from ral.evaluate import camus_stills, card_figures, evaluate, phantom_cases
    from ral.predict import Predictor

    card = Card(net.config.name, net.config.to_dict(), "", "", True, 0, "ral ablate")
    model, camus = Predictor.of(net, card, device), camus_folder(chosen)
    inner = read_split(camus / "split_inner.txt")
    real = card_figures(evaluate(model, camus_stills(camus, inner), "CAMUS", "", worst=0, size=SIZE))
    far = [real[instant]["hd_mm"] for instant in ("ED", "ES")]
    hearts = phantom_cases(range(TEST_SEEDS, TEST_SEEDS + TEST_PHANTOMS), 24)
    simulated = card_figures(evaluate(model, hearts, "phantom", "", worst=0, size=SIZE))
    before, after = simulated.get("steered", (None, None))
    return {
        "dice_ed": real["ED"]["dice"], "dice_es": real["ES"]["dice"],
        "hd_mm": None if None in far else statistics.fmean(far),
        "phantom_dice": statistics.fmean(simulated["dice_by_view"].values()),
        "view_right": simulated.get("view_right"), "flagged": simulated["flagged"],
        "hint_gain": None if before is None else after - before, "gmac": round(gmac(net), 3),
    }  # fmt: skip
