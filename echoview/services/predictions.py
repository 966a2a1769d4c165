"""Whole predictions that were made before, so that no cine is predicted twice with the same weights.

The last ones stay in memory, more of them in the cache folder. A file there is named by a keyed hash of the file's
content, the weights and this version of the program; no name, path or identity stands in it.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from echoview import __version__, paths
from echoview.domain.cine import Cine
from echoview.domain.prediction import LogitMap, Prediction, likeliest
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError
from echoview.measure import measure
from echoview.services.inference import Inference
from echoview.services.thumbnails import key_of

log = logging.getLogger(__name__)

MEMORY_BYTES = 48 * 2**20
DISK_BYTES = 512 * 2**20
_READING = 4  # raise it when the same weights are read otherwise, as when a shipped set is calibrated anew
_STEP = 1 / 8  # of a logit: what is kept of the maps; the border moves by less than a tenth of a pixel of their grid
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Known:
    """What a row of the study list shows of a kept prediction; `share` is how probable the view is."""

    view: View | None
    share: float | None
    ef_percent: float | None


class Predictions:
    """Safe to use from several threads.

    Args:
        secret: the key of the hashes.
        folder: None = in the cache folder.
    """

    def __init__(self, inference: Inference, secret: bytes, folder: Path | None = None) -> None:
        self._inference, self._secret, self._given = inference, secret, folder
        self._lock = threading.Lock()
        self._recent: OrderedDict[tuple[str, str], Prediction] = OrderedDict()

    def grown(self, cine: Cine, weights: WeightsSet, device: str) -> Iterator[Prediction]:
        """What is kept, at once and whole; else the prediction as it grows, which is kept when it is whole.

        Raises:
            EchoViewError: the cine must not be predicted, or a frame cannot be read.
        """
        known = self.recall(cine, weights)
        if known is not None:
            yield known
            return
        yield from self.made_anew(cine, weights, device)

    def made_anew(self, cine: Cine, weights: WeightsSet, device: str, again: bool = False) -> Iterator[Prediction]:
        """The same, whatever is kept; `again` as of `Inference.predict`.

        It is not kept where the disk did not give a frame, which it may another time.
        """
        grown = None
        for grown in self._inference.grown(cine, weights, device, again):
            if grown.complete and (lost := cine.damaged) is not None:
                grown = replace(grown, lost=lost)
                self._remember(cine.info.content_hash, grown)  # before anybody can cancel what is still to be written
            yield grown
        if grown is not None and grown.complete and cine.damaged is not None:
            self.keep(cine, grown)

    def recall(self, cine: Cine, weights: WeightsSet) -> Prediction | None:
        """The whole prediction of a cine with these weights, or None; reads a file.

        The cine is told which of its frames are damaged.
        """
        found = self._recall(cine, weights)
        if found is not None:
            cine.pass_by(found.lost)
        return found

    def _recall(self, cine: Cine, weights: WeightsSet) -> Prediction | None:
        content, identity = cine.info.content_hash, weights.identity
        with self._lock:
            found = self._recent.get((content, identity))
            if found is not None:
                self._recent.move_to_end((content, identity))
                return found
        path = self._path(key_of(content, self._secret), identity)
        found = None if path is None else _read(path, len(cine), key_of(content, self._secret))
        if found is not None:
            self._remember(content, found)
        return found

    def keep(self, cine: Cine, prediction: Prediction) -> None:
        """Remember a whole prediction; a cache that cannot be written is none, and nothing to tell about."""
        self._remember(cine.info.content_hash, prediction)
        key = key_of(cine.info.content_hash, self._secret)
        path = self._path(key, prediction.weights_identity)
        if path is not None:
            _write(path, prediction, key, _ef_of(cine, prediction))
            trim(path.parent)

    def known(self, content_key: str, frames: int, weights_identity: str) -> Known | None:
        """For a row of the study list: see `Glimpse.content_key`. Reads the head of a file."""
        path = self._path(content_key, weights_identity)
        if path is None or not path.exists():
            return None
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                head = _head(file)
                view, share = likeliest(file["views"], file["confidence"])
            if head["frames"] != frames:
                return None
            ef = head["ef_percent"]
            return Known(view, share, None if ef is None else float(ef))
        except (*_DAMAGE, IndexError):
            return None

    def _remember(self, content: str, prediction: Prediction) -> None:
        with self._lock:
            self._recent[content, prediction.weights_identity] = prediction
            self._recent.move_to_end((content, prediction.weights_identity))
            while self._recent and sum(map(_bytes, self._recent.values())) > MEMORY_BYTES:
                self._recent.popitem(last=False)

    def _path(self, content_key: str, weights_identity: str) -> Path | None:
        """Another version of the program may prepare or read the frames otherwise: it predicts anew."""
        try:
            folder = self._given or paths.user_cache_dir() / "predictions"
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, EchoViewError):
            return None
        return folder / f"{key_of(f'{content_key}/{weights_identity}/{__version__}/{_READING}', self._secret)}.npz"


def trim(folder: Path, most_bytes: int = DISK_BYTES) -> int:
    """Throw away what was used least lately, until the rest takes up no more than `most_bytes`; how many went."""
    try:
        found = [(s.st_mtime_ns, s.st_size, e.path) for e in os.scandir(folder) if e.is_file() and (s := e.stat())]
    except OSError:
        return 0
    total, gone = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total <= most_bytes:
            break
        Path(path).unlink(missing_ok=True)
        total, gone = total - size, gone + 1
    return gone


def _bytes(prediction: Prediction) -> int:
    arrays = (prediction.contours, prediction.confidence, prediction.spread_px)
    return sum(a.nbytes for a in arrays) + sum(seen.logits.nbytes for seen in prediction.maps.values())


def _ef_of(cine: Cine, prediction: Prediction) -> float | None:
    whole = not cine.info.missing
    return measure(
        prediction.contours, cine.calibration_around(prediction.contours), prediction.confidence, whole=whole
    ).ef_percent


def _write(path: Path, prediction: Prediction, content_key: str, ef_percent: float | None) -> None:
    """In one move, so that nobody reads half a file."""
    head = {
        "frames": len(prediction.contours), "content": content_key, "weights": prediction.weights,
        "weights_identity": prediction.weights_identity, "device": prediction.device, "fps": prediction.fps,
        "ef_percent": ef_percent, "lost": sorted(prediction.lost),
    }  # fmt: skip
    arrays: dict[str, np.ndarray] = {
        "head": np.frombuffer(json.dumps(head).encode(), np.uint8), "views": prediction.view_probabilities,
        "contours": prediction.contours, "confidence": prediction.confidence, "spread_px": prediction.spread_px,
        "mapped": np.array(sorted(prediction.maps), np.int64),
    }  # fmt: skip
    if prediction.maps:
        maps = [prediction.maps[t] for t in sorted(prediction.maps)]
        steps = [np.clip(np.rint(seen.logits.astype(np.float32) / _STEP), -127, 127).astype(np.int8) for seen in maps]
        arrays["logits"] = np.stack(steps)
        arrays["places"] = np.stack([(seen.scale, seen.offset) for seen in maps])
    new = ""
    try:
        handle, new = tempfile.mkstemp(dir=path.parent, prefix="part-")
        with os.fdopen(handle, "wb") as out:
            np.savez_compressed(out, **arrays)  # pyright: ignore[reportArgumentType]  # numpy's stubs
        os.replace(new, path)
    except OSError as error:
        log.info("a prediction is not kept: %s", type(error).__name__)
        if new:
            Path(new).unlink(missing_ok=True)


def _read(path: Path, frames: int, content_key: str) -> Prediction | None:
    """What is kept there of just this cine; a damaged file is thrown away."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            head = _head(file)
            if (head["frames"], head["content"]) != (frames, content_key):
                return None
            maps: dict[int, LogitMap] = {}
            if len(mapped := file["mapped"]):
                logits, places = file["logits"], file["places"]
                for t, steps, (scale, offset) in zip(mapped.tolist(), logits, places, strict=True):
                    maps[t] = LogitMap((steps * np.float16(_STEP)).astype(np.float16), scale, offset)
            found = Prediction(
                file["contours"], file["confidence"], file["views"], frames, head["weights"],
                head["weights_identity"], head["device"], float(head["fps"]), file["spread_px"], maps,
                frozenset(t for t in map(int, head.get("lost", ())) if 0 <= t < frames),
            )  # fmt: skip
        if found.contours.shape[0] != frames or found.contours.shape[2:] != (2,) or len(found.confidence) != frames:
            raise ValueError("other shapes than a prediction's")
        os.utime(path)  # it was used: `trim` goes by this
        return found
    except FileNotFoundError:
        return None
    except _DAMAGE as error:
        log.info("a kept prediction is made anew: %s", type(error).__name__)
        path.unlink(missing_ok=True)
        return None


def _head(file: Any) -> dict[str, Any]:
    return json.loads(file["head"].tobytes())
