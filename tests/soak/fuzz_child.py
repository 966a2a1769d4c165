"""Opens damaged files: python fuzz_child.py TARGET SEED COUNT SECONDS FOLDER

Ends after COUNT inputs or SECONDS, whatever comes first. The process may die of an input: `FOLDER/last` then holds it.
It ends with 1 and an account of the first input that raised anything but a refusal, took longer than it may, or needed
too much memory.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import random
import resource
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

import cv2
import data_store
import numpy as np
import pydicom.data
from mpeg_seeds import BARE, wrap, write_mpeg
from PIL import Image

from echoview.errors import EchoViewError
from echoview.io import open_cine
from echoview.io.decoders import choose_decoder
from echoview.io.dicom import read_format
from echoview.io.dicom_header import parse_dicom
from echoview.io.dicom_pixels import find_pixels, group_frames, read_items
from echoview.io.jpeg_lossless import decode_lossless
from echoview.io.listing import list_cines
from ral.formats import write_nifti

SLOWEST_S = 5.0  # of the processor: a busy machine is no fault
MOST_BYTES = 2**30
STUCK_S = 120  # after so long by the clock the traceback is shown and the process ends
DECODERS = {
    "jpeg": ("4.50", "4.51", "4.57", "4.70"),
    "lossless": ("4.57", "4.70"),
    "jpeg-ls": ("4.80", "4.81"),
    "jpeg-2000": ("4.90", "4.91"),
    "rle": ("5",),
}
EXTREMES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0\0",
    b"\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
)

VIDEOS = (
    *(("x.avi", "MJPG"), ("y.avi", "XVID"), ("x.mp4", "mp4v"), ("x.mov", "MJPG"), ("x.mkv", "mp4v")),
    *(("x.wmv", "WMV2"), ("x.mpg", "MPG2"), ("x.webm", "VP80")),
)
SIDES = (0, 1, 2, 7, 63, 256, 4096, 30_000, 65_535)
LIES: dict[str, tuple] = {
    "Rows": SIDES,
    "Columns": SIDES,
    "NumberOfFrames": (None, "0", "-5", "1", "2", "77", "100000", "2147483647", "999999999999"),
    "SamplesPerPixel": (None, 0, 1, 2, 3, 4, 65_535),
    "BitsAllocated": (None, 0, 1, 8, 12, 16, 32, 64),
    "BitsStored": (None, 0, 1, 7, 8, 10, 12, 16, 32),
    "PixelRepresentation": (None, 0, 1, 9),
    "PlanarConfiguration": (None, 0, 1, 2),
    "PhotometricInterpretation": (
        *(None, "", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "PALETTE COLOR"),
        *("MONOCHROME1", "MONOCHROME2", "CMYK"),
    ),
    "FrameTime": (None, "0", "-1", "1e300", "33"),
    "FrameTimeVector": ([0], [0, 33, 33], [0, -33, 33], ["1e300"] * 3),
    "WindowWidth": ("0", "1", "-4", "1e300", "0.001"),
    "WindowCenter": ("0", "1e300", "-1e300"),
    "RescaleSlope": ("0", "1e-300", "-1"),
    "RWaveTimeVector": ([0.0], [float("nan"), 1e30], [-1.0, 5.0]),
    "PixelSpacing": (["0", "0"], ["1e300", "1"], ["1"]),
    "RedPaletteColorLookupTableDescriptor": ([0, 0, 16], [256, 0, 8], [1, 65_535, 16], [256, 0]),
    "SequenceOfUltrasoundRegions": ([], [pydicom.Dataset()]),
}

Attempt = Callable[[random.Random], None]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The same bytes, hurt: cut off, bits turned over, numbers made extreme, pieces taken out, doubled or swapped."""
    hurt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not hurt:
            break
        # Headers stand at the beginning and decide the most.
        reach = len(hurt) if chance.random() < 0.4 else min(len(hurt), chance.choice((64, 400, 2000)))
        at = chance.randrange(reach)
        span = chance.choice((1, 2, 4, 16, 200, 3000))
        match chance.randrange(7):
            case 0:
                del hurt[chance.randrange(len(hurt)) :]
            case 1:
                hurt[at] ^= 1 << chance.randrange(8)
            case 2:
                hurt[at] = chance.randrange(256)
            case 3:
                extreme = chance.choice(EXTREMES)
                hurt[at : at + len(extreme)] = extreme
            case 4:
                del hurt[at : at + span]
            case 5:
                hurt[at:at] = hurt[at : at + span]
            case 6:
                other = chance.randrange(len(hurt))
                hurt[at : at + span] = hurt[other : other + span]
    return bytes(hurt)


