"""Lossless JPEG: our decoder against an encoder written from the standard, against libjpeg, and against real files."""

from __future__ import annotations

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from echoview.io.jpeg_lossless import decode_lossless

CHANCE = np.random.default_rng(5)
SMOOTH = (np.add.outer(np.arange(48) * 9, np.arange(64) * 5) % 256).astype(np.uint8)
NOISE = CHANCE.integers(0, 256, (48, 64)).astype(np.uint8)
DEEP = CHANCE.integers(0, 65536, (31, 23)).astype(np.uint16)
DEEP[0, :4] = 0, 32768, 0, 65535  # the one difference that no number follows


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("frame", [SMOOTH, NOISE, DEEP], ids=["smooth", "noise", "deep"])
def test_every_predictor(frame, predictor, encode):
    stored = encode.lossless_jpeg(frame, predictor)
    np.testing.assert_array_equal(decode_lossless(stored, *frame.shape, 1), frame)


@pytest.mark.parametrize("predictor", range(1, 8))
def test_libjpeg_reads_what_the_encoder_of_the_tests_writes(predictor, encode):
    stored = np.frombuffer(encode.lossless_jpeg(NOISE, predictor), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(stored, cv2.IMREAD_UNCHANGED), NOISE)


@pytest.mark.parametrize("options", [{}, {"restart": 7}, {"apart": True}, {"apart": True, "restart": 7}])
def test_colours(options, encode, colour_frames):
    stored = encode.lossless_jpeg(colour_frames[2], **options)
    np.testing.assert_array_equal(decode_lossless(stored, *colour_frames.shape[1:]), colour_frames[2])


def test_restarts_and_the_point_transform(encode):
    np.testing.assert_array_equal(decode_lossless(encode.lossless_jpeg(DEEP, 4, restart=5), *DEEP.shape, 1), DEEP)
    shifted = decode_lossless(encode.lossless_jpeg(DEEP, shift=3), *DEEP.shape, 1)
    np.testing.assert_array_equal(shifted, DEEP >> 3 << 3)


def test_a_picture_larger_than_one_piece_of_codes(encode):
    large = CHANCE.integers(0, 65536, (300, 400)).astype(np.uint16)
    stored = encode.lossless_jpeg(large)
    assert len(stored) > 3 * 2**16
    np.testing.assert_array_equal(decode_lossless(stored, 300, 400, 1), large)


def test_a_real_file_of_8_bits_against_libjpeg(bundled):
    dataset = pydicom.dcmread(bundled("JPGLosslessP14SV1_1s_1f_8b.dcm"))
    stored = next(generate_frames(dataset.PixelData, number_of_frames=1))
    expected = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decode_lossless(stored, dataset.Rows, dataset.Columns, 1), expected)


def test_a_real_file_of_16_bits(bundled):
    dataset = pydicom.dcmread(bundled("JPEG-LL.dcm"))
    stored = next(generate_frames(dataset.PixelData, number_of_frames=1))
    values = decode_lossless(stored, 1024, 256, 1)
    assert int(values.sum()) == 3596452  # what GDCM 3.2.6 decodes
    assert (values.min(), values.max()) == (0, 278)


def test_damage_raises_and_nothing_else(encode):
    whole = encode.lossless_jpeg(NOISE, restart=7)
    for cut in range(0, len(whole) - 2, 61):
        with pytest.raises((ValueError, IndexError, KeyError)):
            decode_lossless(whole[:cut], 48, 64, 1)
    with pytest.raises(ValueError, match="size"):
        decode_lossless(whole, 48, 65, 1)
    with pytest.raises(ValueError, match="no lossless"):
        decode_lossless(cv2.imencode(".jpg", NOISE)[1].tobytes(), 48, 64, 1)
