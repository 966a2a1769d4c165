"""NIfTI and MetaImage sequences, as data sets of echocardiography publish them."""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import zlib
from pathlib import Path

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.sniff import FileKind
from echoview.io.timing import Timing, assumed_timing, even_timing
from echoview.io.views import view_from_text
from ral.formats import FormatError, TooLarge, UnsupportedFormat, data_path, read_image, read_step

_PATIENT_TOKEN = re.compile(r"patient[-_]?\d+", re.IGNORECASE)  # CAMUS: patient0001_4CH_ED.nii.gz
_MM_RANGE = (0.01, 10.0)
_MOST_BYTES = 640 * 2**20  # of memory while it is opened: a small file may be packed so well that it fills all
_PIECE = 2**20


class ArrayFrames:
    """A cine that is held decoded: (T,H,W) uint8."""

    any_order = True

    def __init__(self, frames: np.ndarray) -> None:
        self._frames = frames

    def decode(self, t: int) -> np.ndarray:
        """Frame `t` as (H,W) uint8, a view."""
        return self._frames[t]


def open_volume(path: Path, kind: FileKind) -> Cine:
    """Open a NIfTI or MetaImage sequence; any number type is brought to uint8, alike for all frames.

    Raises:
        CineUnreadable: the file, or the pixel file it names, is missing or damaged.
        CineUnsupported: it is sound but no grey 2-D sequence, or too large.
    """
    try:
        frames, spacing = read_image(path, _MOST_BYTES)
        content_hash = _hash_files(path, data_path(path))
    except TooLarge:
        count, (height, width) = volume_sides(path, kind)
        sides = f"{count} × {height} × {width}"
        hint = "Cut it shorter, or store it with 8 bits a pixel."
        raise CineUnsupported(f"{path.name} is too large for a cine: {sides}.", hint) from None
    except UnsupportedFormat as error:
        raise CineUnsupported(str(error), "Convert it to a grey 2-D sequence.") from None
    except FormatError as error:
        raise CineUnreadable(str(error), "Copy the data set again, with all its files.") from None
    except (OSError, ValueError):  # a damaged header may name a file that no system could hold
        message = f"{path.name} names a pixel file that cannot be read."
        raise CineUnreadable(message, "Copy the data set again, with all its files.") from None
    pixels = to_uint8(frames)
    timing = _time(path, kind, len(pixels))
    calibration, calibration_note = _calibrate(spacing)
    info = CineInfo(
        size=(pixels.shape[1], pixels.shape[2]),
        times_s=timing.times_s,
        timing_known=timing.known,
        timing_note=timing.note,
        identity=content_hash,
        content_hash=content_hash,
        kind=kind.value,
        calibration=calibration,
        calibration_note=calibration_note,
        view_hint=view_from_text(path.name.split(".")[0]),
        patient_key=patient_token(path),
    )
    return Cine(info, ArrayFrames(pixels))


def _time(path: Path, kind: FileKind, count: int) -> Timing:
    timing = even_timing(count, read_step(path)) if count > 1 else None
    if timing is None:
        return assumed_timing(count)
    guess = "The third spacing of the file is taken for the time between frames, in seconds."
    return timing._replace(note=guess if kind is FileKind.METAIMAGE else "")  # a NIfTI says that it is a time


def to_uint8(frames: np.ndarray) -> np.ndarray:
    """Frames of any real dtype as uint8 of the same shape; integers between 0 and 255 stay as they are.

    Everything else is stretched from its smallest to its largest finite value, which become 0 and 255.
    """
    if frames.dtype == np.uint8:
        return frames
    ends = [(float(values.min()), float(values.max())) for values in map(_finite, frames)]  # one by one: no big copies
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if frames.dtype.kind in "iu" and low >= 0 and high <= 255:
        return frames.astype(np.uint8)
    scale = 255.0 / (high - low) if high - low > 1e-30 else 0.0
    made = np.empty(frames.shape, np.uint8)
    for t, values in enumerate(map(_finite, frames)):
        # Scaled before it is shifted, since the largest minus the smallest may be more than float32 holds.
        made[t] = np.rint(np.clip(values * scale - low * scale, 0, 255))
    return made


def _finite(frame: np.ndarray) -> np.ndarray:
    """As float32; what that cannot hold is 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(frame.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _calibrate(spacing: tuple[float, float] | None) -> tuple[Calibration | None, str]:
    if spacing is None:
        return None, "The file gives no pixel size."
    if not all(_MM_RANGE[0] <= side <= _MM_RANGE[1] for side in spacing):
        x_mm, y_mm = spacing
        return None, f"The file gives a pixel of {x_mm:.4g} × {y_mm:.4g} mm, which no echo picture has."
    return Calibration(*spacing), ""


def patient_token(path: Path) -> str:
    """The patient as CAMUS-like data sets name one, from the file or its folder; "" elsewhere."""
    for name in (path.name, path.parent.name):
        if token := _PATIENT_TOKEN.match(name):
            return token.group().lower()
    return ""


def _hash_files(*paths: Path) -> str:
    """sha256 of the files' bytes, each file once."""
    digest = hashlib.sha256()
    for path in dict.fromkeys(paths):
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def volume_sides(path: Path, kind: FileKind) -> tuple[int, tuple[int, int]]:
    """Frames, and height and width, of a NIfTI or MetaImage as its header gives them.

    Raises:
        CineUnreadable: the header is damaged, or its disk does not answer.
    """
    try:
        width, height, *rest = _nifti_sides(path) if kind is FileKind.NIFTI else _meta_sides(path)
    except (OSError, EOFError, zlib.error, ValueError):
        raise CineUnreadable(f"{path.name} has a damaged header.", "Copy the data set again.") from None
    return math.prod(max(side, 1) for side in rest), (height, width)


def _nifti_sides(path: Path) -> list[int]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        head = file.read(400)
    wide = head[4:8] == b"n+2\0"
    order = "little" if head[:4] in (b"\x5c\x01\0\0", b"\x1c\x02\0\0") else "big"
    start, step = (16, 8) if wide else (40, 2)
    dims = [int.from_bytes(head[at : at + step], order, signed=True) for at in range(start, start + 8 * step, step)]
    return dims[1 : 1 + min(max(dims[0], 2), 7)]


def _meta_sides(path: Path) -> list[int]:
    with path.open("rb") as file:
        found = re.search(rb"^\s*DimSize\s*=\s*([\d ]+)", file.read(4096), re.MULTILINE)
    return [int(side) for side in found[1].split()] if found else []
