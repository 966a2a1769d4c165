"""Files to open: DICOM cines written here with pictures that are known, and the real ones of the packages."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import data_store
import numpy as np
import pydicom.data
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import convert_color_space
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

T, H, W = 5, 48, 64
SECRET_NAME, SECRET_ID = "Doe-Fake^Patient", "ID-4711-FAKE"

WriteDicom = Callable[..., Path]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is not part of the project."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    folder = Path(os.environ.get("ECHOVIEW_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no real data: set ECHOVIEW_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def bundled() -> Callable[[str], Path]:
    """Finds a file that ships in the packages pydicom and pydicom-data; nothing is downloaded."""
    folders = [Path(pydicom.data.__file__).parent / "test_files", Path(data_store.__file__).parent / "data"]

    def find(name: str) -> Path:
        return next(folder / name for folder in folders if (folder / name).exists())

    return find


@pytest.fixture(scope="session")
def colour_frames() -> np.ndarray:
    """(T,H,W,3) RGB uint8: coloured quarters, and a white square that moves right by 8 px a frame."""
    frames = np.zeros((T, H, W, 3), np.uint8)
    frames[:, :16, :32] = (200, 30, 20)
    frames[:, :16, 32:] = (20, 180, 40)
    frames[:, 16:32, :32] = (30, 40, 220)
    frames[:, 16:32, 32:] = (120, 120, 120)
    for t in range(T):
        frames[t, 32:48, 8 * t : 8 * t + 8] = 255
    return frames


@pytest.fixture(scope="session")
def grey_frames(colour_frames: np.ndarray) -> np.ndarray:
    """(T,H,W) uint8: the green channel of the colour frames."""
    return np.ascontiguousarray(colour_frames[..., 1])


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """Writes a cine from the stored bytes of its frames; keywords are DICOM elements, None leaves one out."""

    def write(
        stored: list[bytes],
        *,
        name: str = "cine.dcm",
        syntax: UID = ExplicitVRLittleEndian,
        vr: str = "OB",
        offset_table: bool = True,
        per_frame: int = 1,
        **elements: object,
    ) -> Path:
        dataset = Dataset()
        dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
        dataset.SOPInstanceUID = generate_uid()
        dataset.PatientName, dataset.PatientID = SECRET_NAME, SECRET_ID
        dataset.Rows, dataset.Columns = H, W
        dataset.NumberOfFrames = len(stored)
        dataset.FrameTime = "40"
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelRepresentation = 0
        dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "MONOCHROME2", 1
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
            if value is None:
                delattr(dataset, keyword)
        body = b"".join(stored)
        if syntax.is_compressed and body:
            body = encapsulate(stored, fragments_per_frame=per_frame, has_bot=offset_table)
        if stored:
            dataset.PixelData = body + b"\0" * (len(body) % 2)
            dataset["PixelData"].VR = vr
            dataset["PixelData"].is_undefined_length = syntax.is_compressed
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = tmp_path / name
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        return path

    return write


class Encode:
    """One frame of RGB (H,W,3), or of any grey (H,W), to its stored bytes."""

    @staticmethod
    def plain(frame: np.ndarray) -> bytes:
        return frame.tobytes()

    @staticmethod
    def planar(frame: np.ndarray) -> bytes:
        return np.moveaxis(frame, -1, 0).tobytes()

    @staticmethod
    def ybr_full(frame: np.ndarray) -> bytes:
        return convert_color_space(frame, "RGB", "YBR_FULL").tobytes()

    @staticmethod
    def ybr_422(frame: np.ndarray) -> bytes:
        ybr = convert_color_space(frame, "RGB", "YBR_FULL")
        pairs = [ybr[:, 0::2, 0], ybr[:, 1::2, 0], ybr[:, 0::2, 1], ybr[:, 0::2, 2]]
        return np.stack(pairs, axis=-1).tobytes()

    @staticmethod
    def swapped_words(frame: np.ndarray) -> bytes:
        return np.frombuffer(frame.tobytes(), np.uint16).byteswap().tobytes()

    @staticmethod
    def big_endian(frame: np.ndarray) -> bytes:
        return frame.astype(">u2").tobytes()

    @staticmethod
    def rle(frame: np.ndarray) -> bytes:
        colour = frame.ndim == 3
        return RLELosslessEncoder.encode(
            frame,
            rows=frame.shape[0],
            columns=frame.shape[1],
            samples_per_pixel=3 if colour else 1,
            photometric_interpretation="RGB" if colour else "MONOCHROME2",
            planar_configuration=0,
            bits_allocated=8 * frame.itemsize,
            bits_stored=8 * frame.itemsize,
            pixel_representation=0,
            number_of_frames=1,
        )

    @staticmethod
    def jpeg(frame: np.ndarray) -> bytes:
        options = [cv2.IMWRITE_JPEG_QUALITY, 97]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
        picture = frame if frame.ndim == 2 else frame[..., ::-1]
        return cv2.imencode(".jpg", picture, options)[1].tobytes()

    @staticmethod
    def jpeg_rgb(frame: np.ndarray) -> bytes:
        stream = BytesIO()
        Image.fromarray(frame).save(stream, "JPEG", quality=97, keep_rgb=True, subsampling=0)
        return stream.getvalue()

    @staticmethod
    def jpeg_2000(frame: np.ndarray) -> bytes:
        stream = BytesIO()
        Image.fromarray(frame).save(stream, "JPEG2000", no_jp2=True, mct=int(frame.ndim == 3))
        return stream.getvalue()

    @staticmethod
    def jpeg_ls(frame: np.ndarray, lossy: int = 0) -> bytes:
        import jpeg_ls

        layout = {"rows": frame.shape[0], "columns": frame.shape[1], "samples_per_pixel": 3 if frame.ndim == 3 else 1}
        layout |= {"bits_stored": 8 * frame.itemsize, "planar_configuration": 0}
        return bytes(jpeg_ls.encode_pixel_data(frame.tobytes(), lossy_error=lossy, **layout))

    @staticmethod
    def lossless_jpeg(
        frame: np.ndarray,
        predictor: int = 1,
        restart: int = 0,
        shift: int = 0,
        apart: bool = False,
        jfif: bool = False,
        first: int = 1,
    ) -> bytes:
        """Rows between restarts; low bits lost; a scan a component; a JFIF marker; the first component's name."""
        planes = frame[..., None] if frame.ndim == 2 else frame
        height, width, count = planes.shape
        bits = 8 * frame.itemsize
        out = b"\xff\xd8" + (_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") if jfif else b"")
        sides = bytes([bits, *height.to_bytes(2, "big"), *width.to_bytes(2, "big"), count])
        out += _segment(0xC3, sides + b"".join(bytes([i + first, 0x11, 0]) for i in range(count)))
        out += _segment(0xC4, bytes([0, *[0] * 5, 17, *[0] * 10, *range(17)]))  # category n has the 6-bit code n
        out += _segment(0xDD, (restart * width).to_bytes(2, "big")) if restart else b""
        rows = restart or height
        for group in [[i] for i in range(count)] if apart else [list(range(count))]:
            names = b"".join(bytes([i + first, 0]) for i in group)
            out += _segment(0xDA, bytes([len(group)]) + names + bytes([predictor, 0, shift]))
            for turn, top in enumerate(range(0, height, rows)):
                part = planes[top : top + rows][:, :, group].astype(np.int64) >> shift
                out += bytes([0xFF, 0xD0 + (turn - 1) % 8]) if turn else b""
                out += _entropy(_differences(part, predictor, 1 << (bits - shift - 1)))
        return out + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _differences(part: np.ndarray, predictor: int, base: int) -> np.ndarray:
    """Each sample of (H,W,C) minus its prediction, in -32767..32768."""
    left, above, corner = (np.zeros_like(part) for _ in range(3))
    left[:, 1:], above[1:], corner[1:, 1:] = part[:, :-1], part[:-1], part[:-1, :-1]
    guess = {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + ((above - corner) >> 1),
        6: above + ((left - corner) >> 1),
        7: (left + above) >> 1,
    }[predictor].copy()
    guess[0], guess[:, 0] = left[0], above[:, 0]
    guess[0, 0] = base
    steps = (part - guess) & 0xFFFF
    return np.where(steps > 32768, steps - 65536, steps)


def _entropy(steps: np.ndarray) -> bytes:
    words: list[str] = []
    for step in steps.ravel().tolist():
        category = abs(step).bit_length()
        words.append(f"{category:06b}")
        if 0 < category < 16:
            words.append(f"{step if step > 0 else step + (1 << category) - 1:0{category}b}")
    bits = "".join(words)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


@pytest.fixture(scope="session")
def encode() -> type[Encode]:
    return Encode


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """Writes (T,H,W,3) RGB frames as a video; the container follows the name."""

    def write(frames: np.ndarray, name: str = "cine.avi", fps: float = 25.0) -> Path:
        path = tmp_path / name
        codecs = {".avi": "MJPG", ".wmv": "WMV2", ".mpg": "MPG2", ".webm": "VP80"}
        codec = cv2.VideoWriter.fourcc(*codecs.get(path.suffix, "mp4v"))
        writer = cv2.VideoWriter(str(path), codec, fps, frames.shape[2:0:-1])
        assert writer.isOpened()
        for frame in frames:
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
        writer.release()
        return path

    return write