def real_files(most: int) -> Iterator[Path]:
    """The files of at most so many bytes that ship in pydicom and pydicom-data."""
    for folder in (Path(pydicom.data.__file__).parent / "test_files", Path(data_store.__file__).parent / "data"):
        yield from (p for p in sorted(folder.iterdir()) if p.is_file() and p.stat().st_size <= most)


def decoder_target(target: str, last: Path) -> Attempt:
    """Frames of the real files in the syntaxes of this target, hurt, given to their decoder as a cine gives them."""
    seeds = []
    for path in real_files(10**6):
        try:
            file = parse_dicom(path.name, path.read_bytes())
            if not str(file.syntax).startswith(tuple(f"1.2.840.10008.1.2.{end}" for end in DECODERS[target])):
                continue
            form = read_format(path.name, file.header, file.syntax, file.little)
            items = read_items(file.data, find_pixels(path.name, file).body)
        except EchoViewError:
            continue
        frame = b"".join(file.data[span.start : span.end] for span in group_frames(file.data, items, 1)[0])
        if len(frame) < 300_000:
            seeds.append((frame, form))
    assert seeds

    def attempt(chance: random.Random) -> None:
        stored, form = chance.choice(seeds)
        if chance.random() < 0.3:  # a header that lies
            photometric = chance.choice(("RGB", "YBR_FULL", "YBR_FULL_422", "MONOCHROME2"))
            samples = 1 if photometric == "MONOCHROME2" else 3
            form = dataclasses.replace(form, photometric=photometric, samples=samples, signed=chance.random() < 0.5)
        stored = mutate(stored, chance)
        last.write_bytes(stored)
        try:
            if target == "lossless":  # our own, also where a library would be asked
                decode_lossless(stored, form.rows, form.columns, form.samples)
            else:
                choose_decoder("fuzz", form)(stored)
        except Exception:  # a cine calls any of them a damaged frame
            return

    return attempt


def file_target(last: Path, real: bool) -> Attempt:
    """Whole files, hurt, opened and played: the real ones of the packages, or videos, pictures and volumes."""
    paths = real_files(150_000) if real else sorted(write_others(last.parent))
    seeds = [(path.suffix, path.read_bytes()) for path in paths]

    def attempt(chance: random.Random) -> None:
        suffix, data = chance.choice(seeds)
        last.write_bytes(mutate(data, chance))
        play(last, suffix)

    return attempt


def mpeg_target(last: Path) -> Attempt:
    """H.264, HEVC and MPEG-2, hurt, in their own files and within DICOM files whose headers are sound."""
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg
    seeds = [(path.suffix, path.read_bytes(), syntax) for path, syntax in write_mpeg(ffmpeg, last.parent)]
    for suffix, stream, syntax in seeds:  # all of them can be read while they are whole
        last.write_bytes(wrap(stream, syntax) if syntax else stream)
        assert len(open_cine(_named(last, ".dcm" if syntax else suffix))) == 80

    def attempt(chance: random.Random) -> None:
        suffix, stream, syntax = chance.choice(seeds)
        stream = mutate(stream, chance)
        within = syntax is not None and (suffix in BARE or chance.random() < 0.5)
        last.write_bytes(wrap(stream, syntax) if within else stream)
        play(last, ".dcm" if within else suffix, jump=True)

    return attempt


def header_target(last: Path) -> Attempt:
    """DICOM files whose bytes are sound and whose headers lie."""
    seeds = []
    for path in real_files(150_000):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True)
            if "PixelData" in dataset and dataset.file_meta.get("TransferSyntaxUID"):
                seeds.append(path.read_bytes())
    assert seeds
    last.write_bytes(seeds[0])

    def attempt(chance: random.Random) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(BytesIO(chance.choice(seeds)), force=True)
            for keyword in chance.sample(sorted(LIES), chance.randint(1, 4)):
                value = chance.choice(LIES[keyword])
                if value is None:
                    dataset.pop(keyword, None)
                else:
                    setattr(dataset, keyword, value)
            if chance.random() < 0.2:
                dataset.file_meta.TransferSyntaxUID = chance.choice(pydicom.uid.AllTransferSyntaxes)
            try:
                dataset.save_as(last, implicit_vr=dataset.original_encoding[0], little_endian=True, overwrite=True)
            except Exception:  # pydicom refuses to write some of it
                return
        play(last, ".dcm")

    return attempt


