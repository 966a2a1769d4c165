"""NIfTI and MetaImage pictures as arrays in display order: numpy, nibabel and the standard library only."""

from __future__ import annotations

import gzip
import io
import math
import os
import re
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

HEAD_BYTES = 4096
"""So many bytes from the start of a file are enough for `kind_of`."""
MAX_BYTES = 2**31
"""No cine of the heart needs more; a header that asks for more is damaged or hostile."""

_MM_PER_NIFTI_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown (read as mm), metre, mm, micron
_SECONDS_PER_NIFTI_UNIT = {8: 1.0, 16: 1e-3, 24: 1e-6}
_NIFTI_STEP_S = (5e-4, 0.5)  # 2 to 2,000 frames a second; writers that know no time put 1 s there
_CINE_STEP_S = (2e-3, 0.1)
_META_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}

Spacing = tuple[float, float]


class FormatError(ValueError):
    """The file is missing, damaged or not a picture of these formats."""


class UnsupportedFormat(FormatError):
    """The file is sound, but of a kind that is not read here."""


class TooLarge(FormatError):
    """The file is sound, but to read it would take more memory than it may."""


def kind_of(head: bytes) -> str:
    """Name the format of a file from its first bytes.

    Args:
        head: the first `HEAD_BYTES` bytes of the file, or all of a shorter one.

    Returns:
        "nifti", "metaimage" or "".
    """
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 400)
        except zlib.error:
            return ""
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0"):
        return "nifti"
    if re.search(rb"^\s*NDims\s*=", head[:512], re.MULTILINE) and b"\0" not in head[:64]:
        return "metaimage"
    return ""


def read_image(path: str | Path, most_bytes: int | None = None) -> tuple[np.ndarray, Spacing | None]:
    """Read a NIfTI (plain or gzip) or MetaImage file; the content decides, not the suffix.

    Args:
        path: the file.
        most_bytes: of memory that may be held while it is read, with all copies that this needs; None = any.

    Returns:
        frames: (T,H,W) as displayed, in the native dtype of the file (float64 where NIfTI scales its values).
        spacing: (x_mm, y_mm) of a pixel, or None where the file holds none that is finite and above zero.

    Raises:
        FormatError: the file is missing, cut off or damaged.
        UnsupportedFormat: it is sound but no grey 2-D sequence.
        TooLarge: it needs more than `most_bytes`.
    """
    path = Path(path)
    head = _read(path, HEAD_BYTES)
    kind = kind_of(head)
    if kind == "nifti":
        return _read_nifti(path, head[:2] == b"\x1f\x8b", most_bytes)
    if kind == "metaimage":
        return _read_meta(path, head, most_bytes)
    raise FormatError(f"{path.name} is neither NIfTI nor MetaImage.")


def read_step(path: str | Path) -> float | None:
    """The time from frame to frame in seconds as the header gives it; None where it gives none that an echo can have.

    A NIfTI says in which unit it is, and keeps it for the fourth axis. Where the frames lie along the third, or in a
    MetaImage, the last spacing counts where it is a frame rate as cines have it, in seconds where there is no unit, and
    not the pixel size once more.

    Raises:
        FormatError: the header is missing or damaged.
    """
    path = Path(path)
    head = _read(path, HEAD_BYTES)
    if kind_of(head) == "nifti":
        raw = _unpack(path, 544) if head[:2] == b"\x1f\x8b" else head[:544]
        header = _nifti_header(path, raw)
        unit = _SECONDS_PER_NIFTI_UNIT.get(int(header["xyzt_units"]) & 0x38, math.nan)
        x, y, third, fourth = (float(side) for side in header["pixdim"][1:5])
        if int(header["dim"][0]) == 3:
            return _cine_step([x, y], third, unit) or _cine_step([], fourth, unit)
        return fourth * unit if _NIFTI_STEP_S[0] <= fourth * unit <= _NIFTI_STEP_S[1] else None
    fields = _parse_meta(path, head)[0]
    try:
        *pixel, step = map(float, fields["ElementSpacing"].split())
    except (KeyError, ValueError):
        return None
    return _cine_step(pixel, step) if len(pixel) > 1 else None


