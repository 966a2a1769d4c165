"""Lossless JPEG (Huffman, ITU-T T.81 process 14) of any depth up to 16 bits.

The libraries in reach read its 8-bit form only. No scanner is known to write cines deeper than that, so this one may
be slower than they are; in return it is plain Python that no damaged byte can crash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import cycle, islice

import numpy as np

_SOF3, _DHT, _SOS, _EOI, _DRI = 0xC3, 0xC4, 0xDA, 0xD9, 0xDD
_BARE = (0x01, *range(0xD0, 0xD9))  # markers without a length
_CHUNK = 2**16  # bytes whose codes are looked up at once
_LENGTH, _CATEGORY, _STRIDE = 0, 1, 2  # columns of a table: bits of the code, of the number after it, of both


@dataclass(slots=True)
class _Frame:
    """What the markers say: sample depth, sides, component ids, and the Huffman tables seen so far."""

    bits: int = 0
    height: int = 0
    width: int = 0
    ids: list[int] = field(default_factory=list)
    tables: dict[int, np.ndarray] = field(default_factory=dict)
    restart: int = 0


def decode_lossless(stored: bytes, height: int, width: int, samples: int) -> np.ndarray:
    """One lossless JPEG as (H,W) or (H,W,C) uint16, colours as stored.

    Raises:
        ValueError: damaged, cut off, of other sides than `height`, `width` and `samples`, or no lossless JPEG.
    """
    frame = _Frame()
    planes: dict[int, np.ndarray] = {}
    at = 2
    while at + 4 <= len(stored) and len(planes) < samples:
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
            at = _read_scan(stored, end, body, frame, planes)
        elif marker == _SOF3:
            _read_sides(body, frame)
            if (frame.height, frame.width, len(frame.ids)) != (height, width, samples):
                raise ValueError("not of the size that the header gives")
        elif 0xC0 <= marker <= 0xCF and marker != _DHT:
            raise ValueError("no lossless JPEG")
        elif marker == _DHT:
            _read_tables(body, frame.tables)
        elif marker == _DRI:
            frame.restart = int.from_bytes(body[:2], "big")
        elif marker == _EOI:
            break
    if len(planes) != samples:
        raise ValueError("cut off")
    pictures = [planes[identity] for identity in frame.ids]
    return pictures[0] if samples == 1 else np.dstack(pictures)


def _read_sides(body: bytes, frame: _Frame) -> None:
    frame.bits = body[0]
    frame.height, frame.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    components = [body[at : at + 3] for at in range(6, 6 + 3 * body[5], 3)]
    frame.ids = [component[0] for component in components]
    if not 2 <= frame.bits <= 16 or any(component[1] != 0x11 for component in components):
        raise ValueError("an unusual lossless JPEG")


def _read_tables(body: bytes, tables: dict[int, np.ndarray]) -> None:
    """For each table, (65536,3): what begins with these 16 bits; zeros where no code does."""
    at = 0
    while at + 17 <= len(body):
        counts = body[at + 1 : at + 17]
        categories = body[at + 17 : at + 17 + sum(counts)]
        table = np.zeros((2**16, 3), np.uint8)
        code = seen = 0
        for length, count in enumerate(counts, 1):
            for category in categories[seen : seen + count]:
                if category > 16 or code >= 2**length:
                    raise ValueError("a damaged Huffman table")
                span = slice(code << (16 - length), (code + 1) << (16 - length))
                table[span] = length, category, length + category % 16  # nothing follows category 16
                code += 1
            code <<= 1
            seen += count
        tables[body[at] & 15] = table
        at += 17 + sum(counts)


def _read_scan(stored: bytes, start: int, body: bytes, frame: _Frame, planes: dict[int, np.ndarray]) -> int:
    """Decode one scan into `planes`; where the next marker stands."""
    count = body[0]
    ids = [body[1 + 2 * i] for i in range(count)]
    tables = [frame.tables[body[2 + 2 * i] >> 4] for i in range(count)]
    predictor, shift = body[1 + 2 * count], body[3 + 2 * count] & 15
    if not frame.ids or not set(ids) <= set(frame.ids) or not 1 <= predictor <= 7 or shift >= frame.bits:
        raise ValueError("a damaged scan")
    marker = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]").search(stored, start)
    end = marker.start() if marker else len(stored)
    segments = re.split(rb"\xff[\xd0-\xd7]", stored[start:end]) if frame.restart else [stored[start:end]]
    rows = frame.restart // frame.width if frame.restart else frame.height
    parts: list[np.ndarray] = []
    left = frame.height
    for segment in segments:
        take = min(rows, left)
        if take < 1:
            break
        steps = _read_steps(segment.replace(b"\xff\0", b"\xff"), tables, take * frame.width * count)
        steps = steps.reshape(take, frame.width, count)
        base = 1 << (frame.bits - shift - 1)
        parts.append(np.dstack([_undo_prediction(steps[:, :, i], predictor, base) for i in range(count)]))
        left -= take
    if left:
        raise ValueError("cut off")
    whole = (np.concatenate(parts) << shift).astype(np.uint16)
    planes.update({identity: whole[:, :, i] for i, identity in enumerate(ids)})
    return end


def _read_steps(data: bytes, tables: list[np.ndarray], count: int) -> np.ndarray:
    """The next `count` differences, (count,) int64; `tables` take turns."""
    found: list[np.ndarray] = []
    bit, done = 0, 0
    while done < count:
        first = bit // 8
        if first >= len(data):
            raise ValueError("cut off")
        chunk = np.frombuffer(data[first : first + _CHUNK + 8] + bytes(8), np.uint8)
        turn = done % len(tables)
        order = tables[turn:] + tables[:turn]
        starts = _follow(chunk, bit - 8 * first, order, count - done)
        steps, after = _values(chunk, starts, order)
        found.append(steps)
        bit, done = 8 * first + after, done + len(steps)
        if bit > 8 * len(data):
            raise ValueError("cut off")
    return np.concatenate(found)


def _follow(chunk: np.ndarray, bit: int, tables: list[np.ndarray], most: int) -> np.ndarray:
    """The bits at which codes start: every place is looked up at once, then each code leads to the next."""
    inside = len(chunk) - 8
    wide = chunk.astype(np.uint32)
    words = (wide[:inside] << 16) | (wide[1 : inside + 1] << 8) | wide[2 : inside + 2]
    windows = ((words[:, None] >> np.arange(8, 0, -1, dtype=np.uint32)) & 0xFFFF).ravel()
    strides = {id(table): table[windows, _STRIDE].tolist() for table in tables}
    starts: list[int] = []
    end = 8 * min(_CHUNK, inside)
    for stride in islice(cycle([strides[id(table)] for table in tables]), most):
        if bit >= end:
            break
        if not stride[bit]:
            raise ValueError("no such code")
        starts.append(bit)
        bit += stride[bit]
    return np.array(starts, np.int64)


def _values(chunk: np.ndarray, starts: np.ndarray, tables: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The differences whose codes start at these bits, and the bit after the last."""
    first = starts // 8
    words = np.zeros(len(starts), np.int64)
    for step in range(5):
        words = (words << 8) | chunk[first + step]
    words <<= 24 + starts % 8  # the code begins at the topmost bit; what was before it falls out
    lookup = np.empty((len(starts), 3), np.int64)
    for turn, table in enumerate(tables):
        lookup[turn :: len(tables)] = table[(words[turn :: len(tables)] >> 48) & 0xFFFF]
    lengths, categories = lookup[:, _LENGTH], lookup[:, _CATEGORY]
    low = (words << lengths).view(np.uint64) >> (64 - categories.clip(1)).astype(np.uint64)
    value = low.astype(np.int64)
    steps = np.where(value >= 1 << (categories - 1).clip(0), value, value - (1 << categories) + 1)
    steps[categories == 0] = 0
    steps[categories == 16] = 32768
    return steps, int(starts[-1] + lookup[-1, _STRIDE])


