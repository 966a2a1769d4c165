"""TED: whole beats in A4C with every frame labelled, as MetaImage.

Layout: `[database/]patientXXX/patientXXX_4CH_sequence[_gt].mhd` with `.raw`, and `patientXXX_4CH_info.cfg` with the
keys of CAMUS. Labels as in CAMUS: 1 LV cavity, 2 myocardium. Its patients were drawn from those of CAMUS, under
other numbers: do not train on one and report on the other.
Reference: Painchaud et al., IEEE TMI 41(10), 2022, doi 10.1109/TMI.2022.3173669.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ral.datasets.assemble import view_index
from ral.datasets.camus import CineInfo, LabelledCine, cine_clip, read_info
from ral.datasets.clip import Clip
from ral.datasets.pictures import LV_LABEL, image_path, patient_folder, patient_folders, read_labels, read_pictures


def read_ted(folder: str | Path, patient: str) -> tuple[LabelledCine, CineInfo]:
    """The cine of a patient and what its `_4CH_info.cfg` says.

    Raises:
        FormatError: a file is missing or damaged, or picture and label do not fit.
    """
    home = patient_folder(folder, patient)
    frames, spacing = read_pictures(image_path(home, f"{patient}_4CH_sequence"))
    labels = read_labels(image_path(home, f"{patient}_4CH_sequence_gt"), frames.shape)
    info = read_info(home / f"{patient}_4CH_info.cfg")
    return LabelledCine(frames, labels, (labels == LV_LABEL).any((1, 2)), spacing), info


def ted_clips(folder: str | Path, patients: Iterable[str] | None = None, trust_view: bool = False) -> Iterator[Clip]:
    """One clip a patient (all, unless named), one beat each; the view is withheld unless trusted.

    Raises:
        FormatError: a file is missing or damaged, or no frame is labelled.
    """
    for patient in patients if patients is not None else [home.name for home in patient_folders(folder)]:
        cine, _ = read_ted(folder, patient)
        yield cine_clip(cine, view_index("A4C", trust_view), "ted", patient)
