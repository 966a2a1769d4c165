"""What is found while a data set is looked through: counts, files, and problems with a name and a sentence each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ral.datasets.pictures import LV_LABEL, read_labels, read_pictures
from ral.formats import FormatError, Spacing, data_path

SAME_SPACING = 0.01
"""Pixel sizes that differ by less than this share are one: files round them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the file's name relative to the data set, and a sentence."""

    file: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What a data set holds.

    Attributes:
        kind: "camus-nifti", "camus-metaimage", "ted", "echonet-dynamic", "echonet-pediatric", "phantom", "bundle" or
            "run".
        patients: their names (EchoNet, runs and simulated cines give no patients: the cines'; bundles: the numbers that
            they gave them).
        stills: sound labelled stills by view; sequences: sound cines by view.
        labelled_frames: frames with a ventricle drawn, in stills and sequences together.
        spacing_mm: the different pixel sizes (x, y), rounded to µm.
        splits: patients in each list.
        files: relative names of all files that were read, for `fingerprint`.
    """

    kind: str
    patients: tuple[str, ...]
    stills: dict[str, int]
    sequences: dict[str, int]
    labelled_frames: int
    spacing_mm: tuple[Spacing, ...]
    splits: dict[str, int]
    files: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Findings:
    """Collects a `Survey` while the files of one `folder` are read."""

    folder: Path
    patients: list[str] = field(default_factory=list)
    stills: Counter[str] = field(default_factory=Counter)
    sequences: Counter[str] = field(default_factory=Counter)
    labelled_frames: int = 0
    spacings: set[Spacing] = field(default_factory=set)
    splits: dict[str, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def saw(self, path: Path) -> None:
        self.files.add(self.name(path))

    def wrong(self, path: Path, sentence: str) -> None:
        self.problems.append(Problem(self.name(path), sentence))

    def read_picture(self, path: Path) -> tuple[np.ndarray, Spacing | None] | None:
        """Frames (T,H,W) and spacing, or None with a problem noted."""
        try:
            found = read_pictures(path)
        except FormatError as error:
            self.wrong(path, str(error))
            return None
        self._saw_image(path)
        if found[1] is None:
            self.wrong(path, f"{path.name} gives no pixel size.")
        return found

    def read_label(self, path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
        """Where each frame shows a cavity, (T,) bool, or None with a problem noted."""
        try:
            labels = read_labels(path, shape)
        except FormatError as error:
            self.wrong(path, str(error))
            return None
        self._saw_image(path)
        drawn = (labels == LV_LABEL).any((1, 2))
        if not drawn.all():
            which = "" if len(drawn) == 1 else f" on frame {int(np.flatnonzero(~drawn)[0]) + 1}"
            self.wrong(path, f"{path.name} shows no left ventricle{which}.")
        return drawn

    def check_spacing(self, path: Path, found: list[Spacing]) -> None:
        """Note the sizes, and a problem where those of one patient differ."""
        self.spacings |= {(round(x, 3), round(y, 3)) for x, y in found}
        if found and np.ptp(np.log(found), axis=0).max() > SAME_SPACING:
            sizes = sorted({f"{x:.3f}×{y:.3f} mm" for x, y in found})
            self.wrong(path, f"The pictures of {path.name} differ in pixel size: {', '.join(sizes)}.")

    def survey(self, kind: str) -> Survey:
        return Survey(
            kind,
            tuple(self.patients),
            dict(self.stills),
            dict(self.sequences),
            self.labelled_frames,
            tuple(sorted(self.spacings)),
            self.splits,
            tuple(sorted(self.files)),
            tuple(self.problems),
        )

    def _saw_image(self, path: Path) -> None:
        self.saw(path)
        self.saw(data_path(path))
