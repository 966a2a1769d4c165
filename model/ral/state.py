"""The state of a run on disk: broken off anywhere, it goes on exactly where it was."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ral.build import Network, build
from ral.checkpoint import identity_of
from ral.plan import Plan
from ral.widen import widened

RUN_FILE = "run.json"
BEST_FILE = "best.safetensors"


@dataclass(slots=True)
class Run:
    """What training changes: the network, its average, the optimiser, and what the validations have said."""

    net: Network
    ema: Network
    optimiser: torch.optim.AdamW
    step: int = 0
    best: float = -1.0
    risen: float = -1.0  # the best Dice of this stage, for the decay on Dice
    waited: int = 0
    halvings: int = 0
    seconds: float = 0.0
    data: dict[str, str] = field(default_factory=dict)
    start: str = ""  # identity of the weights that it began from, as a card says it


def begin(plan: Plan, folder: Path, device: str, start: Path | None = None, data: dict[str, str] | None = None) -> Run:
    """A new run, or the one that lies in the folder.

    Args:
        data: `ral.batches.Data.digests` of what it learns from; a part may come to a run later, but not change.
        start: weights to begin a new run from, instead of drawn ones; those of a narrower network are widened.

    Raises:
        ValueError: the folder holds a run of another network, seed, course, data or beginning, or its state cannot be
            read; or the weights to begin from cannot be read, or are of another network and cannot be widened.
    """
    torch.manual_seed(plan.seed)
    net = build(plan.config)
    if start is not None:
        given = _given(start)
        net.load_state_dict(given if _fits(given, net) else widened(given, net))
    net = net.to(device)
    learnt = [p for p in net.parameters() if p.requires_grad]
    run = Run(
        net,
        copy.deepcopy(net).eval().requires_grad_(False),
        torch.optim.AdamW(learnt, plan.stages[0].rate, weight_decay=plan.weight_decay),
        data=data or {},
        start=identity_of(start) if start is not None else "",
    )
    if (folder / RUN_FILE).exists():
        _resume(run, plan, folder, device)
    return run


def save(run: Run, plan: Plan, folder: Path) -> None:
    """State first, then `run.json`, which names it: a crash in between resumes from the former state."""
    tensors = {f"net.{k}": v for k, v in run.net.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in run.ema.state_dict().items()}
    for index, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": v for k, v in state.items()}
    name = f"net-{run.step}.safetensors"
    write_tensors(folder / name, tensors)
    note = {
        "step": run.step, "best": run.best, "risen": run.risen, "waited": run.waited, "halvings": run.halvings,
        "seconds": run.seconds, "state": name, "plan": _plain(plan), "data": run.data,
        "start": run.start,
    }  # fmt: skip
    part = folder / (RUN_FILE + ".part")
    part.write_text(json.dumps(note, indent=1), encoding="utf-8")
    part.replace(folder / RUN_FILE)
    for old in folder.glob("net-*.safetensors"):
        if old.name != name:
            old.unlink()


def last_average(folder: Path) -> dict[str, Tensor]:
    """The averaged network of the state that was saved last.

    A course that ends with views, motion and hints ends with this one: Dice on stills, which chooses `best`, sees none
    of them and takes a state from before they were learnt.
    """
    note = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    return _under(load_file(folder / note["state"]), "ema.")


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Atomically, as safetensors."""
    part = path.with_suffix(".part")
    save_file({k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}, part)
    part.replace(path)


def _given(start: Path) -> dict[str, Tensor]:
    try:
        return load_file(start)
    except Exception as error:  # safetensors and the file system each raise their own
        raise ValueError(f"The weights to begin from, {start.parent.name!r}, are missing or damaged.") from error


def _fits(given: dict[str, Tensor], net: Network) -> bool:
    state = net.state_dict()
    return set(given) == set(state) and all(given[key].shape == state[key].shape for key in state)


def _resume(run: Run, plan: Plan, folder: Path, device: str) -> None:
    try:
        note = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        tensors = load_file(folder / note["state"], device=device)
    except Exception as error:  # json, safetensors and the file system each raise their own
        raise ValueError(f"The run in {folder.name!r} cannot be read; name another folder.") from error
    if not _goes_on(note["plan"], _plain(plan), note["step"]):
        raise ValueError(f"{folder.name!r} holds a run of another plan; name another folder.")
    if note.get("start", run.start) != run.start:
        raise ValueError(f"{folder.name!r} holds a run that began from other weights; name another folder.")
    for part, digest in note.get("data", {}).items():
        if digest and run.data and run.data[part] != digest:
            raise ValueError(f"{folder.name!r} holds a run on other data ({part}); name another folder.")
    for key in ("step", "best", "risen", "waited", "halvings", "seconds"):
        setattr(run, key, note[key])
    run.net.load_state_dict(_under(tensors, "net."))
    run.ema.load_state_dict(_under(tensors, "ema."))
    state = run.optimiser.state_dict()
    for key, tensor in _under(tensors, "adam.").items():
        index, _, name = key.partition(".")
        state["state"].setdefault(int(index), {})[name] = tensor
    run.optimiser.load_state_dict(state)


def _goes_on(before: dict[str, Any], now: dict[str, Any], step: int) -> bool:
    """Whether a plan only changes what has not begun: stages whose first step still lies ahead."""
    if {k: v for k, v in before.items() if k != "stages"} != {k: v for k, v in now.items() if k != "stages"}:
        return False
    for old, new in zip(before["stages"], now["stages"], strict=False):
        if step <= 0:
            return True
        if old != new:
            return False
        step -= old["steps"]
    return step <= 0


def _plain(plan: Plan) -> dict[str, Any]:
    return json.loads(json.dumps({**asdict(plan), "config": plan.config.to_dict()}))


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
