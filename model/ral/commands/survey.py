"""`ral survey`: what a folder of data holds, and what is wrong with it, file by file."""

from __future__ import annotations

import argparse


def survey(chosen: argparse.Namespace) -> int:
    """Print what there is; 1 where something is wrong."""
    from ral.datasets import fingerprint
    from ral.datasets import survey as look

    found = look(chosen.folder)
    held = [f"{count} stills of {view}" for view, count in found.stills.items()]
    held += [f"{count} sequences of {view}" for view, count in found.sequences.items()]
    spacings = ", ".join(f"{x:g} × {y:g} mm" for x, y in found.spacing_mm) or "no pixel size"
    print(f"{found.kind}: {len(found.patients)} patients, {', '.join(held) or 'no cine'}")
    print(f"{found.labelled_frames} labelled frames; {spacings}")
    for name, count in found.splits.items():
        print(f"list {name}: {count} patients")
    print(f"fingerprint {fingerprint(chosen.folder, found.files)[:16]} of {len(found.files)} files")
    for problem in found.problems:
        print(f"{problem.file}: {problem.sentence}")
    return 1 if found.problems else 0