def _cine_step(pixel: list[float], last: float, unit_s: float = 1.0) -> float | None:
    """The spacing of the last axis as seconds a frame, where it cannot be another length."""
    step = last * unit_s
    return step if last not in pixel and _CINE_STEP_S[0] <= step <= _CINE_STEP_S[1] else None


def data_path(path: str | Path) -> Path:
    """The file that holds the pixels of `path`: the one a MetaImage header names, else `path` itself.

    Raises:
        FormatError: the header is damaged or names a file outside its folder.
    """
    path = Path(path)
    head = _read(path, HEAD_BYTES)
    return _meta_data_path(path, _parse_meta(path, head)[0]) if kind_of(head) == "metaimage" else path


def write_nifti(path: str | Path, frames: np.ndarray, spacing: Spacing | None) -> None:
    """Write frames as NIfTI-1 the way CAMUS does: (W,H) for one frame, (W,H,T) for more.

    Args:
        path: ends in .nii or .nii.gz.
        frames: (T,H,W) or (H,W), a dtype that NIfTI knows (bool becomes uint8).
        spacing: (x_mm, y_mm), or None: written as zero, which readers here take as unknown.
    """
    stack = np.asarray(frames)
    stack = stack.astype(np.uint8) if stack.dtype == bool else stack
    columns_first = stack.T
    if columns_first.ndim == 3 and columns_first.shape[2] == 1:
        columns_first = columns_first[:, :, 0]
    x_mm, y_mm = spacing or (1.0, 1.0)
    # NIfTI axes point right and anterior, a picture's point left and posterior: hence the signs.
    image = nib.Nifti1Image(columns_first, np.diag([-x_mm, -y_mm, 1.0, 1.0]))
    image.header.set_xyzt_units("mm")
    packed = image.to_bytes()
    if spacing is None:
        packed = _without_spacing(packed)
    if str(path).endswith(".gz"):
        packed = gzip.compress(packed, mtime=0)
    Path(path).write_bytes(packed)


def _without_spacing(packed: bytes) -> bytes:
    """The same file with no pixel size and no affine: nibabel itself would put ones there."""
    header = nib.Nifti1Header(packed[:348], check=False)
    header["pixdim"][1:4] = 0
    header["qform_code"] = header["sform_code"] = 0
    return header.binaryblock + packed[348:]


