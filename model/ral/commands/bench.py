"""`ral bench`: what a frame and a training step cost."""

from __future__ import annotations

import argparse

from ral.commands.common import progress


def bench(chosen: argparse.Namespace) -> int:
    import torch

    from ral.bench import report, training_report
    from ral.predict import choose_device

    torch.manual_seed(chosen.seed)
    device, rounds = choose_device(chosen.device), chosen.frames + 2
    print(report(chosen.frames, chosen.threads, device, lambda n: progress(n, rounds, "rounds of a frame each")))
    if chosen.training:
        print(training_report(chosen.threads))
    return 0
