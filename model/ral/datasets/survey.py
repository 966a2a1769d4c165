"""Looks through a folder: which data set it is, what it holds, and what is wrong with it, file by file."""

from __future__ import annotations

from pathlib import Path

from ral.config import VIEWS
from ral.datasets import survey_echonet, survey_patients
from ral.datasets.bundle import bundle_clips, is_bundle, run_clips
from ral.datasets.echonet import FILE_LIST, kind_of_folder, view_folder
from ral.datasets.findings import Findings, Problem, Survey
from ral.datasets.fingerprint import all_files
from ral.datasets.pictures import patient_folders
from ral.datasets.simulated import simulated_clip, simulated_files
from ral.formats import FormatError

__all__ = ["Problem", "Survey", "kind_of_data", "survey"]


def kind_of_data(folder: str | Path) -> str:
    """Which data set lies in a folder, by its files: see `Survey.kind`.

    Raises:
        ValueError: none that is known here.
    """
    folder = Path(folder)
    if (folder / "run.json").is_file():
        return "run"
    if bundles(folder):
        return "bundle"
    if simulated_files(folder):
        return "phantom"
    if any((home / FILE_LIST).is_file() for home in (folder, folder / "A4C")):
        return kind_of_folder(view_folder(folder))
    names = {path.name for home in patient_folders(folder) for path in home.iterdir()}
    if any(name.endswith("_4CH_info.cfg") for name in names):
        return "ted"
    if any(name.endswith((".nii.gz", ".nii")) for name in names):
        return "camus-nifti"
    if any(name.endswith(".mhd") for name in names):
        return "camus-metaimage"
    raise ValueError(f"{folder.resolve().name} holds no data set that is known here.")


def survey(folder: str | Path) -> Survey:
    """Read a data set through and say what it holds; every picture and label is opened, of videos the first frame.

    Raises:
        ValueError: the folder holds no data set that is known here.
    """
    folder = Path(folder)
    kind = kind_of_data(folder)
    found = Findings(folder)
    if kind == "run":
        _look_at_run(found)
    elif kind == "bundle":
        _look_at_bundles(found)
    elif kind == "phantom":
        _look_at_simulated(found)
    elif kind.startswith("echonet"):
        survey_echonet.look(found)
    elif kind == "ted":
        survey_patients.look_at_ted(found)
    else:
        survey_patients.look_at_camus(found)
    return found.survey(kind)


def _look_at_run(found: Findings) -> None:
    try:
        clips = list(run_clips(found.folder))
    except ValueError as error:
        found.wrong(found.folder / "run.json", str(error))
        return
    found.patients = [clip.name for clip in clips]
    found.sequences["unknown"] = len(clips)
    found.labelled_frames = sum(int((clip.weights > 0).sum()) for clip in clips)
    found.files |= {name for name in all_files(found.folder) if name.startswith("clips/") or name == "run.json"}


def _look_at_bundles(found: Findings) -> None:
    for path in _archives(found.folder):
        found.saw(path)
        try:
            clips = list(bundle_clips(path, views_trusted=True))
        except FormatError as error:
            found.wrong(path, str(error))
            continue
        found.patients += [f"{path.stem}/{clip.name}" for clip in clips]
        found.sequences.update(VIEWS[clip.view] if clip.view >= 0 else "unknown" for clip in clips)
        found.labelled_frames += sum(int((clip.weights > 0).sum()) for clip in clips)


def _look_at_simulated(found: Findings) -> None:
    for path in simulated_files(found.folder):
        found.saw(path)
        try:
            clip, mm = simulated_clip(path)
        except FormatError as error:
            found.wrong(path, str(error))
            continue
        found.patients.append(clip.name)
        found.sequences[VIEWS[clip.view]] += 1
        found.labelled_frames += len(clip.frames)
        found.spacings.add((round(mm, 3), round(mm, 3)))


def bundles(folder: Path) -> list[Path]:
    """The bundles of EchoView in a folder."""
    return [path for path in _archives(folder) if is_bundle(path)]


def _archives(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.zip") if path.is_file())
