"""`ral simulate`: simulated cines as files."""

from __future__ import annotations

import argparse
from pathlib import Path

from ral.commands.common import note_down, progress, same_as_before
from ral.config import VIEWS


def simulate(chosen: argparse.Namespace) -> int:
    """Write the cines that are not there yet.

    Raises:
        ValueError: the folder holds cines that were drawn otherwise; their names would not tell.
    """
    from ral.datasets.sources import simulator_version
    from ral.phantom import simulate as draw
    from ral.phantom.write import write_dicom, write_mp4, write_npz

    writers = {"npz": write_npz, "mp4": write_mp4, "dcm": write_dicom}
    out = Path(chosen.out)
    drawn = {name: getattr(chosen, name) for name in ("frames", "size", "pathology", "look")}
    drawn["simulator"] = simulator_version()
    same_as_before(out / "simulated.json", drawn, "cines", there=any(out.glob("phantom-*")))
    for i in range(chosen.count):
        seed, view = chosen.seed + i, chosen.view or VIEWS[i % len(VIEWS)]
        name = f"phantom-{seed:04d}-{view}"
        missing = [kind for kind in chosen.kinds if not (out / f"{name}.{kind}").exists()]
        if missing:
            cine = draw(seed, view, chosen.frames, chosen.size, pathology=chosen.pathology, look=chosen.look)
            note_down(out / "simulated.json", drawn)
            for kind in missing:
                part = out / f"part-{name}.{kind}"
                writers[kind](part, cine)
                part.replace(out / f"{name}.{kind}")
            words = f"{name}: {cine.pathology}, {cine.look}, EF {cine.ef_percent:.0f} %"
        else:
            words = f"{name}: there already"
        progress(i + 1, chosen.count, words)
    return 0
