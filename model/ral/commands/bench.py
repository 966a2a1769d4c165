"""`ral bench`: what a frame and a training step cost."""

from __future__ import annotations

import argparse


def bench(chosen: argparse.Namespace) -> int:
    from ral.bench import report, training_report

    print(report(chosen.frames, chosen.threads))
    if chosen.training:
        print(training_report(chosen.threads))
    return 0
