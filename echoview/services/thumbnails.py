"""A small picture of every cine, kept on the disk under hashes: no name, no path, no identity stands in the cache."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np

from echoview import paths
from echoview.domain.calibration import Calibration
from echoview.domain.study import CineFile, Glimpse
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.store.fingerprint import fingerprint

log = logging.getLogger(__name__)

SIDE = 128  # px: sharp at 64 on a screen of 200 %
KEPT = 20_000  # pictures; 10 KB each
_MAGIC = b"EVTHUMB1"


def key_of(text: str, secret: bytes) -> str:
    """A keyed hash, 40 hex digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=secret[:64], digest_size=20).hexdigest()


def cache_folder() -> Path:
    folder = paths.user_cache_dir() / "thumbnails"
    folder.mkdir(exist_ok=True)
    return folder


def cached_at(one: CineFile, folder: Path, secret: bytes) -> Path:
    """Where the glimpse at this state of the file is kept: another size or time is another key."""
    return folder / key_of(f"{one.path}\0{one.size}\0{one.modified_ns}", secret)


def glimpse_of(one: CineFile, folder: Path, secret: bytes) -> Glimpse:
    """From the cache, else from the file.

    Raises:
        EchoViewError: the file cannot be read.
    """
    kept = cached_at(one, folder, secret)
    found = read_glimpse(kept)
    if found is None:
        found = _glimpse_into(one, secret)
        _keep(kept, found)
    return found


def read_glimpse(path: Path) -> Glimpse | None:
    """What is kept there, or None where nothing sound is."""
    try:
        raw = path.read_bytes()
        if raw[:8] != _MAGIC:
            return None
        (length,) = struct.unpack_from("<I", raw, 8)
        told = json.loads(raw[12 : 12 + length])
        pixels = np.frombuffer(zlib.decompress(raw[12 + length :]), np.uint8).reshape(SIDE, SIDE)
        spacing = told["calibration"]
        view = View(told["view"]) if told["view"] else None
        height, width = told["size"]
        return Glimpse(
            told["key"], told["content"], told["first"], int(told["frames"]), (int(height), int(width)), view,
            Calibration(*spacing) if spacing else None, pixels,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, struct.error, zlib.error):
        return None


def trim(folder: Path, kept: int = KEPT) -> int:
    """Throw the oldest pictures away where there are more than `kept`; how many went."""
    try:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder) if entry.is_file()]
    except OSError:
        return 0
    old = sorted(found)[: max(len(found) - kept, 0)]
    for _, path in old:
        Path(path).unlink(missing_ok=True)
    return len(old)


def _glimpse_into(one: CineFile, secret: bytes) -> Glimpse:
    from ral.prepare import prepare

    cine = open_cine(one.path, patient_secret=secret)
    first = cine.frame(0)
    region = cine.info.region_px
    half_open = None if region is None else (region[0], region[1], region[2] + 1, region[3] + 1)
    picture = prepare([first], cine.calibration, half_open, SIDE).picture(first)
    info = cine.info
    keys = key_of(info.identity, secret), key_of(info.content_hash, secret)
    return Glimpse(*keys, fingerprint(first), len(cine), cine.size, info.view_hint, info.calibration, picture)


def _keep(path: Path, glimpse: Glimpse) -> None:
    """In one move; a cache that cannot be written is none, and nothing to tell about."""
    told = {
        "key": glimpse.identity_key, "content": glimpse.content_key, "first": glimpse.first,
        "frames": glimpse.frames, "size": glimpse.size, "view": glimpse.view.value if glimpse.view else None,
        "calibration": list(glimpse.calibration) if glimpse.calibration else None,
    }  # fmt: skip
    head = json.dumps(told).encode()
    body = _MAGIC + struct.pack("<I", len(head)) + head + zlib.compress(glimpse.picture.tobytes(), 1)
    new = ""
    try:
        handle, new = tempfile.mkstemp(dir=path.parent, prefix="part-")
        with os.fdopen(handle, "wb") as out:
            out.write(body)
        os.replace(new, path)
    except OSError as error:
        log.info("a thumbnail is not kept: %s", type(error).__name__)
        if new:
            Path(new).unlink(missing_ok=True)
