"""The door of the room: open one file, whatever it is."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path

from echoview.domain.cine import Cine
from echoview.errors import CineUnsupported
from echoview.io.dicom import open_dicom
from echoview.io.pictures import open_pictures
from echoview.io.sniff import FileKind, foreign_kind, is_dicomdir, read_head, sniff
from echoview.io.video import open_video
from echoview.io.volume import open_volume

log = logging.getLogger(__name__)

_PROCESS_SECRET = secrets.token_bytes(32)
_KNOWN = "EchoView opens DICOM, videos, NIfTI, MetaImage and numbered pictures."


def open_cine(path: str | Path, *, patient_secret: bytes | None = None) -> Cine:
    """Open one cine; its content decides what it is, its name never does.

    Args:
        path: the file; for a MetaImage with separate pixels, its header; for numbered pictures, any of them.
        patient_secret: the key under which patient IDs are hashed. The default differs in every process,
            so that keys made with it tell patients apart but cannot be compared from day to day.

    Raises:
        CineUnreadable: the file is missing, damaged or holds no picture.
        CineUnsupported: the file is sound, but of a kind that is not read.
    """
    path = Path(path)
    start = time.perf_counter()
    head = read_head(path)
    kind = sniff(head)
    if is_dicomdir(head):
        hint = "Open the folder that it lies in."
        raise CineUnsupported(f"{path.name} is the index of a DICOM medium and holds no pictures itself.", hint)
    if kind is FileKind.DICOM:
        cine = open_dicom(path, _PROCESS_SECRET if patient_secret is None else patient_secret)
    elif kind is FileKind.VIDEO:
        cine = open_video(path)
    elif kind is FileKind.PICTURES:
        cine = open_pictures(path)
    elif kind is not None:
        cine = open_volume(path, kind)
    else:
        what = foreign_kind(head) or "a file of a kind that EchoView does not know"
        raise CineUnsupported(f"{path.name} is {what}.", _KNOWN)
    # No file name here: exported file names often carry the patient's. A study list opens thousands of files.
    log.debug("opened a %s cine of %d frames in %.3f s", kind.value, len(cine), time.perf_counter() - start)
    return cine
