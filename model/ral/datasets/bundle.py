"""Labels that people drew in EchoView, from the run folders that the app freezes for fine-tuning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ral.datasets.clip import Clip


def run_clips(folder: str | Path, held_out: bool | None = None) -> Iterator[Clip]:
    """Clips of a run folder, as `ral.finetune.write_clip` left them; frames that nobody labelled weigh 0.

    Args:
        held_out: True for the patients that fine-tuning keeps apart, False for those it learns from, None for all.

    Raises:
        ValueError: the folder is not a run, or no frame in it is labelled.
    """
    from ral.finetune import read_run  # loads torch, which no other source of clips needs

    _, learn, kept = read_run(Path(folder))
    if held_out is not True:
        yield from learn
    if held_out is not False:
        yield from kept
