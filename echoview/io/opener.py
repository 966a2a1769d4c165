"""The two doors of the room: open one file, list the cines of a folder."""

from __future__ import annotations

import logging
import os
import secrets
import time
from pathlib import Path

from echoview.domain.cine import Cine
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.dicom import open_dicom
from echoview.io.sniff import HEAD_BYTES, FileKind, foreign_kind, is_dicomdir, sniff
from echoview.io.video import open_video
from echoview.io.volume import open_volume

log = logging.getLogger(__name__)

_PROCESS_SECRET = secrets.token_bytes(32)
_RAW_SUFFIXES = (".raw", ".zraw")  # the pixels of a MetaImage, whose header is listed instead
_KNOWN = "EchoView opens DICOM, AVI, MP4, MOV, NIfTI and MetaImage files."


def open_cine(path: str | Path, *, patient_secret: bytes | None = None) -> Cine:
    """Open one cine; its content decides what it is, its name never does.

    Args:
        path: the file; for a MetaImage with separate pixels, its header.
        patient_secret: the key under which patient IDs are hashed. The default differs in every process,
            so that keys made with it tell patients apart but cannot be compared from day to day.

    Raises:
        CineUnreadable: the file is missing, damaged or holds no picture.
        CineUnsupported: the file is sound, but of a kind that is not read.
    """
    path = Path(path)
    start = time.perf_counter()
    head = _read_head(path)
    kind = sniff(head)
    if kind is FileKind.DICOM:
        cine = open_dicom(path, _PROCESS_SECRET if patient_secret is None else patient_secret)
    elif kind is FileKind.VIDEO:
        cine = open_video(path)
    elif kind is not None:
        cine = open_volume(path, kind)
    else:
        what = foreign_kind(head) or "a file of a kind that EchoView does not know"
        raise CineUnsupported(f"{path.name} is {what}.", _KNOWN)
    # No file name here: exported file names often carry the patient's.
    log.info("opened a %s cine of %d frames in %.3f s", kind.value, len(cine), time.perf_counter() - start)
    return cine


def find_cines(folder: str | Path) -> list[Path]:
    """The cines of a folder and the folders in it, sorted; for a file, that file when it is a cine.

    Hidden files, DICOMDIR indexes, `_gt` masks of data sets and files that cannot be read are left out.

    Raises:
        CineUnreadable: there is no such folder.
    """
    folder = Path(folder)
    if folder.is_file():
        return [folder] if _holds_cine(folder) else []
    if not folder.is_dir():
        raise CineUnreadable(f"{folder.name} does not exist.", "Check that the disk or share is connected.")
    found: list[Path] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(parent, name) for name in files if _holds_cine(Path(parent, name)))
    return sorted(found)


def _holds_cine(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() in _RAW_SUFFIXES:
        return False
    try:
        head = _read_head(path)
    except CineUnreadable:
        return False
    kind = sniff(head)
    if kind in (FileKind.NIFTI, FileKind.METAIMAGE):
        return not path.name.split(".")[0].endswith("_gt")
    return kind is not None and not is_dicomdir(head)


def _read_head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise CineUnreadable(f"{path.name} is a folder.", "Open it with “Open folder”.")
        if path.exists() and not path.is_file():  # a pipe would wait for ever
            raise CineUnreadable(f"{path.name} is not a regular file.", "Choose a file with a cine.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        message = f"{path.name} does not exist."
        raise CineUnreadable(message, "It may have been moved, or its disk is not connected.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or "input/output error"
        raise CineUnreadable(f"{path.name} cannot be read: {reason}.", "Check the disk.") from None
    if not head:
        raise CineUnreadable(f"{path.name} is empty.", "Copy or export it again.")
    return head
