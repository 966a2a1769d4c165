"""12-bit lossy JPEG: real files, what libjpeg-turbo writes in 8 bits, damage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames

from echoview.io import open_cine
from echoview.io.jpeg_extended import decode_extended


def stored(path) -> bytes:
    return next(generate_frames(dcmread(path).PixelData))


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_the_real_files_open_with_the_values_that_libjpeg_gives(bundled, name) -> None:
    values = decode_extended(stored(bundled(name)), 1024, 256)
    assert values.dtype == np.uint16
    for at, expected in {(420, 140): 244, (230, 120): 95, (512, 128): 14, (900, 60): 1}.items():
        assert values[at] == pytest.approx(expected, abs=1)
    assert (values.min(), values.max()) == (0, 264)
    assert values.mean() == pytest.approx(14.383, abs=0.05)
    shown = open_cine(bundled(name)).frame(0)
    assert (shown.shape, shown.dtype) == ((1024, 256), np.uint8)
    assert shown.std() > 10


@pytest.mark.parametrize("restart", [0, 3])
@pytest.mark.parametrize("size", [(48, 64), (45, 61)])
def test_it_agrees_with_libjpeg_turbo(size, restart) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (12, 16)).astype(np.uint8)
    picture = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_CUBIC)
    settings = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_RST_INTERVAL, restart]
    written = cv2.imencode(".jpg", picture, settings)[1].tobytes()
    as_extended = written.replace(b"\xff\xc0", b"\xff\xc1", 1)
    theirs = cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_GRAYSCALE).astype(int)
    assert np.abs(decode_extended(as_extended, *size) - theirs).max() <= 1


def test_damage_is_a_value_error_or_a_picture(bundled) -> None:
    whole = stored(bundled("JPGExtended.dcm"))
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        bad = bytearray(whole)
        for place in random.integers(2, len(bad), 3):
            bad[place] = random.integers(256)
        try:
            decode_extended(bytes(bad), 1024, 256)
        except ValueError:
            refused += 1
    assert refused
    for share in (0.05, 0.3, 0.9):
        with pytest.raises(ValueError, match=r"cut off|damaged"):
            decode_extended(whole[: int(share * len(whole))], 1024, 256)
    with pytest.raises(ValueError, match="size"):
        decode_extended(whole, 1024, 255)
