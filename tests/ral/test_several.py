"""Two processes that train one network, against one that trains it alone."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import json, sys
from dataclasses import replace
from pathlib import Path
import torch
from ral.batches import Data, cut
from ral.config import RALConfig
from ral.datasets.sources import phantom_clips
from ral.plan import Plan, Stage
from ral import train as trainer
from ral.several import group

torch.set_num_threads(1)
folder, frozen, steps = Path(sys.argv[1]), sys.argv[2] == "frozen", int(sys.argv[3])
config = RALConfig("tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5,
                   view_widths=(6, 6, 6, 8, 8), classify=not frozen)
clips = list(phantom_clips(range(4), 4, size=64))
real = [replace(cut(clip, 0, 1), view=-1) for clip in clips]
stills, clips_a_step = (6, 2) if frozen else (32, 0)
rate = 5e-3 if frozen else 2e-3
stage = Stage(64, steps, rate, stills=stills, real_share=0.5, clips=clips_a_step, clip_frames=3, window=2)
plan = Plan(config, (stage,), seed=3, freeze_norm=frozen, validate_every=10_000, save_every=10_000)
each, step = [], trainer._step

def kept(*arguments):
    each.append(step(*arguments)[0])
    return each[-1], 0.0

if frozen:
    trainer._step = kept
with group("cpu") as (rank, world):
    for event in trainer.train(plan, Data(real, clips, validation=clips[:1]), folder / str(rank), "cpu", rank, world):
        if rank == 0:
            print(json.dumps(event), flush=True)
    if rank == 0:
        print(json.dumps({"event": "losses", "losses": each}))
"""

COMMAND = """
import sys
from ral import recipes
from ral.__main__ import main
from ral.config import RALConfig
from ral.plan import Stage

config = RALConfig("tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5,
                   view_widths=(6, 6, 6, 8, 8))
stage = Stage(64, 4, 1e-3, stills=2, clips=2, clip_frames=2, window=2)
recipes.RECIPES["ral-lite-phantom"] = recipes.Recipe("ral-lite-phantom", config, (stage,), False, 3, 3)
sys.exit(main(["train", "ral-lite-phantom", "--out", sys.argv[1], "--device", "cpu", "--threads", "1"]))
"""


def start(folder: Path, world: int, *options: str) -> list[dict]:
    """What the first of `world` processes tells."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "LOCAL_RANK", "WORLD_SIZE")}
    environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    children = []
    for rank in range(world):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world)} if world > 1 else {}
        children.append(
            subprocess.Popen(
                [sys.executable, "-c", CHILD, str(folder), *options],
                env=environment | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
    outs = [child.communicate(timeout=200) for child in children]
    for child, (_, errors) in zip(children, outs, strict=True):
        assert child.returncode == 0, errors[-2000:]
    return [json.loads(line) for line in outs[0][0].splitlines()]


def losses(events: list[dict]) -> list[float]:
    return [e["loss"] for e in events if e["event"] == "step"]


def test_two_processes_learn_what_one_learns(tmp_path):
    """BN frozen, the same batch of all: the loss of each of 20 steps agrees, and so do the weights in the end."""
    from safetensors.torch import load_file

    alone, together = (start(tmp_path / name, n, "frozen", "20")[-1]["losses"] for name, n in (("one", 1), ("two", 2)))
    assert len(alone) == 20
    assert together == pytest.approx(alone, abs=1e-4)
    one, two = (load_file(tmp_path / n / "0" / "net-20.safetensors") for n in ("one", "two"))
    assert max((one[k] - two[k]).abs().max().item() for k in one if k.startswith("net.")) < 1e-3
    assert list((tmp_path / "two" / "1").iterdir()) == []  # only the first writes


def test_processes_that_would_go_on_from_different_steps_are_refused(tmp_path):
    """As where each machine has a disk of its own: only the first finds the state that was saved."""
    start(tmp_path, 2, "frozen", "4")
    with pytest.raises(AssertionError, match="go on from different steps"):
        start(tmp_path, 2, "frozen", "4")


def test_torchrun_starts_the_command_for_each(tmp_path):
    script, out = tmp_path / "train.py", tmp_path / "run"
    script.write_text(COMMAND)
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script), str(out)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("wrote ral-lite-phantom") == 1
    events = [json.loads(line)["event"] for line in (out / "events.jsonl").read_text().splitlines()]
    assert events == ["begin", "step", "validated", "end"]
    assert (out / "weights" / "card.json").exists()


def test_bn_and_dropout_are_those_of_one_process(tmp_path):
    """The first steps agree closely; later rounding grows, in two runs of one process as well."""
    alone, together = (start(tmp_path / str(world), world, "free", "4")[0] for world in (1, 2))
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-4)
    assert together["view_loss"] == pytest.approx(alone["view_loss"], abs=1e-3)


def test_with_bn_on_the_loss_ends_alike(tmp_path):
    alone = losses(start(tmp_path / "one", 1, "free", "100"))
    together = losses(start(tmp_path / "two", 2, "free", "100"))
    assert alone[-1] < 0.8 * alone[0]
    assert together[-1] == pytest.approx(alone[-1], rel=0.05)
