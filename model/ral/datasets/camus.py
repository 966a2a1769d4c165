"""CAMUS, as NIfTI or as MetaImage: stills at ED and ES, and the sequences between them.

Layout: `patientXXXX/patientXXXX_{2CH,4CH}_{ED,ES}[_gt]`, `Info_{2CH,4CH}.cfg`, and the cine as
`..._half_sequence[_gt].nii.gz` (every frame labelled) or `..._sequence.mhd` (labelled through the stills alone).
Reference: Leclerc et al., IEEE TMI 38(9), 2019, doi 10.1109/TMI.2019.2900516.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ral.datasets.assemble import assemble, prepare_cine, view_index
from ral.datasets.clip import Clip
from ral.datasets.pictures import LV_LABEL, image_path, patient_folder, read_labels, read_pictures
from ral.formats import FormatError, Spacing, data_path
from ral.prepare import prepare

CAMUS_VIEWS = {"2CH": "A2C", "4CH": "A4C"}
INSTANTS = ("ED", "ES")


@dataclass(frozen=True, slots=True)
class CineInfo:
    """What an `Info_*.cfg` says of a sequence.

    Attributes:
        ed, es: frames, counted from 0; `ed` comes after `es` where the sequence shows the filling.
        frames: of the whole sequence.
        values: every `Key: Value` of the file.
    """

    ed: int
    es: int
    frames: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledCine:
    """A sequence on its native grid.

    Attributes:
        frames: (T,H,W) uint8; labels: (T,H,W) uint8, 0 background, 1 LV cavity, 2 myocardium, 3 left atrium.
        labelled: (T,) bool; spacing_mm: of a pixel in x and y, or None.
    """

    frames: np.ndarray
    labels: np.ndarray
    labelled: np.ndarray
    spacing_mm: Spacing | None


def read_info(path: str | Path) -> CineInfo:
    """Read `Key: Value` lines with at least ED, ES and NbFrame, which count from 1.

    Raises:
        FormatError: the file is missing, or a number in it is missing or impossible.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise FormatError(f"{path.name} cannot be read.") from None
    values = {key.strip(): value.strip() for key, colon, value in (line.partition(":") for line in lines) if colon}
    try:
        ed, es, frames = (int(values[key]) for key in ("ED", "ES", "NbFrame"))
    except (KeyError, ValueError):
        raise FormatError(f"{path.name} gives no whole numbers for ED, ES and NbFrame.") from None
    if not (1 <= ed <= frames and 1 <= es <= frames and ed != es):
        raise FormatError(f"{path.name} puts ED at {ed} and ES at {es} of {frames} frames, which cannot be.")
    return CineInfo(ed - 1, es - 1, frames, values)


def read_still(folder: str | Path, patient: str, view: str, instant: str) -> LabelledCine:
    """The frame at "ED" or "ES" of the view "2CH" or "4CH", T = 1.

    Raises:
        FormatError: a file is missing or damaged, or picture and label do not fit.
    """
    home = patient_folder(folder, patient)
    frames, spacing = read_pictures(image_path(home, f"{patient}_{view}_{instant}"))
    labels = read_labels(image_path(home, f"{patient}_{view}_{instant}_gt"), frames.shape)
    return LabelledCine(frames, labels, np.ones(len(frames), bool), spacing)


def read_camus(
    folder: str | Path, patient: str, view: str, instant: str
) -> tuple[np.ndarray, np.ndarray, Spacing | None]:
    """One CAMUS frame as published: picture (H,W) uint8, cavity (H,W) bool, spacing mm in x and y.

    Args:
        view: "2CH" or "4CH"; instant: "ED" or "ES".

    Raises:
        FormatError: a file is missing or damaged.
    """
    still = read_still(folder, patient, view, instant)
    return still.frames[0], still.labels[0] == LV_LABEL, still.spacing_mm


def sequence_path(folder: str | Path, patient: str, view: str) -> Path:
    """The cine of a patient: the half sequence where there is one, else the sequence of the MetaImage release."""
    home = patient_folder(folder, patient)
    half = image_path(home, f"{patient}_{view}_half_sequence")
    return half if half.exists() else image_path(home, f"{patient}_{view}_sequence")


def has_stills(folder: str | Path, patient: str, view: str) -> bool:
    """Whether ED and ES and their labels are there, as far as names tell."""
    home = patient_folder(folder, patient)
    stems = (f"{patient}_{view}_{instant}{kind}" for instant in INSTANTS for kind in ("", "_gt"))
    return all(image_path(home, stem).exists() for stem in stems)


