"""What data a report or a card speaks of, in one line: the same files give the same fingerprint wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

CHUNK = 2**20


def fingerprint(folder: str | Path, files: Iterable[str] | None = None) -> str:
    """SHA-256, 64 hex digits, over the sorted (relative name, size, content hash) of files.

    Args:
        files: names relative to `folder`, as `camus_files` and `Survey.files` give them, or None for all that lie
            in it; hidden files never count when all do.

    Raises:
        ValueError: there is no file, or one of them cannot be read.
    """
    folder = Path(folder)
    names = sorted(set(files) if files is not None else all_files(folder))
    if not names:
        raise ValueError("There is no file to take a fingerprint of.")
    total = hashlib.sha256()
    for name in names:
        size, digest = _content(folder, name)
        total.update(f"{name}\0{size}\0{digest}\n".encode())
    return total.hexdigest()


def all_files(folder: Path) -> list[str]:
    """Relative names, with forward slashes, of the files below a folder; hidden ones and hidden folders left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(name.as_posix() for name in found if not any(part.startswith(".") for part in name.parts))


def _content(folder: Path, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    try:
        with (folder / name).open("rb") as file:
            while part := file.read(CHUNK):
                digest.update(part)
                size += len(part)
    except OSError:
        raise ValueError(f"{name} cannot be read.") from None
    return size, digest.hexdigest()
