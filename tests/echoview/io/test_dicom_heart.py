"""R waves, heart rate and ECG: read where they are sound, passed over where they are not."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from echoview.io import open_cine

BEAT = (1000 * np.sin(np.arange(200) / 9)).astype(np.int16)


@pytest.fixture
def open_with(write_dicom, grey_frames):
    """Opens a five-frame cine, 40 ms a frame, with these header elements."""
    return lambda **elements: open_cine(write_dicom([f.tobytes() for f in grey_frames], **elements)).info


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, ()),
        ({"RWaveTimeVector": [30.0, 120.0]}, (0.03, 0.12)),
        ({"RWaveTimeVector": [120.0, 30.0, 30.0, 900.0, -5.0, float("nan")]}, (0.03, 0.12)),
        ({"RWavePointer": [2, 4, 99]}, (0.04, 0.12)),
        ({"RWaveTimeVector": [10.0], "RWavePointer": [4]}, (0.01,)),
    ],
)
def test_r_waves(elements, expected, open_with):
    assert open_with(**elements).r_waves_s == pytest.approx(expected)


@pytest.mark.parametrize(("value", "rate"), [("72", 72.0), ("0", None), ("999", None), (None, None)])
def test_heart_rate(value, rate, open_with):
    assert open_with(**({"HeartRate": value} if value else {})).heart_rate == rate


def waveform(label: str = "Lead II", **changes: object) -> Dataset:
    lead, source = Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "5.6.3-9-2", "SCPECG", label
    lead.ChannelSourceSequence = [source]
    lead.ChannelSensitivity, lead.ChannelBaseline, lead.ChannelSensitivityCorrectionFactor = "0.5", "0", "1"
    group = Dataset()
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = 1, len(BEAT)
    group.SamplingFrequency, group.MultiplexGroupTimeOffset = "500", "-20"
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = [lead]
    group.add_new(0x54001010, "OW", BEAT.tobytes())
    for keyword, value in changes.items():
        setattr(group, keyword, value)
    return group


def test_an_ecg_from_a_waveform(open_with):
    ecg = open_with(WaveformSequence=[waveform("Respiration"), waveform()]).ecg
    assert (ecg.start_s, ecg.rate_hz) == (-0.02, 500)
    np.testing.assert_allclose(ecg.values, BEAT * 0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"SamplingFrequency": "0"},
        {"NumberOfWaveformSamples": 4_000_000_000},
        {"NumberOfWaveformSamples": 201},
        {"WaveformSampleInterpretation": "ZZ"},
        {"MultiplexGroupTimeOffset": "1e99"},
        {"ChannelDefinitionSequence": []},
    ],
)
def test_a_damaged_waveform_is_passed_over(changes, open_with):
    assert open_with(WaveformSequence=[waveform(**changes)]).ecg is None


PAIRS = np.stack([20 + 4.0 * np.arange(200), BEAT], axis=1).astype("<f4")
CURVE = {
    0x50020005: ("US", 2),
    0x50020010: ("US", len(BEAT)),
    0x50020020: ("CS", "ECG"),
    0x50020030: ("SH", ["MSEC", "NONE"]),
    0x50020103: ("US", 1),
    0x50020110: ("US", [0, 1]),
    0x50020112: ("US", [12, 0]),
    0x50020114: ("US", [4, 0]),
    0x50023000: ("OW", BEAT.tobytes()),
}


@pytest.fixture
def open_with_curve(write_dicom, grey_frames):
    """Opens a cine with an ECG as older machines write it, one value every 4 ms, with these elements changed."""

    def opener(changes: dict):
        path = write_dicom([f.tobytes() for f in grey_frames])
        dataset = pydicom.dcmread(path)
        for tag, (vr, value) in (CURVE | changes).items():
            dataset.add_new(tag, vr, value)
        dataset.save_as(path)
        return open_cine(path).info.ecg

    return opener


@pytest.mark.parametrize(
    ("changes", "start_s"),
    [
        ({}, 0.012),
        ({0x50020110: ("US", [1, 1]), 0x50020103: ("US", 2), 0x50023000: ("OW", PAIRS.tobytes())}, 0.02),
    ],
)
def test_an_ecg_from_a_curve(changes, start_s, open_with_curve):
    ecg = open_with_curve(changes)
    assert ecg.start_s == pytest.approx(start_s)
    assert ecg.rate_hz == pytest.approx(250)
    np.testing.assert_allclose(ecg.values, BEAT, atol=0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {0x50020020: ("CS", "RESP")},
        {0x50020030: ("SH", ["BPM", "NONE"])},
        {0x50020103: ("US", 9)},
        {0x50020114: ("US", [0, 0])},
        {0x50023000: ("OW", b"")},
    ],
)
def test_a_curve_that_is_no_sound_ecg_is_passed_over(changes, open_with_curve):
    assert open_with_curve(changes) is None