def _undo_prediction(steps: np.ndarray, predictor: int, base: int) -> np.ndarray:
    """(H,W) samples, each the sum of its difference and what its neighbours predict, modulo 65536."""
    steps = steps.copy()
    steps[0, 0] += base
    if predictor == 1:
        steps[:, 0] = np.cumsum(steps[:, 0])
        return np.cumsum(steps, axis=1) & 0xFFFF
    out = np.empty_like(steps)
    out[0] = np.cumsum(steps[0]) & 0xFFFF
    for row in range(1, len(steps)):
        out[row] = _row(steps[row], out[row - 1], predictor) & 0xFFFF
    return out


def _row(step: np.ndarray, above: np.ndarray, predictor: int) -> np.ndarray:
    """One row from its differences and the row above; the first sample follows the one above it."""
    if predictor == 2:
        return above + step
    if predictor == 3:
        return np.concatenate([above[:1], above[:-1]]) + step
    rise = np.diff(above)
    if predictor in (4, 5):  # what is left of it plus the rise above it, or half of that
        return np.cumsum(step + np.concatenate([above[:1], rise if predictor == 4 else rise >> 1]))
    out = [int(above[0] + step[0]) & 0xFFFF]
    ups, steps = above.tolist(), step.tolist()
    for column in range(1, len(ups)):
        left, up = out[-1], ups[column]
        guess = up + ((left - ups[column - 1]) >> 1) if predictor == 6 else (left + up) >> 1
        out.append((guess + steps[column]) & 0xFFFF)
    return np.array(out, np.int64)
