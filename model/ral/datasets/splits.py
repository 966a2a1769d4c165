"""Lists of patients: which belong to which part of an experiment, and that none belongs to two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDS = 10
PARTS = ("training", "validation", "testing")


def read_split(path: str | Path) -> list[str]:
    """Patients of a list, one a line.

    Raises:
        ValueError: the list is missing, empty or names a patient twice.
    """
    path = Path(path)
    try:
        patients = path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"The list {path.name} cannot be read.") from None
    if not patients:
        raise ValueError(f"The list {path.name} names no patient.")
    twice = next((p for i, p in enumerate(patients) if p in patients[:i]), None)
    if twice:
        raise ValueError(f"The list {path.name} names {twice} twice.")
    return patients


def read_fold(folder: str | Path, fold: int) -> dict[str, list[str]]:
    """One of the ten official folds of CAMUS: {"training", "validation", "testing"} -> patients.

    Source: `listSubGroups/subGroup{1..10}_{training,validation,testing}.txt` of the MetaImage release.

    Raises:
        ValueError: there is no such fold, or its lists share a patient.
    """
    if not 1 <= fold <= FOLDS:
        raise ValueError(f"CAMUS has the folds 1 to {FOLDS}, not {fold}.")
    splits = {part: read_split(Path(folder, "listSubGroups", f"subGroup{fold}_{part}.txt")) for part in PARTS}
    check_splits(splits)
    return splits


def read_splits(folder: str | Path) -> dict[str, list[str]]:
    """The one partition of a data set: name -> patients; {} where there is none.

    Source: `split_{name}.txt` beside the patients, else `database_split/subgroup_{part}.txt` of the NIfTI release of
    CAMUS.

    Raises:
        ValueError: a list is damaged, or a patient stands in two.
    """
    found = {path.stem.partition("_")[2]: path for path in split_lists(folder)}
    splits = {name: read_split(path) for name, path in found.items()}
    check_splits(splits)
    return splits


def split_lists(folder: str | Path) -> list[Path]:
    """The files that `read_splits` reads."""
    plain = sorted(Path(folder).glob("split_*.txt"))
    return plain or sorted(Path(folder, "database_split").glob("subgroup_*.txt"))


def fold_lists(folder: str | Path) -> dict[int, dict[str, Path]]:
    """The lists in `listSubGroups`: fold -> part -> file."""
    folds: dict[int, dict[str, Path]] = {}
    for path in sorted(Path(folder, "listSubGroups").glob("*.txt")):
        if match := re.fullmatch(r"subGroup(\d+)_(\w+)", path.stem):
            folds.setdefault(int(match[1]), {})[match[2]] = path
    return folds


def check_splits(splits: Mapping[str, Iterable[str]]) -> None:
    """That no patient is in two splits.

    Raises:
        ValueError: names the first such patient and both splits.
    """
    seen: dict[str, str] = {}
    for name, patients in splits.items():
        for patient in set(patients):
            if patient in seen:
                raise ValueError(f"{patient} is in two splits, {seen[patient]} and {name}.")
        seen |= dict.fromkeys(patients, name)
