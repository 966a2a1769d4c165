"""Reads what `export_bundle` wrote; a bundle from elsewhere is not trusted."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from echoview.domain.calibration import Calibration
from echoview.errors import EchoViewError
from echoview.io.export_bundle import CHANGES, CINES, FRAMES, KIND, MANIFEST
from echoview.io.import_item import MOST_JSON, Incoming, check_version, damaged, frames_spoken_of

_KEY = re.compile(r"[0-9a-f]{40}")
_UID = re.compile(r"[0-9a-f]{32}")
_ACT_TEXTS = ("uid", "made_at", "who", "role", "kind", "reading", "seal", "issue", "about")
_TEXTS = ("made_at", "annotator", "app_version", "weights", "tool")
_COUNTS = {"seconds": float, "drags": int, "moved_mm": float, "base": int, "number": int}  # not in early bundles


class Bundle:
    """An open bundle; a context.

    Attributes:
        salt: of its keyed hashes; weights: names of the sets that took part.

    Raises:
        EchoViewError: it is no bundle, of a newer version, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._file = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise damaged(path.name) from error
        try:
            told = json.loads(self._bytes(MANIFEST))
            check_version(told, path.name)
            if told["echoview"] != KIND:
                raise damaged(path.name)
            self.salt = bytes.fromhex(told["salt"])
            self.weights = tuple(str(name) for name in told["weights"])
            self._sums: dict[str, str] = dict(told["files"])
        except (KeyError, ValueError, TypeError) as error:
            self._file.close()
            raise damaged(path.name) from error
        except EchoViewError:
            self._file.close()
            raise

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Incoming]:
        for name in sorted(self._sums):
            if name.startswith(f"{CINES}/"):
                try:
                    yield self._cine(json.loads(self._checked(name)))
                except (KeyError, ValueError, TypeError, AttributeError) as error:
                    raise damaged(self._name) from error

    def _cine(self, told: Mapping[str, Any]) -> Incoming:
        shape = (int(told["frames"]), int(told["height"]), int(told["width"]))
        if not all(_KEY.fullmatch(told[key]) for key in ("uid_key", "content_key")):
            raise ValueError("a key that is none")  # one of them becomes a file's name
        spacing = told["calibration"]
        return Incoming(
            str(told["name"]), str(told["uid_key"]), str(told["content_key"]), shape=shape,
            entries=tuple(_entry(one, shape[0]) for one in told["history"]),
            calibration=Calibration(*map(float, spacing)) if spacing else None,
            frames=self._frames(str(told["name"]), shape),
            readings=tuple(_entry(one, shape[0]) for one in told.get("readings", ())),
            acts=tuple(_act(one, shape[0]) for one in told.get("acts", ())),
        )  # fmt: skip

    def _frames(self, name: str, shape: tuple[int, int, int]) -> Callable[[], list[np.ndarray]] | None:
        names = [f"{FRAMES}/{name}/{t + 1:04d}.png" for t in range(shape[0])]
        if not all(one in self._sums for one in names):
            return None
        return lambda: [self._picture(one, shape[1:]) for one in names]

    def _picture(self, name: str, size: tuple[int, ...]) -> np.ndarray:
        picture = cv2.imdecode(np.frombuffer(self._checked(name), np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None or picture.shape != size:
            raise damaged(self._name)
        return picture

    def _checked(self, name: str) -> bytes:
        body = self._bytes(name)
        if hashlib.sha256(body).hexdigest() != self._sums[name]:
            raise EchoViewError(f"{self._name} was changed or damaged after it was made.", "Ask for it again.")
        return body

    def _bytes(self, name: str) -> bytes:
        try:
            if self._file.getinfo(name).file_size > MOST_JSON:
                raise EchoViewError(f"{self._name} holds a part that is too large.", "Check where it comes from.")
            return self._file.read(name)
        except (KeyError, OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise damaged(self._name) from error


def is_bundle(path: Path) -> bool:
    """Whether a file calls itself a bundle, by its name or by what is in it; it may be damaged all the same."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with zipfile.ZipFile(path) as file:
            return MANIFEST in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _entry(told: Mapping[str, Any], frames: int) -> dict[str, Any]:
    """One revision, with nothing in it that this version does not know.

    Raises:
        ValueError: it speaks of frames that the cine does not have.
    """
    change = {key: value for key, value in told["change"].items() if key in CHANGES}
    if any(not 0 <= t < frames for t in frames_spoken_of(change)):
        raise ValueError("a frame that is not there")
    counts = {key: kind(told[key]) for key, kind in _COUNTS.items() if told.get(key) is not None}
    if any(not 0 <= count < float("inf") for count in counts.values()):
        raise ValueError("no count")
    blind = told.get("blind")
    return {
        **{key: str(told[key]) for key in _TEXTS}, **counts, "change": change, "reading": str(told.get("reading", "")),
        "role": str(told.get("role", "")), "blind": None if blind is None else bool(blind),
    }  # fmt: skip


def _act(told: Mapping[str, Any], frames: int) -> dict[str, Any]:
    """One thing that a reviewer said; raises as `_entry`."""
    if not _UID.fullmatch(told["uid"]) or (told["about"] and not _UID.fullmatch(told["about"])):
        raise ValueError("an act without a name of its own")
    t = told["t"]
    if t is not None and not 0 <= int(t) < frames:
        raise ValueError("a frame that is not there")
    return {**{key: str(told[key]) for key in _ACT_TEXTS}, "t": None if t is None else int(t)}
