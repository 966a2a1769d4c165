"""Survey of the data sets with one folder a patient: CAMUS and TED."""

from __future__ import annotations

from pathlib import Path

from ral.datasets.camus import CAMUS_VIEWS, INSTANTS, CineInfo, read_info, sequence_path
from ral.datasets.findings import Findings
from ral.datasets.pictures import image_path, patient_folders
from ral.datasets.splits import check_splits, fold_lists, read_split, split_lists
from ral.formats import FormatError, Spacing


def look_at_camus(found: Findings) -> None:
    """Every still, sequence and label of every patient, then the lists."""
    for home in patient_folders(found.folder):
        found.patients.append(home.name)
        names = {path.name for path in home.iterdir()}
        views = [view for view in CAMUS_VIEWS if any(name.startswith(f"{home.name}_{view}_") for name in names)]
        if not views:
            found.wrong(home, f"{home.name} holds no pictures.")
        spacings: list[Spacing] = []
        for view in views:
            _stills(found, home, view, spacings)
            _camus_sequence(found, home, view, spacings)
        found.check_spacing(home, spacings)
    look_at_splits(found)


def look_at_ted(found: Findings) -> None:
    """Every sequence with its labels, then the lists."""
    for home in patient_folders(found.folder):
        found.patients.append(home.name)
        spacings: list[Spacing] = []
        info = _info(found, home / f"{home.name}_4CH_info.cfg")
        stem = f"{home.name}_4CH_sequence"
        _sequence(found, image_path(home, stem), image_path(home, f"{stem}_gt"), info, "4CH", spacings)
        found.check_spacing(home, spacings)
    look_at_splits(found)


def look_at_splits(found: Findings) -> None:
    """Lists that are empty or damaged, name patients who are not there, or share one."""
    _lists(found, {path.stem.partition("_")[2]: path for path in split_lists(found.folder)}, "")
    for fold, parts in fold_lists(found.folder).items():
        _lists(found, parts, f"fold {fold} ")


def _stills(found: Findings, home: Path, view: str, spacings: list[Spacing]) -> None:
    for instant in INSTANTS:
        stem = f"{home.name}_{view}_{instant}"
        picture = found.read_picture(image_path(home, stem))
        if picture is None:
            continue
        frames, spacing = picture
        spacings += [spacing] if spacing else []
        drawn = found.read_label(image_path(home, f"{stem}_gt"), frames.shape)
        if drawn is not None and drawn.any():
            found.stills[CAMUS_VIEWS[view]] += 1
            found.labelled_frames += 1


def _camus_sequence(found: Findings, home: Path, view: str, spacings: list[Spacing]) -> None:
    path = sequence_path(found.folder, home.name, view)
    info_path = home / f"Info_{view}.cfg"
    info = _info(found, info_path) if path.exists() or info_path.exists() else None
    if not path.exists():
        return
    own = image_path(home, f"{path.name.partition('.')[0]}_gt")
    _sequence(found, path, own if own.exists() else None, info, view, spacings)


def _sequence(
    found: Findings, path: Path, label: Path | None, info: CineInfo | None, view: str, spacings: list[Spacing]
) -> None:
    """A cine, its own labels where it has some, and the number of frames that its info file promises."""
    picture = found.read_picture(path)
    if picture is None:
        return
    frames, spacing = picture
    spacings += [spacing] if spacing else []
    if info is not None and info.frames != len(frames):
        found.wrong(path, f"{path.name} holds {len(frames)} frames, but its cfg file says {info.frames}.")
        return
    drawn = found.read_label(label, frames.shape) if label is not None else None
    if label is None or drawn is not None:
        found.sequences[CAMUS_VIEWS[view]] += 1
    found.labelled_frames += int(drawn.sum()) if drawn is not None else 0


def _info(found: Findings, path: Path) -> CineInfo | None:
    try:
        info = read_info(path)
    except FormatError as error:
        found.wrong(path, str(error))
        return None
    found.saw(path)
    return info


def _lists(found: Findings, paths: dict[str, Path], prefix: str) -> None:
    known = set(found.patients)
    seen: dict[str, list[str]] = {}
    for name, path in paths.items():
        try:
            patients = read_split(path)
        except ValueError as error:
            found.wrong(path, str(error))
            continue
        found.saw(path)
        found.splits[f"{prefix}{name}"] = len(patients)
        for patient in sorted(set(patients) - known):
            found.wrong(path, f"{path.name} names {patient}, of whom there is no folder.")
        try:
            for other, theirs in seen.items():
                check_splits({other: theirs, name: patients})
        except ValueError as error:
            found.wrong(path, str(error))
        seen[name] = patients
