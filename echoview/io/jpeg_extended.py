"""Lossy JPEG of 12 bits in shades of grey (sequential DCT, Huffman; ITU-T T.81 processes 2 and 4).

The libraries in reach read its 8-bit form only. It is rare, so this one may be slower than they are; in return it is
plain Python that no damaged byte can crash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

_SOF1, _DHT, _SOS, _EOI, _DQT, _DRI = 0xC1, 0xC4, 0xDA, 0xD9, 0xDB, 0xDD
_BARE = (0x01, *range(0xD0, 0xD9))  # markers without a length
_MOST_SIZE = 15  # bits of a coefficient
_ZIGZAG = np.array(sorted(range(64), key=lambda i: (sum(divmod(i, 8)), divmod(i, 8)[sum(divmod(i, 8)) % 2 == 0])))


@dataclass(slots=True)
class _Frame:
    """What the markers say: sample depth, sides, the tables seen so far; blocks between restarts, 0 = no restarts."""

    bits: int = 0
    height: int = 0
    width: int = 0
    quantizer: int = 0
    quantizers: dict[int, np.ndarray] = field(default_factory=dict)
    codes: dict[int, list[int]] = field(default_factory=dict)
    restart: int = 0


def decode_extended(stored: bytes, height: int, width: int) -> np.ndarray:
    """One frame as (H,W) uint16.

    Raises:
        ValueError: damaged, cut off, of other sides than `height` and `width`, of several components, or another JPEG.
    """
    try:
        return _decode(stored, height, width)
    except (KeyError, IndexError):  # a table that is not there, a marker that is too short
        raise ValueError("damaged") from None


def _decode(stored: bytes, height: int, width: int) -> np.ndarray:
    frame = _Frame()
    at = 2
    while at + 4 <= len(stored):
        if stored[at] != 0xFF:
            raise ValueError("no marker where one must be")
        marker = stored[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(stored[at + 2 : at + 4], "big")
        body = stored[at + 4 : end]
        at = end
        if marker == _SOS:
            return _read_scan(stored[end:], body, frame)
        if marker == _SOF1:
            _read_sides(body, frame, height, width)
        elif marker == _DHT:
            _read_codes(body, frame.codes)
        elif 0xC0 <= marker <= 0xCF or marker == _EOI:
            raise ValueError("no extended JPEG")
        elif marker == _DQT:
            _read_quantizers(body, frame.quantizers)
        elif marker == _DRI:
            frame.restart = int.from_bytes(body[:2], "big")
    raise ValueError("cut off")


def _read_sides(body: bytes, frame: _Frame, height: int, width: int) -> None:
    frame.bits = body[0]
    frame.height, frame.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    frame.quantizer = body[8]
    if frame.bits not in (8, 12) or body[5] != 1 or (frame.height, frame.width) != (height, width):
        raise ValueError("not of the kind or the size that the header gives")


def _read_quantizers(body: bytes, tables: dict[int, np.ndarray]) -> None:
    """For each table (64,), in zigzag order."""
    at = 0
    while at < len(body):
        wide, number = body[at] >> 4, body[at] & 15
        dtype = np.dtype(">u2" if wide else "u1")
        tables[number] = np.frombuffer(body, dtype, 64, at + 1).astype(np.float64)
        at += 1 + 64 * dtype.itemsize


def _read_codes(body: bytes, tables: dict[int, list[int]]) -> None:
    """For each table, what begins with these 16 bits: bits of the code + 32 · the byte it stands for, or 0.

    The key is the table's number, 16 more for those of the coefficients after the first.
    """
    at = 0
    while at + 17 <= len(body):
        counts = body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        table = [0] * 2**16
        code = seen = 0
        for length, count in enumerate(counts, 1):
            for symbol in symbols[seen : seen + count]:
                if code >= 2**length:
                    raise ValueError("a damaged Huffman table")
                first, after = code << (16 - length), (code + 1) << (16 - length)
                table[first:after] = [length + 32 * symbol] * (after - first)
                code += 1
            code <<= 1
            seen += count
        tables[body[at]] = table
        at += 17 + sum(counts)


def _read_scan(data: bytes, body: bytes, frame: _Frame) -> np.ndarray:
    if not frame.height or body[0] != 1:
        raise ValueError("a damaged scan")
    first, rest = frame.codes[body[2] >> 4], frame.codes[16 + (body[2] & 15)]
    marker = re.search(rb"\xff[\x01-\xcf\xd8-\xfe]", data)
    data = data[: marker.start()] if marker else data
    segments = re.split(rb"\xff[\xd0-\xd7]", data) if frame.restart else [data]
    down, across = -(-frame.height // 8), -(-frame.width // 8)
    count = down * across
    blocks = np.zeros((count, 64), np.int64)
    done = 0
    for segment in segments:
        take = min(frame.restart or count, count - done)
        _read_blocks(segment.replace(b"\xff\0", b"\xff"), first, rest, blocks[done : done + take])
        done += take
    if done < count:
        raise ValueError("cut off")
    samples = _samples(blocks * frame.quantizers[frame.quantizer]) + 2 ** (frame.bits - 1)
    picture = samples.reshape(down, across, 8, 8).swapaxes(1, 2).reshape(8 * down, 8 * across)
    picture = picture[: frame.height, : frame.width].round().clip(0, 2**frame.bits - 1)
    return picture.astype(np.uint16)


def _read_blocks(data: bytes, first: list[int], rest: list[int], blocks: np.ndarray) -> None:
    """Fill blocks (n,64) with coefficients in zigzag order; the first of each is a difference from the last block's."""
    rows: list[int] = []
    places: list[int] = []
    values: list[int] = []
    bit, last, level = 0, 8 * len(data), 0
    data += bytes(8)
    for row in range(len(blocks)):
        place = 0
        while place < 64:
            # 40 bits from here: 16 of a code at most, 15 of the number after it, 7 that are over already
            word = (int.from_bytes(data[bit >> 3 : (bit >> 3) + 5], "big") << (bit & 7)) & 0xFFFFFFFFFF
            found = (rest if place else first)[word >> 24]
            length, size, run = found & 31, (found >> 5) & 15, found >> 9
            if not place:
                size, run = found >> 5, 0
            bit += length + size
            if not length or size > _MOST_SIZE or bit > last:
                raise ValueError("cut off, or no such code")
            number = (word >> (40 - length - size)) & ((1 << size) - 1)
            if size and number < 1 << (size - 1):
                number -= (1 << size) - 1
            if not place:
                level += number
                number = level
            elif not size:
                if run < 15:  # nothing but noughts to the end of the block
                    break
                place += 16
                continue
            place += run
            if place > 63:
                raise ValueError("a block of more than 64 coefficients")
            rows.append(row)
            places.append(place)
            values.append(number)
            place += 1
    blocks[rows, places] = values


def _samples(coefficients: np.ndarray) -> np.ndarray:
    """(n,64) in zigzag order to (n,8,8) samples about nought."""
    square = np.empty_like(coefficients)
    square[:, _ZIGZAG] = coefficients
    waves = _waves()
    return waves.T @ square.reshape(-1, 8, 8) @ waves


@lru_cache(maxsize=1)
def _waves() -> np.ndarray:
    """(8,8): the cosines of the DCT, a row for each frequency."""
    frequency, place = np.mgrid[:8, :8]
    waves = 0.5 * np.cos((2 * place + 1) * frequency * np.pi / 16)
    waves[0] /= np.sqrt(2)
    return waves
