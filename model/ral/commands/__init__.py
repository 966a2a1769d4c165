"""What the sub-commands of `ral` do: one function a command, which takes the parsed words and gives the exit code."""

from __future__ import annotations

import argparse


def run(chosen: argparse.Namespace) -> int:
    """Carry out a command; only what it needs is loaded."""
    match chosen.command:
        case "simulate":
            from ral.commands.simulate import simulate as command
        case "survey":
            from ral.commands.survey import survey as command
        case "train":
            from ral.commands.train import train as command
        case "crossval":
            from ral.commands.crossval import crossval as command
        case "ablate":
            from ral.commands.ablate import ablate as command
        case "evaluate":
            from ral.commands.evaluate import evaluate as command
        case "compare":
            from ral.commands.evaluate import compare as command
        case "calibrate":
            from ral.commands.evaluate import calibrate as command
        case _:
            from ral.commands.bench import bench as command
    return command(chosen)