def has_sequence(folder: str | Path, patient: str, view: str) -> bool:
    """Whether the cine is there, with the data that its header names.

    Raises:
        FormatError: the header of a MetaImage is damaged.
    """
    path = sequence_path(folder, patient, view)
    return path.exists() and data_path(path).exists()


def read_sequence(folder: str | Path, patient: str, view: str) -> LabelledCine:
    """The cine of a patient in file order; labels from the sequence's own label file, else from the two stills.

    Raises:
        FormatError: a file is missing or damaged, or frames, labels and `Info_*.cfg` contradict each other.
    """
    path = sequence_path(folder, patient, view)
    frames, spacing = read_pictures(path)
    own = image_path(path.parent, f"{path.name.partition('.')[0]}_gt")
    if own.exists():
        labels = read_labels(own, frames.shape)
        return LabelledCine(frames, labels, (labels == LV_LABEL).any((1, 2)), spacing)
    info = read_info(path.parent / f"Info_{view}.cfg")
    if info.frames != len(frames):
        raise FormatError(f"{path.name} holds {len(frames)} frames, but Info_{view}.cfg says {info.frames}.")
    labels, labelled = np.zeros_like(frames), np.zeros(len(frames), bool)
    for instant, t in zip(INSTANTS, (info.ed, info.es), strict=True):
        still = image_path(path.parent, f"{patient}_{view}_{instant}_gt")
        labels[t] = read_labels(still, frames[:1].shape)[0]
        labelled[t] = True
    return LabelledCine(frames, labels, labelled, spacing)


def camus_clips(
    folder: str | Path, patients: Iterable[str], view: str = "4CH", trust_view: bool = False
) -> Iterator[Clip]:
    """ED and ES of each patient as clips of one frame; the view is withheld unless trusted (see `view_index`).

    Raises:
        FormatError: a file is missing or damaged, or a label shows no cavity.
    """
    for patient in patients:
        for instant in INSTANTS:
            picture, cavity, spacing = read_camus(folder, patient, view, instant)
            name = f"{patient}_{view}_{instant}"
            if not cavity.any():
                raise FormatError(f"The label of {name} shows no left ventricle.")
            preparation = prepare([picture], spacing)
            yield assemble(preparation, [picture], [cavity], _view(view, trust_view), "camus", name)


def camus_sequence_clips(
    folder: str | Path, patients: Iterable[str], view: str = "4CH", trust_view: bool = False
) -> Iterator[Clip]:
    """The cine of each patient as one clip; frames without a label weigh 0.

    Raises:
        FormatError: a file is missing or damaged, or no frame is labelled.
    """
    for patient in patients:
        cine = read_sequence(folder, patient, view)
        yield cine_clip(cine, _view(view, trust_view), "camus", f"{patient}_{view}")


def cine_clip(cine: LabelledCine, view: int, source: str, name: str) -> Clip:
    """A labelled cine as a clip.

    Raises:
        FormatError: no frame of it is labelled.
    """
    if not cine.labelled.any():
        raise FormatError(f"No label of {name} shows a left ventricle.")
    preparation = prepare_cine(cine.frames, cine.spacing_mm)
    return assemble(preparation, cine.frames, cine.labels == LV_LABEL, view, source, name, cine.labelled)


def camus_files(
    folder: str | Path, patients: Iterable[str], view: str = "4CH", sequences: bool = False
) -> Iterator[str]:
    """Names, relative to `folder`, of the files that `camus_clips` or `camus_sequence_clips` reads.

    Raises:
        FormatError: the header of a MetaImage is damaged or missing.
    """
    for patient in patients:
        home = patient_folder(folder, patient)
        stills = [f"{patient}_{view}_{instant}{kind}" for instant in INSTANTS for kind in ("", "_gt")]
        paths = [image_path(home, stem) for stem in stills]
        if sequences:
            cine = sequence_path(folder, patient, view)
            own = image_path(home, f"{cine.name.partition('.')[0]}_gt")
            paths = [cine, own] if own.exists() else [cine, *paths[1::2], home / f"Info_{view}.cfg"]
        for path in paths:
            for part in dict.fromkeys((path, data_path(path))):
                yield part.relative_to(folder).as_posix()


def _view(view: str, trusted: bool) -> int:
    return view_index(CAMUS_VIEWS[view], trusted)
