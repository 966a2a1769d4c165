"""What every exporter is given of a cine, and the index that lets an import find the cine again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.view import View
from echoview.errors import EchoViewError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

INDEX, VERSION = "echoview.json", 1


class ViewFrom(Enum):
    """Who says which view it is."""

    LABEL = "label"
    FILE = "file"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """One cine on its way out; nothing in it names the patient or the file.

    Attributes:
        name, patient: numbers of this export: "cine-00001", "patient0001".
        uid_key, content_key: `keyed` hashes of what the cine is, under this export's own salt.
        shape: frames, height, width.
        contours: frame -> (65,2) x,y px, first annulus point over the apex to the second.
        predicted: frames whose contour is the network's, not a person's.
        own: the contours of the label with their control points and origins; the other frames are `predicted`.
        header: gives the cine's DICOM header as it may leave, see `deidentify`; only with `frame`.
        view_from: who says `view`; None where nobody does.
        ed, es: frames, or None; numbers: what was measured, for tables.
        entries: the history as plain JSON, see `export_bundle`.
        said: the label as a change, plain JSON: control points, their origins, and what a person said besides.
        disputed: what two people said otherwise and nobody has decided, see `domain.review.conflicts_over`; what is in
            force goes out.
        readings, acts: other readers' histories, and what reviewers said, both plain; a bundle alone holds them.
        black: frames that cannot be read and go out black.
        frame: frame t as (H,W) or (H,W,3) RGB uint8, black outside the sector; None where frames stay at home.
    """

    name: str
    patient: str
    uid_key: str
    content_key: str
    shape: tuple[int, int, int]
    contours: Mapping[int, np.ndarray] = field(default_factory=dict)
    predicted: frozenset[int] = frozenset()
    own: Mapping[int, Contour] = field(default_factory=dict)
    header: Callable[[], Dataset] | None = None
    view: View | None = None
    view_from: ViewFrom | None = None
    ed: int | None = None
    es: int | None = None
    calibration: Calibration | None = None
    times_s: np.ndarray | None = None
    weights: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    entries: tuple[Mapping[str, Any], ...] = ()
    frame: Callable[[int], np.ndarray] | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    readings: tuple[Mapping[str, Any], ...] = ()
    acts: tuple[Mapping[str, Any], ...] = ()
    disputed: tuple[int | str, ...] = ()
    black: tuple[int, ...] = ()

    @property
    def fps(self) -> float:
        """Median frames a second, 25 where the times are not known."""
        steps = np.diff(self.times_s) if self.times_s is not None else np.zeros(0)
        return float(1 / np.median(steps)) if len(steps) else 25.0

    def origins(self, t: int) -> list[str]:
        """The origin of each point of `contours[t]`."""
        own = self.own.get(t)
        return [o.value for o in own.dense_origins()] if own else [Origin.PREDICTED.value] * len(self.contours[t])

    def picture(self, t: int) -> np.ndarray:
        """Frame `t`.

        Raises:
            EchoViewError: this export was asked for without frames.
        """
        if self.frame is None:
            raise EchoViewError("This format needs the frames.", "Export with frames, or choose another format.")
        return self.frame(t)

    def about(self) -> dict[str, Any]:
        """The cine's entry in an index."""
        frames, height, width = self.shape
        return {
            "name": self.name, "patient": self.patient, "uid_key": self.uid_key, "content_key": self.content_key,
            "frames": frames, "height": height, "width": width, "view": self.view.value if self.view else None,
            "view_from": self.view_from.value if self.view_from else None,
            "ed": self.ed, "es": self.es, "calibration": list(self.calibration) if self.calibration else None,
            "times_s": None if self.times_s is None else [round(float(t), 6) for t in self.times_s],
            "labelled": sorted(set(self.contours) - self.predicted), "predicted": sorted(self.predicted),
            "weights": list(self.weights), "in_conflict": list(self.disputed),
        }  # fmt: skip


def keyed(text: str, salt: bytes) -> str:
    """The same text under the same salt gives the same 40 hex digits; without the text nothing can be read from it."""
    return hashlib.blake2b(text.encode(), key=salt, digest_size=20).hexdigest()


def head(kind: str, salt: bytes, app_version: str) -> dict[str, Any]:
    """What stands at the top of an index or a manifest."""
    terms = "Research use only. Not for diagnosis."
    return {"echoview": kind, "version": VERSION, "app_version": app_version, "salt": salt.hex(), "terms": terms}


def write_index(folder: Path, kind: str, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> None:
    """`echoview.json` beside files of a foreign format: by it they find their cines again, and come back exactly."""
    index = {**head(kind, salt, app_version), "cines": [{**item.about(), "said": item.said} for item in items]}
    with whole(folder / INDEX) as part:
        part.write_text(json.dumps(index) + "\n", encoding="utf-8")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file that is there whole or not at all: write to what is given.

    Raises:
        EchoViewError: it cannot be written.
    """
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)
    except OSError as error:
        raise EchoViewError(
            f"{path.name} cannot be written ({error.strerror}).", "Check the folder and its free space."
        ) from error
    finally:
        if path.parent.is_dir():
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that is there with all its files or not at all: write into what is given. It may exist if it is empty.

    Raises:
        EchoViewError: it cannot be written.
    """
    part = folder.with_name(f".part-{os.getpid()}-{folder.name}")
    try:
        part.mkdir(parents=True)
        yield part
        if folder.is_dir():
            folder.rmdir()  # elsewhere than on Linux no folder takes the place of another
        os.replace(part, folder)
    except OSError as error:
        raise EchoViewError(
            f"{folder.name} cannot be written ({error.strerror}).", "Check the folder and its free space."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
