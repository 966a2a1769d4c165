"""What every importer hands over of a cine, and how it tells which cine that is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.view import View
from echoview.errors import EchoViewError
from echoview.io.export_item import INDEX, VERSION
from ral.geometry import open_contour, outline, raster

MOST_JSON = 256 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """Labels of one cine from elsewhere.

    Attributes:
        name: as the export calls it; for reports.
        uid_key, content_key: hashes under the export's salt; "" where the data set has no index of ours.
        file: the cine itself where the data set brings it, else None.
        shape: frames, height, width, or None where the format does not say.
        view, ed, es: what the data set says; said: what else was said besides contours, as a change in plain JSON.
        entries: the history, for a bundle alone; the contours then are empty.
        readings, acts: of other readers and of reviewers, see `Outgoing`; for a bundle alone.
        frames: the frames that a bundle brings, each (H,W) or (H,W,3) uint8, or None.
    """

    name: str
    uid_key: str = ""
    content_key: str = ""
    file: Path | None = None
    shape: tuple[int, int, int] | None = None
    contours: Mapping[int, Contour] = field(default_factory=dict)
    view: View | None = None
    ed: int | None = None
    es: int | None = None
    calibration: Calibration | None = None
    entries: tuple[Mapping[str, Any], ...] = ()
    frames: Callable[[], list[np.ndarray]] | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    readings: tuple[Mapping[str, Any], ...] = ()
    acts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """An export's own list of its cines: `about` by name, see `Outgoing.about`."""

    kind: str
    salt: bytes
    about: Mapping[str, Mapping[str, Any]]

    def incoming(self, name: str, contours: Mapping[int, Contour]) -> Incoming:
        """Labels of the cine of that name; what the network had drawn is left behind.

        Raises:
            EchoViewError: the index does not know it, or knows it otherwise.
        """
        try:
            told = self.about[name]
            frames, height, width = (int(told[key]) for key in ("frames", "height", "width"))
            own = {t: contour for t, contour in contours.items() if t not in told["predicted"]}
            said = {key: value for key, value in told.get("said", {}).items() if key != "contours"}
            if any(not 0 <= t < frames for t in frames_spoken_of(said)):
                raise ValueError("a frame that is not there")
            keys = str(told["uid_key"]), str(told["content_key"])
            return Incoming(name, *keys, None, (frames, height, width), own, said=said)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise damaged(INDEX) from error

    def exact(self, name: str, t: int, written: Callable[[np.ndarray], bool]) -> Contour | None:
        """The contour of a frame as it was in the library; None where the file beside it holds another by now.

        Args:
            written: whether the file holds what was written for a contour of these points, (65,2) x,y px.

        Raises:
            EchoViewError: the index is damaged.
        """
        try:
            told = self.about[name].get("said", {}).get("contours", {}).get(str(t))
            if told is None:
                return None
            contour = Contour(np.array(told["handles"]), tuple(Origin(one) for one in told["origins"]))
            return contour if written(contour.dense()) else None
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise damaged(INDEX) from error

    def exact_of_mask(self, name: str, t: int, mask: np.ndarray) -> Contour | None:
        """The same for a mask, (H,W) bool."""
        return self.exact(name, t, lambda line: np.array_equal(raster(line, mask.shape[:2]), mask))


def read_index(folder: Path) -> Index | None:
    """The index of an export, None where the folder has none.

    Raises:
        EchoViewError: it is damaged, or of a newer version.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    told = read_json(path)
    check_version(told, path.name)
    try:
        return Index(told["echoview"], bytes.fromhex(told["salt"]), {one["name"]: one for one in told["cines"]})
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(path.name) from error


def check_version(told: Any, name: str) -> None:
    """Raises EchoViewError where a manifest or an index is not one that this version reads."""
    if not isinstance(told, dict) or not isinstance(told.get("version"), int) or "echoview" not in told:
        raise damaged(name)
    if told["version"] > VERSION:
        raise EchoViewError("These labels were exported by a newer version of EchoView.", "Import them with that one.")


def read_json(path: Path) -> Any:
    """
    Raises:
        EchoViewError: the file is missing, too large or no JSON.
    """
    try:
        if path.stat().st_size > MOST_JSON:
            raise EchoViewError(f"{path.name} is too large to be what its name says.", "Check where it comes from.")
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise damaged(path.name) from error


def frames_spoken_of(change: Mapping[str, Any]) -> set[int]:
    """The frames (0-based) that a revision's change, as JSON, names.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: it is damaged.
    """
    frames = {int(t) for t in (*change.get("contours", {}), *change.get("not_traceable", ()))}
    frames |= {int(change[key]) for key in ("ed", "es") if change.get(key) is not None}
    return frames | {int(t) for _kind, t, _points in change.get("notes", ())}


def damaged(name: str) -> EchoViewError:
    return EchoViewError(f"{name} is missing or damaged.", "Copy or export it again, with all its files.")


def contour_of(polygon: np.ndarray) -> Contour | None:
    """A closed outline (N,2) of which nobody says where the annulus is -> a contour, or None where it is too small."""
    if len(polygon) < 6 or not np.isfinite(polygon).all():
        return None
    return Contour.through(open_contour(np.asarray(polygon, float)), Origin.DRAWN)


def contour_of_mask(mask: np.ndarray) -> Contour | None:
    """(H,W) bool -> a contour, or None where there is no cavity to speak of."""
    line = outline(mask)
    return None if line is None else contour_of(line)