def _read(path: Path, count: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            held = os.fstat(file.fileno()).st_size  # read() allocates all that is asked for, there or not
            return file.read(held if count < 0 else min(count, held))
    except FileNotFoundError:
        raise FormatError(f"{path.name} does not exist.") from None
    except OSError as error:
        raise FormatError(f"{path.name} cannot be read: {error.strerror or 'input/output error'}.") from None


def _spacing(x: float, y: float) -> Spacing | None:
    return (x, y) if math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0 else None


def _count_bytes(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Bytes of the pixels that a header promises, refused before anything that large is allocated."""
    count = math.prod(shape) * dtype.itemsize
    if any(side < 1 for side in shape) or not shape:
        raise FormatError(f"{path.name} has a header that names no pixels.")
    if count > MAX_BYTES:
        raise FormatError(f"{path.name} has a header that asks for {count / 2**30:.0f} GiB of pixels.")
    return count


def _keep_within(path: Path, need: int, most_bytes: int | None) -> None:
    if most_bytes is not None and need > most_bytes:
        raise TooLarge(f"{path.name} would take {need / 2**30:.1f} GiB of memory.")


# NIfTI


def _read_nifti(path: Path, packed: bool, most_bytes: int | None) -> tuple[np.ndarray, Spacing | None]:
    raw = _unpack(path, 544) if packed else _read(path, 544)
    header = _nifti_header(path, raw)
    try:
        shape, dtype, offset = header.get_data_shape(), header.get_data_dtype(), int(header["vox_offset"])
    except (HeaderDataError, KeyError, ValueError, OverflowError):
        raise FormatError(f"{path.name} has a damaged NIfTI header.") from None
    if dtype.kind not in "iuf":
        raise UnsupportedFormat(f"{path.name} holds {dtype} values; only grey pictures are read from NIfTI.")
    frames_shape = _nifti_frames_shape(path, shape)
    pixels = _count_bytes(path, shape, dtype)
    need = offset + pixels
    _keep_within(path, 2 * need + (16 * math.prod(shape) if _scales(header) else 0), most_bytes)
    if offset < len(header.binaryblock):
        raise FormatError(f"{path.name} has a damaged NIfTI header.")
    raw = _unpack(path, need) if packed else _read(path, need)
    if len(raw) < need:
        raise FormatError(f"{path.name} is cut off: {len(raw)} of {need} bytes are there.")
    with np.errstate(all="ignore"):  # a scale that is no number makes values that are none
        values = header.data_from_fileobj(io.BytesIO(raw))
    del raw  # the next line copies
    frames = np.ascontiguousarray(values.reshape(frames_shape, order="F").T)
    mm = _MM_PER_NIFTI_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    spacing = _spacing(*(float(side) * mm for side in header["pixdim"][1:3]))
    return frames.astype(frames.dtype.newbyteorder("="), copy=False), spacing


def _scales(header: nib.Nifti1Header) -> bool:
    """Whether the values are brought to float64."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    return math.isfinite(slope) and slope != 0 and (slope, intercept) != (1, 0)


def _nifti_header(path: Path, raw: bytes) -> nib.Nifti1Header:
    if raw[344:348] == b"ni1\0" or raw[4:8] == b"ni2\0":
        raise UnsupportedFormat(f"{path.name} is a NIfTI header with its pixels in another file.")
    kind, size = (nib.Nifti2Header, 540) if raw[4:8] == b"n+2\0" else (nib.Nifti1Header, 348)
    if len(raw) < size:
        raise FormatError(f"{path.name} is cut off within its header.")
    # Unchecked, because nibabel's check would turn a zero pixel size into 1 mm without a word.
    return kind(raw[:size], check=False)


def _nifti_frames_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(W,H,T) of a 2-D sequence; time may be the third axis (CAMUS) or the fourth (the standard)."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) == 2:
        return shape[0], shape[1], 1
    if len(shape) == 3:
        return shape
    if len(shape) == 4 and shape[2] == 1:
        return shape[0], shape[1], shape[3]
    raise UnsupportedFormat(f"{path.name} holds a picture of {len(shape)} dimensions, not a 2-D sequence.")


def _unpack(path: Path, count: int) -> bytes:
    """At most `count` bytes of a gzip file, taken in small steps so that a lying header costs nothing."""
    parts: list[bytes] = []
    held = 0
    try:
        with gzip.open(path, "rb") as file:
            while held < count and (part := file.read(min(count - held, 2**20))):
                parts.append(part)
                held += len(part)
    except (EOFError, OSError, zlib.error):
        raise FormatError(f"{path.name} is cut off or damaged within its gzip data.") from None
    return b"".join(parts)


# MetaImage


def _read_meta(path: Path, head: bytes, most_bytes: int | None) -> tuple[np.ndarray, Spacing | None]:
    fields, local_start = _parse_meta(path, head)
    shape, dtype = _meta_layout(path, fields)
    need = _count_bytes(path, shape, dtype)
    source = _meta_data_path(path, fields)
    if source != path and not source.is_file():
        raise FormatError(f"{path.name} needs {source.name} beside it, and that file is missing.")
    _keep_within(path, 2 * need + 2 * source.stat().st_size, most_bytes)
    data = _read(source)
    data = _meta_pixels(source, fields, data[local_start:] if source == path else data, need)
    width, height, *rest = shape
    frames = np.frombuffer(data, dtype).reshape(math.prod(rest), height, width)
    return frames.astype(dtype.newbyteorder("=")), _meta_spacing(fields)


def _parse_meta(path: Path, raw: bytes) -> tuple[dict[str, str], int]:
    """The header's fields, and where the pixels of a one-file MetaImage begin."""
    fields: dict[str, str] = {}
    start = 0
    while start < len(raw) and len(fields) < 200:
        end = raw.find(b"\n", start, start + 4096)
        end = len(raw) if end < 0 else end
        key, _, value = raw[start:end].decode("latin-1").partition("=")
        fields[key.strip()] = value.strip()
        start = end + 1
        if key.strip() == "ElementDataFile":  # by definition the last field
            return fields, start
    raise FormatError(f"{path.name} is a MetaImage header without ElementDataFile: it is cut off.")


def _meta_layout(path: Path, fields: dict[str, str]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape, x first, and dtype with the file's byte order."""
    try:
        shape = tuple(int(side) for side in fields["DimSize"].split())
        dims = int(fields["NDims"])
        channels = int(fields.get("ElementNumberOfChannels", "1"))
        kind = fields["ElementType"]
    except (KeyError, ValueError):
        raise FormatError(f"{path.name} has a damaged MetaImage header.") from None
    if len(shape) != dims:
        raise FormatError(f"{path.name} names {dims} dimensions but gives {len(shape)} sizes.")
    if not (2 <= dims <= 3 or (dims == 4 and 1 in shape[2:])) or channels != 1:
        raise UnsupportedFormat(f"{path.name} is not a grey 2-D sequence.")
    if kind not in _META_TYPES:
        raise UnsupportedFormat(f"{path.name} holds values of the type {kind[:20]}, which is not read.")
    if fields.get("BinaryData", "True").lower() != "true":
        raise UnsupportedFormat(f"{path.name} holds its pixels as text, which is not read.")
    most_first = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False"))
    order = ">" if most_first.lower() == "true" else "<"
    return shape, np.dtype(_META_TYPES[kind]).newbyteorder(order)


def _meta_data_path(path: Path, fields: dict[str, str]) -> Path:
    name = fields["ElementDataFile"]
    if name.upper() == "LOCAL":
        return path
    if not name or name.upper().startswith("LIST") or "%" in name:
        raise UnsupportedFormat(f"{path.name} spreads its pixels over several files, which is not read.")
    relative = Path(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts or ":" in name:
        raise FormatError(f"{path.name} names a pixel file outside its own folder.")
    return path.parent / relative


def _meta_pixels(source: Path, fields: dict[str, str], data: bytes, need: int) -> bytes:
    """Exactly `need` bytes of pixels: unpacked, and without a header in front of them."""
    if fields.get("CompressedData", "False").lower() == "true":
        try:
            data = zlib.decompressobj(wbits=47).decompress(data, need)
        except zlib.error:
            raise FormatError(f"{source.name} is damaged within its compressed pixels.") from None
    else:
        skip = fields.get("HeaderSize", "0")
        if not re.fullmatch(r"-1|\d{1,9}", skip):
            raise FormatError(f"{source.name} has a header of unknown size before its pixels.")
        data = data[max(len(data) - need, 0) :] if skip == "-1" else data[int(skip) :]
    if len(data) < need:
        raise FormatError(f"{source.name} is cut off: {len(data)} of {need} bytes of pixels are there.")
    return data[:need]


def _meta_spacing(fields: dict[str, str]) -> Spacing | None:
    parts = fields.get("ElementSpacing", fields.get("ElementSize", "")).split()
    try:
        return _spacing(float(parts[0]), float(parts[1]))
    except (IndexError, ValueError):
        return None
