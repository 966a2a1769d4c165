"""DICOM cines: frames are decoded when asked for, from the file's bytes, which are held where they are not too many."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from pydicom.uid import UID

from echoview.domain.cine import Cine, CineInfo, FrameSource
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.colour import DOPPLER, central_box, shows_flow
from echoview.io.decoders import choose_decoder
from echoview.io.dicom_header import DicomFile, Header, parse_dicom
from echoview.io.dicom_heart import read_ecg, read_heart_rate, read_r_waves
from echoview.io.dicom_meta import (
    other_modality,
    patient_key,
    patient_label,
    read_timing,
    read_view,
    study_date,
    vendor,
)
from echoview.io.dicom_pixels import PixelElement, Span, find_pixels, group_frames, read_items
from echoview.io.dicom_regions import Box, read_regions
from echoview.io.frames import DicomFrames, PixelFormat, StoredFrame, read_native
from echoview.io.longfile import FileBytes, Pieces, read_file
from echoview.io.naming import title_of
from echoview.io.shades import choose_show
from echoview.io.video import VideoFrames, open_stream, video_timing

_MAX_PIXELS = 2**24  # 16 Mpx: no scanner makes larger frames
_PHOTOMETRIC = {
    1: ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"),
    3: ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_RCT", "YBR_ICT"),
}
_MPEG_PREFIX = "1.2.840.10008.1.2.4.10"  # MPEG-2, MPEG-4 and HEVC: ....4.100 to ....4.108
_AGAIN = "Export it again from the scanner or the archive."


def open_dicom(path: Path, secret: bytes) -> Cine:
    """Open an ultrasound cine, a still, or any other plain 2-D DICOM picture.

    Args:
        path: the file.
        secret: the key under which the patient's ID is hashed.

    Raises:
        CineUnreadable: damaged, cut off before the end of the first frame, or without pictures.
        CineUnsupported: a compression or pixel layout that is not read.
    """
    data, content_hash = read_file(path)
    file = parse_dicom(path.name, data)
    header, pixels = file.header, find_pixels(path.name, file)
    promised = header.integer("NumberOfFrames", 0) if header.has("NumberOfFrames") else 1
    if file.syntax.startswith(_MPEG_PREFIX):
        source, count, size = _open_mpeg(path.name, file, pixels)
    else:
        source, count, size = _open_frames(path.name, file, pixels, promised)
    regions = read_regions(header, *size)
    timing = read_timing(header, count, promised)
    if isinstance(source, VideoFrames) and not timing.known:
        timing = video_timing(source)
    info = CineInfo(
        size=size,
        times_s=timing.times_s,
        timing_known=timing.known,
        timing_note=timing.note,
        identity=header.text("SOPInstanceUID") or content_hash,
        content_hash=content_hash,
        kind="dicom",
        calibration=regions.calibration,
        calibration_note=regions.note,
        view_hint=read_view(header),
        withheld=_no_echo(header)
        or regions.withheld
        or _flow_in_pixels(source, count, regions.box or central_box(*size)),
        region_px=regions.box,
        patient_key=patient_key(header, secret),
        vendor=vendor(header),
        patient_label=patient_label(header),
        study_date=study_date(header),
        title=title_of(path.name, header.integer("SeriesNumber"), header.integer("InstanceNumber")),
        notes=_count_notes(promised, count),
        missing=max(promised - count, 0),
        r_waves_s=read_r_waves(header, timing.times_s),
        heart_rate=read_heart_rate(header),
        ecg=read_ecg(header),
        regions=regions.pictures,
    )
    return Cine(info, source)


def read_format(name: str, header: Header, syntax: UID, little: bool) -> PixelFormat:
    """The pixel layout that the header gives, refused here where it makes no sense.

    Raises:
        CineUnreadable: sizes are missing or absurd.
        CineUnsupported: a layout that is sound but not read.
    """
    samples = header.integer("SamplesPerPixel", 1)
    photometric = header.text("PhotometricInterpretation").upper() or ("RGB" if samples == 3 else "MONOCHROME2")
    if syntax.is_compressed and photometric.startswith("YBR_PARTIAL"):
        photometric = "YBR_FULL_422"  # a name from MPEG, also written over JPEG, which knows the full range only
    form = PixelFormat(
        rows=header.integer("Rows"),
        columns=header.integer("Columns"),
        samples=samples,
        photometric=photometric,
        planar=header.integer("PlanarConfiguration"),
        bits_allocated=header.integer("BitsAllocated", 8),
        bits_stored=header.integer("BitsStored", header.integer("BitsAllocated", 8)),
        signed=header.integer("PixelRepresentation") == 1,
        little=little,
        syntax=syntax,
    )
    if form.rows < 1 or form.columns < 1:
        raise CineUnreadable(f"{name} does not say how large its pictures are.", _AGAIN)
    if form.rows * form.columns > _MAX_PIXELS:
        size = f"{form.columns} × {form.rows}"
        raise CineUnreadable(f"{name} claims frames of {size} pixels, which no scanner makes.", _AGAIN)
    hint = "Export it again as 8-bit grey or RGB."
    if form.photometric not in _PHOTOMETRIC.get(form.samples, ()):
        what = f"{form.samples} values a pixel as “{form.photometric[:20]}”"
        raise CineUnsupported(f"{name} stores {what}, which is not read here.", hint)
    depths = (8,) if form.unshared == "YBR_PARTIAL" else (8, 16)
    if form.bits_allocated not in depths or not 1 <= form.bits_stored <= form.bits_allocated:
        bits = f"{form.bits_stored} of {form.bits_allocated} bits"
        raise CineUnsupported(f"{name} stores its pixels in {bits}, which is not read here.", hint)
    if form.subsampled and not syntax.is_compressed and form.columns % 2:
        raise CineUnreadable(f"{name} has an odd width where colours are stored for pairs of pixels.", _AGAIN)
    return form


def _open_frames(
    name: str, file: DicomFile, pixels: PixelElement, promised: int
) -> tuple[FrameSource, int, tuple[int, int]]:
    """Source, number of complete frames, and (height, width)."""
    syntax = _check_syntax(name, file.syntax, pixels)
    form = read_format(name, file.header, syntax, file.little)
    if form.subsampled and not syntax.is_compressed:
        whole = replace(form, photometric=form.unshared)
        if pixels.body.end - pixels.body.start - promised * whole.frame_bytes in (0, 1):  # 1: padding
            form = whole  # some writers name the subsampled form and store all of it
    reader = choose_decoder(name, form) if syntax.is_compressed else partial(read_native, form=form)
    if syntax.is_compressed:
        count, stored = _locate_encapsulated(file, pixels, promised)
    else:
        count, stored = _locate_native(file, pixels, promised, form)
    if count == 0:
        raise CineUnreadable(f"{name} is cut off before the end of its first frame.", _AGAIN)
    raw = DicomFrames(name, stored, reader, np.asarray)
    show = choose_show(name, file.header, form, lambda: [raw.values(t) for t in sample_frames(count)])
    source = DicomFrames(name, stored, reader, show)
    first = source.decode(0)  # a cine whose first frame is damaged is refused now, not on the screen
    if first.shape[:2] != (form.rows, form.columns):
        raise CineUnreadable(f"{name} holds frames of another size than its header gives.", _AGAIN)
    return source, count, (form.rows, form.columns)


def _check_syntax(name: str, syntax: UID, pixels: PixelElement) -> UID:
    """The transfer syntax, where it agrees with the way the pixels are stored."""
    if not syntax:
        if pixels.encapsulated:
            raise CineUnreadable(f"{name} does not say how its pictures are compressed.", _AGAIN)
        return UID("1.2.840.10008.1.2")
    if syntax.is_private or not syntax.is_transfer_syntax:
        raise CineUnsupported(f"{name} uses the unknown transfer syntax {syntax[:64]}.", _AGAIN)
    if syntax.is_compressed != pixels.encapsulated:
        stored = "compressed" if pixels.encapsulated else "uncompressed"
        raise CineUnreadable(f"{name} says “{syntax.name}” but stores its pictures {stored}.", _AGAIN)
    return syntax


def _locate_encapsulated(file: DicomFile, pixels: PixelElement, promised: int) -> tuple[int, StoredFrame]:
    frames = group_frames(file.data, read_items(file.data, pixels.body), promised)
    if promised > 0:
        frames = frames[:promised]

    def stored(t: int) -> bytes:
        return b"".join(file.data[span.start : span.end] for span in frames[t])

    return len(frames), stored


def _locate_native(file: DicomFile, pixels: PixelElement, promised: int, form: PixelFormat) -> tuple[int, StoredFrame]:
    data, body, size = file.data, pixels.body, form.frame_bytes
    complete = (body.end - body.start) // size
    swapped = not form.little and pixels.vr == "OW" and form.bits_allocated == 8

    def stored(t: int) -> bytes:
        start = body.start + t * size
        return _swapped(data, body, start, size) if swapped else data[start : start + size]

    return (min(promised, complete) if promised > 0 else complete), stored


def _swapped(data: FileBytes, body: Span, start: int, size: int) -> bytes:
    """Bytes of a big-endian file whose 8-bit pixels are written as 16-bit words: neighbours change places."""
    odd = (start - body.start) % 2
    words = data[start - odd : start - odd + size + odd + (size + odd) % 2]
    words += b"\0" * (len(words) % 2)
    return np.frombuffer(words, np.uint16).byteswap().tobytes()[odd : odd + size]


def _open_mpeg(name: str, file: DicomFile, pixels: PixelElement) -> tuple[FrameSource, int, tuple[int, int]]:
    items = read_items(file.data, pixels.body)
    pieces = [(span.start, span.end) for span in items.pieces]
    video: VideoFrames = open_stream(name, lambda: Pieces(file.data, pieces), sum(end - start for start, end in pieces))
    return video, len(video), video.size


def sample_frames(count: int) -> list[int]:
    """A few frames spread over the cine."""
    return sorted({0, count // 4, count // 2, 3 * count // 4, count - 1})


def _no_echo(header: Header) -> str:
    modality = other_modality(header)
    return f"The file says that it is no ultrasound picture (modality {modality})." if modality else ""


def _flow_in_pixels(source: FrameSource, count: int, box: Box) -> str:
    """The Doppler sentence where the pixels show flow colours, for headers that do not mention them."""
    x0, y0, x1, y1 = box
    pictures = []
    for t in sample_frames(count):
        try:
            pictures.append(source.decode(t)[y0 : y1 + 1, x0 : x1 + 1])
        except CineUnreadable:  # told when that frame is asked for
            continue
    return DOPPLER if shows_flow(pictures) else ""


def _count_notes(promised: int, count: int) -> tuple[str, ...]:
    if promised < 1:
        return (f"The header gives no readable number of frames; {count} were found.",)
    if count < promised:
        return (f"The header promises {promised} frames, but only {count} are complete.",)
    return ()
