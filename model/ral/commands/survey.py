"""`ral survey`: what a folder of data holds, and what is wrong with it, file by file."""

from __future__ import annotations

import argparse


def survey(chosen: argparse.Namespace) -> int:
    """Print what there is; 1 where something is wrong."""
    from ral.datasets import fingerprint
    from ral.datasets import survey as look

    found = look(chosen.folder)
    print(
        f"{found.kind}: {found.patients} patients, {found.stills} stills, {found.sequences} sequences, "
        f"{found.labelled_frames} labelled frames; fingerprint {fingerprint(chosen.folder)[:16]}"
    )
    for problem in found.problems:
        print(f"{problem.file}: {problem.sentence}")
    return 1 if found.problems else 0