def play(last: Path, suffix: str, jump: bool = False) -> None:
    """Open a copy with this suffix, look at some frames, also far from each other where asked, list it."""
    named = _named(last, suffix)
    try:
        cine = open_cine(named)
        for t in [*range(min(len(cine), 4)), *((len(cine) - 1, 0) if jump else ())]:
            picture = cine.frame(t)
            assert picture.shape[:2] == cine.size
            assert picture.dtype == np.uint8
    except EchoViewError as error:
        check_words(error, last.parent)
    for listed in list_cines(named, lambda: False):
        assert listed.frames >= 0
    named.unlink()


def _named(last: Path, suffix: str) -> Path:
    named = last.parent / "input" / f"last{suffix}"
    named.parent.mkdir(exist_ok=True)
    named.write_bytes(last.read_bytes())
    return named


def check_words(refusal: EchoViewError, folder: Path) -> None:
    """A refusal is a sentence, and tells nobody where the file lies."""
    assert refusal.message.endswith(".")
    assert str(folder) not in str(refusal)


def write_others(folder: Path) -> Iterator[Path]:
    """Small files of the kinds that the packages do not hold."""
    (folder / "input").mkdir(exist_ok=True)
    frames = np.random.default_rng(1).integers(0, 256, (6, 48, 64)).astype(np.uint8)
    for name, codec in VIDEOS:
        writer = cv2.VideoWriter(str(folder / name), cv2.VideoWriter.fourcc(*codec), 25, (64, 48))
        for frame in frames:
            writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
        writer.release()
        yield folder / name
    for name in ("x.nii", "x.nii.gz"):
        write_nifti(folder / name, frames, (0.3, 0.3))
        yield folder / name
    header = "ObjectType = Image\nNDims = 3\nDimSize = 64 48 6\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    (folder / "x.mha").write_bytes(header.encode() + frames.tobytes())
    yield folder / "x.mha"
    pictures = [Image.fromarray(frame) for frame in frames]
    for name in ("x.gif", "x.tif", "x.png", "x.jpg"):
        many = {"save_all": True, "append_images": pictures[1:]} if name in ("x.gif", "x.tif") else {}
        pictures[0].save(folder / name, **many)
        yield folder / name


def used_bytes() -> int:
    """The most memory that this process has held; `getrusage` counts what its parent held before it on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * next(int(line.split()[1]) for line in status.read_text().splitlines() if line[:6] == "VmHWM:")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(target: str, seed: str, count: str, seconds: str, folder: str) -> int:
    warnings.simplefilter("error")
    last = Path(folder) / "last"
    whole = {"files": partial(file_target, real=True), "others": partial(file_target, real=False)}
    whole |= {"headers": header_target, "mpeg": mpeg_target}
    attempt = whole[target](last) if target in whole else decoder_target(target, last)
    end = time.monotonic() + float(seconds)
    slowest = 0.0
    tried = 0
    while tried < int(count) and time.monotonic() < end:
        faulthandler.dump_traceback_later(STUCK_S, exit=True)
        start, held = time.process_time(), used_bytes()
        attempt(random.Random(f"{seed}-{tried}"))
        took = time.process_time() - start
        if took > slowest:
            slowest = took
            last.with_name("slowest").write_bytes(last.read_bytes())
        if used_bytes() - held > 100 * 2**20:
            last.with_name("largest").write_bytes(last.read_bytes())
        assert took < SLOWEST_S, f"input {tried} took {took:.1f} s"
        assert used_bytes() < MOST_BYTES, f"input {tried} needed {(used_bytes() - held) / 2**20:.0f} MB more"
        tried += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"{target}: {tried} inputs, slowest {slowest:.2f} s, {used_bytes() / 2**20:.0f} MB")
    return 0


if __name__ == "__main__":
    faulthandler.enable()
    raise SystemExit(main(*sys.argv[1:]))
