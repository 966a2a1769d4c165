"""De-identified DICOM: a cine as `cine-00001.dcm`, its pixels plain and black outside the sector, its labels as NPZ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from echoview.errors import CineUnreadable
from echoview.io.dicom_header import quiet
from echoview.io.export_item import Outgoing, whole, write_index
from echoview.io.export_masks import write_npz

KIND = "dicom"
_MAX_BYTES = 2**32 - 2  # of one element


def write_dicom(folder: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> tuple[int, dict[str, str]]:
    """How many cines were written, and what those lack that were not, by name.

    Raises:
        EchoViewError: the folder cannot be written.
    """
    written: list[Outgoing] = []
    left_out: dict[str, str] = {}
    for item in items:
        if np.prod(item.shape, dtype=np.int64) * item.picture(0)[0, 0].size > _MAX_BYTES:
            left_out[item.name] = "room for all its frames in one DICOM file"
            continue
        assert item.header is not None
        try:
            header = item.header()
        except CineUnreadable:
            left_out[item.name] = "a header that can be read again"
            continue
        _write(folder / f"{item.name}.dcm", header, item)
        if item.contours:
            write_npz(folder / f"{item.name}.npz", item)
        written.append(item)
    write_index(folder, KIND, salt, app_version, written)
    return len(written), left_out


def _write(path: Path, dataset: Dataset, item: Outgoing) -> None:
    frames = np.stack([item.picture(t) for t in range(item.shape[0])])
    dataset.Rows, dataset.Columns = item.shape[1:]
    dataset.SamplesPerPixel = frames[0, 0, 0].size
    dataset.PhotometricInterpretation = "MONOCHROME2" if dataset.SamplesPerPixel == 1 else "RGB"
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = frames.tobytes() + b"\0" * (frames.nbytes % 2)
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    with whole(path) as part, quiet():
        dataset.save_as(part, enforce_file_format=True)
