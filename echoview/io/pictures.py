"""Pictures as cines: numbered frames of a folder (PNG, JPEG, TIFF, BMP), the pages of a TIFF, a single picture."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.colour import DOPPLER, central_box, shows_flow
from echoview.io.timing import assumed_timing
from echoview.io.views import view_from_text

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)", re.DOTALL)
_MAX_PIXELS = 2**24
_MAX_BYTES = 2**29  # of all pictures together, as they are stored
_MAX_FRAMES = 20_000
_AGAIN = "Export the pictures again."

Size = tuple[int, int]


class PictureFrames:
    """Frames of which the stored bytes are held; each is decoded when asked for. Safe to use from several threads."""

    any_order = True

    def __init__(self, name: str, stored: list[bytes], pages: list[tuple[int, int]]) -> None:
        """`pages` gives for each frame the picture and the page in it.

        Raises:
            CineUnreadable: one of a few pictures that are looked at for their depth is damaged.
        """
        self._name = name
        self._stored = stored
        self._pages = pages
        looked_at = {0, len(pages) // 4, len(pages) // 2, 3 * len(pages) // 4, len(pages) - 1}
        self.samples = [self._values(t) for t in sorted(looked_at)]
        largest = max(int(values.max(initial=0)) for values in self.samples)
        self._shift = max(largest.bit_length() - 8, 0)  # deeper pictures are brought to 8 bits alike
        self.samples = [self._shown(values) for values in self.samples]

    def decode(self, t: int) -> np.ndarray:
        """Frame `t` as (H,W) or (H,W,3) RGB uint8.

        Raises:
            CineUnreadable: the picture is damaged.
        """
        return self._shown(self._values(t))

    def _values(self, t: int) -> np.ndarray:
        which, page = self._pages[t]
        return read_page(self._name, self._stored[which], page)

    def _shown(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values >> self._shift, 0, 255).astype(np.uint8)


def open_pictures(path: Path) -> Cine:
    """Open a picture; with neighbours whose numbers follow on its own, all of them in the order of the numbers.

    Raises:
        CineUnreadable: a picture is missing or damaged.
        CineUnsupported: far too many or too large for a cine.
    """
    paths = run_of(path)
    stored = [_read(one) for one in paths]
    if sum(map(len, stored)) > _MAX_BYTES:
        raise CineUnsupported(f"{path.name} belongs to pictures too many for a cine.", "Put fewer into its folder.")
    sizes = [_pages_of(one.name, BytesIO(data)) for one, data in zip(paths, stored, strict=True)]
    size = sizes[paths.index(path)][0]
    pages = [(i, page) for i, held in enumerate(sizes) for page, one in enumerate(held) if one == size]
    left_out = sum(map(len, sizes)) - len(pages)
    source = PictureFrames(path.name, stored, pages)
    x0, y0, x1, y1 = central_box(*size)
    timing = assumed_timing(len(pages))
    digest = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for data in stored)).hexdigest()
    info = CineInfo(
        size=size,
        times_s=timing.times_s,
        timing_known=timing.known,
        timing_note=timing.note,
        identity=f"sha256:{digest}",
        content_hash=f"sha256:{digest}",
        kind="pictures",
        calibration_note="Pictures carry no pixel size.",
        view_hint=view_from_text(path.stem) or view_from_text(path.absolute().parent.name),
        withheld=DOPPLER if shows_flow([sample[y0:y1, x0:x1] for sample in source.samples]) else "",
        notes=_notes(len(paths), left_out),
    )
    return Cine(info, source)


def run_of(path: Path) -> list[Path]:
    """The pictures whose names differ from this one in their number only, and whose numbers follow one another."""
    parts = _NUMBERED.fullmatch(path.name)
    if parts is None:
        return [path]
    before: list[Path] = []
    while (one := _neighbour(path, parts, -1 - len(before))) and len(before) < _MAX_FRAMES:
        before.append(one)
    after: list[Path] = []
    while (one := _neighbour(path, parts, 1 + len(after))) and len(after) < _MAX_FRAMES:
        after.append(one)
    return [*reversed(before), path, *after]


def glance_at(path: Path) -> tuple[int, Size]:
    """Frames and size of the cine that begins with this picture, from headers; 0 frames where none begins with it.

    A single picture is none: it may be a logo, or a later frame of a cine. Three that follow one another are a cine,
    and so are the pages of a TIFF.

    Raises:
        CineUnreadable: the picture is damaged.
    """
    parts = _NUMBERED.fullmatch(path.name)
    if parts is not None and _neighbour(path, parts, -1):
        return 0, (0, 0)
    sizes = _pages_of(path.name, path)
    files = run_of(path) if parts is not None else [path]
    many = len(sizes) > 1 or len(files) > 2
    return (len(files) * len(sizes) if many else 0), sizes[0]


def read_page(name: str, stored: bytes, page: int) -> np.ndarray:
    """One page as (H,W) or (H,W,3) RGB integers that are not below zero.

    Raises:
        CineUnreadable: it is damaged.
    """
    try:
        with Image.open(BytesIO(stored), formats=_FORMATS) as picture:
            picture.seek(page)
            if picture.mode.startswith(("I", "F")):  # more than eight bits
                return np.nan_to_num(np.asarray(picture)).clip(0, 2**31 - 1).astype(np.int64)
            grey = picture.mode in ("1", "L", "LA", "La")
            return np.asarray(picture.convert("L" if grey else "RGB"))
    except Exception:  # Pillow raises what its readers raise
        raise CineUnreadable(f"A picture of {name} is damaged.", _AGAIN) from None


def _pages_of(name: str, source: Path | BytesIO) -> list[Size]:
    """Height and width of each page, from the headers."""
    try:
        with Image.open(source, formats=_FORMATS) as picture:
            sizes: list[Size] = []
            for page in range(min(getattr(picture, "n_frames", 1), _MAX_FRAMES)):
                picture.seek(page)
                sizes.append((picture.height, picture.width))
    except Exception:  # Pillow raises what its readers raise
        raise CineUnreadable(f"{name} is damaged.", _AGAIN) from None
    if max(height * width for height, width in sizes) > _MAX_PIXELS:
        raise CineUnreadable(f"{name} claims more pixels than a scanner makes.", _AGAIN)
    return sizes


def _neighbour(path: Path, parts: re.Match[str], step: int) -> Path | None:
    """The picture whose number is `step` further on, with as many digits or with as few as it needs."""
    prefix, digits, suffix = parts.groups()
    number = int(digits) + step
    if number < 0:
        return None
    for name in {f"{prefix}{number:0{len(digits)}d}{suffix}", f"{prefix}{number}{suffix}"}:
        if (other := path.with_name(name)).is_file():
            return other
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CineUnreadable(f"{path.name} cannot be read: {error.strerror}.", "Check the disk.") from None


def _notes(files: int, left_out: int) -> tuple[str, ...]:
    notes = [f"{files} numbered pictures are shown as one cine."] if files > 1 else []
    if left_out:
        notes.append(f"Pictures of another size are left out: {left_out}.")
    return tuple(notes)
