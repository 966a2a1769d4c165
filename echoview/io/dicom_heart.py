"""What a DICOM file says of the heart's rhythm: R waves, heart rate, the ECG."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom.waveforms.numpy_handler import multiplex_array

from echoview.domain.cine import Ecg
from echoview.io.dicom_header import Header, quiet

_RATE_RANGE = (20.0, 300.0)  # beats a minute
_HZ_RANGE = (10.0, 20_000.0)
_LONGEST = 2**22  # samples of an ECG
_CURVE_GROUPS = range(0x5000, 0x5020, 2)
_CURVE_TYPES = {0: "u2", 1: "i2", 2: "f4", 3: "f8", 4: "i4"}
_SECONDS = {"SEC": 1.0, "SECS": 1.0, "S": 1.0, "MSEC": 1e-3, "MS": 1e-3}


def read_heart_rate(header: Header) -> float | None:
    """Beats a minute; None where the file gives none that a heart has."""
    rate = header.number("HeartRate")
    return rate if rate is not None and _RATE_RANGE[0] <= rate <= _RATE_RANGE[1] else None


def read_r_waves(header: Header, times_s: np.ndarray) -> tuple[float, ...]:
    """Seconds from the first frame of each R wave within the cine, rising.

    Args:
        times_s: (T,) of the frames; older files name the frame of an R wave instead of its time.
    """
    found = [time * 1e-3 for time in header.numbers("RWaveTimeVector")]
    if not found:
        frames = [int(number) for number in header.numbers("RWavePointer") if np.isfinite(number)]
        found = [float(times_s[frame - 1]) for frame in frames if 1 <= frame <= len(times_s)]
    return tuple(sorted({time for time in found if 0 <= time <= times_s[-1]}))  # False for NaN as well


def read_ecg(header: Header) -> Ecg | None:
    """The first sound ECG, from a waveform or from the curves that older machines write; None without one."""
    return next((ecg for ecg in (*_waveforms(header), *_curves(header)) if _is_sound(ecg)), None)


def _is_sound(ecg: Ecg) -> bool:
    sane = _HZ_RANGE[0] <= ecg.rate_hz <= _HZ_RANGE[1] and abs(ecg.start_s) < 3600
    return sane and 1 < len(ecg.values) <= _LONGEST and bool(np.isfinite(ecg.values).all()) and np.ptp(ecg.values) > 0


def _waveforms(header: Header) -> Iterator[Ecg]:
    for index, group in enumerate(header.items("WaveformSequence")):
        size = group.integer("NumberOfWaveformSamples") * group.integer("NumberOfWaveformChannels")
        channel = next((i for i, lead in enumerate(group.items("ChannelDefinitionSequence")) if _is_lead(lead)), None)
        if channel is None or not 0 < size <= 16 * _LONGEST:
            continue
        try:
            with quiet():
                values = multiplex_array(header.dataset, index, as_raw=False)[:, channel]
        except Exception:  # what damaged waveforms make pydicom raise
            continue
        start_s = (group.number("MultiplexGroupTimeOffset") or 0.0) * 1e-3
        rate_hz = group.number("SamplingFrequency") or 0.0
        yield Ecg(start_s, rate_hz, values.astype(np.float32))


def _is_lead(channel: Header) -> bool:
    named = [item.text("CodeMeaning") for item in channel.items("ChannelSourceSequence")]
    text = " ".join([*named, channel.text("ChannelLabel")]).lower()
    return any(word in text for word in ("ecg", "ekg", "lead", "electrocardio"))


def _curves(header: Header) -> Iterator[Ecg]:
    for group in _CURVE_GROUPS:
        try:
            with quiet():
                curve = _curve(header, group << 16)
        except Exception:  # retired, seldom written, and then often wrongly
            continue
        if curve is not None:
            yield curve


def _curve(header: Header, group: int) -> Ecg | None:
    """A curve of type ECG whose time axis has a known unit; evenly sampled, or as pairs of time and value."""
    held = header.dataset
    if group | 0x0020 not in held or "ECG" not in str(held[group | 0x0020].value).upper():
        return None
    unit = _SECONDS.get(_list(held, group | 0x0030)[0].strip().upper())
    if unit is None or int(held[group | 0x0005].value) != 2:
        return None
    count, kind = int(held[group | 0x0010].value), _CURVE_TYPES[int(held[group | 0x0103].value)]
    data = np.frombuffer(held[group | 0x3000].value, ("<" if header.little else ">") + kind).astype(np.float64)
    spaced = group | 0x0110 in held and int(_list(held, group | 0x0110)[0]) == 0
    if spaced:
        start, step = (float(_list(held, group | tag)[0]) for tag in (0x0112, 0x0114))
        return Ecg(start * unit, 1.0 / (step * unit), data[:count].astype(np.float32))
    times, values = data[: 2 * count : 2] * unit, data[1 : 2 * count : 2]
    even = np.linspace(times[0], times[-1], len(times))
    rate_hz = (len(times) - 1) / (times[-1] - times[0])
    return Ecg(float(times[0]), float(rate_hz), np.interp(even, times, values).astype(np.float32))


def _list(held, tag: int) -> list:
    value = held[tag].value
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else [value]
