"""The rows of the study list: filtered, sorted, grouped by study. Draws nothing."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QPixmap

from echoview.domain.study import CineFile, Status, words_of
from echoview.domain.view import View

if TYPE_CHECKING:
    from echoview.services.study_feed import Filled

PICTURES_KEPT = 1500
UNREADABLE = "cannot be read"
_NUMBERS = re.compile(r"(\d+)")
Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class Row:
    """A cine of the list; `share` is the network's probability of the view, None where it has not looked."""

    listed: CineFile
    status: Status = Status.NEW
    view: View | None = None
    share: float | None = None
    ef_percent: float | None = None
    frames: int | None = None
    trouble: str = ""
    looked: bool = False
    waits: bool = True  # for whoever sits here
    open_issues: int = 0
    conflicts: int = 0
    here: bool = False  # this session knows better than the library what the row says
    words: str = ""  # what the filter searches, made when first needed
    name_key: list = field(default_factory=list)

    @property
    def text(self) -> str:
        """The row in words, for a screen reader and the tooltip."""
        told = [self.listed.name, self.view.value if self.view else "", self.state]
        if self.ef_percent is not None:
            told.append(f"EF {self.ef_percent:.0f} %")
        if self.frames is not None:
            told.append(f"{self.frames} frame{'s' if self.frames != 1 else ''}")
        if self.open_issues:
            told.append(f"{self.open_issues} open comment{'s' if self.open_issues != 1 else ''}")
        file = self.listed.path.replace("\\", "/").rsplit("/", 1)[-1]
        told += [file] if file != self.listed.name else []
        return ", ".join(part for part in told if part) + (f"\n{self.trouble}" if self.trouble else "")

    @property
    def state(self) -> str:
        """How far the cine is; of one that cannot be read only what a person did before."""
        words = words_of(self.status, self.conflicts)
        if not self.trouble:
            return words
        return UNREADABLE if self.status is Status.NEW else f"{UNREADABLE}, {words}"


@dataclass(slots=True)
class Heading:
    """The name of a study above its cines; `study` is its key."""

    study: str
    cines: int
    folded: bool
    name: str


SORTS: dict[str, Callable[[Row], tuple]] = {
    "Name": lambda row: (),
    "Status": lambda row: (list(Status).index(row.status),),
    "EF": lambda row: (row.ef_percent is None, row.ef_percent or 0.0),
    "Date": lambda row: (-row.listed.modified_ns,),
    "View": lambda row: (row.view is None, row.view.value if row.view else ""),
}
"""What the list can be sorted by; the name decides between equals, what is unknown comes last."""


class WorklistModel(QAbstractListModel):
    """Rows by path, and the order in which they are shown. A heading is an item too, but no row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Row] = {}
        self._shown: list[Row | Heading] = []
        self._place: dict[str, int] = {}
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()
        self._folded: set[str] = set()
        self._numbers: dict[tuple[str, str], dict[str, int]] = {}  # study and name -> path -> which of that name
        self.names: dict[str, str] = {}  # path -> what a cine is called elsewhere; also of those listed before
        self._said: dict[str, Row] = {}  # what this session found out, also of cines of other folders
        self.text, self.order = "", "Name"
        self.status: Status | None = None

    # ---- what Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.item(index.row())
        if item is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return item.name if isinstance(item, Heading) else item.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return item.text if isinstance(item, Row) else item.name
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self.item(index.row()), Row):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.NoItemFlags  # so the arrow keys pass a heading

    # ---- what is shown

    def item(self, position: int) -> Row | Heading | None:
        return self._shown[position] if 0 <= position < len(self._shown) else None

    def is_heading(self, position: int) -> bool:
        return self._shown[position].__class__ is Heading

    def place(self, path: str) -> int:
        """Where a cine stands, -1 where it is not shown."""
        return self._place.get(path, -1)

    def shown(self) -> list[Row]:
        """The cines in the order of the list, without those of a folded study."""
        return [item for item in self._shown if isinstance(item, Row)]

    def siblings(self, path: str) -> list[Row]:
        """All listed cines of a cine's study, itself included, by name; whatever the filter hides."""
        row = self.rows.get(path)
        study = [] if row is None else [r for r in self.rows.values() if r.listed.study == row.listed.study]
        return sorted(study, key=lambda r: r.name_key)

    def picture(self, path: str) -> QPixmap | None:
        return self._pictures.get(path)

    # ---- what comes in

    def clear(self) -> None:
        self.beginResetModel()
        self.rows, self._shown, self._place, self._folded = {}, [], {}, set()
        self._numbers.clear()
        self._pictures.clear()
        self.endResetModel()

    def add(self, found: Iterable[CineFile]) -> None:
        """More cines; they are shown by the next `arrange`."""
        for listed in map(self._numbered, found):
            self.names[listed.path] = listed.alone
            row = Row(listed, view=listed.view, frames=listed.frames, name_key=_natural(listed.path))
            row.trouble, row.looked = listed.trouble, bool(listed.trouble)
            if (said := self._said.get(listed.path)) is not None:
                row.status, row.view, row.share = said.status, said.view, said.share
                row.ef_percent, row.frames, row.here = said.ef_percent, said.frames, True
                row.waits, row.open_issues, row.conflicts = said.waits, said.open_issues, said.conflicts
            self.rows[listed.path] = row

    def _numbered(self, listed: CineFile) -> CineFile:
        """Of several cines of a study with one name each but the first gets a number."""
        numbers = self._numbers.setdefault((listed.study, listed.name), {})
        number = numbers.setdefault(listed.path, len(numbers) + 1)
        return listed if number == 1 else replace(listed, name=f"{listed.name} ({number})")

    def fill(self, filled: Iterable[Filled], open_path: str = "") -> bool:
        """More is known of some rows; whether the order may have changed by it.

        Of conflicts the library knows better than this session, but in the open cine: an import, or another desk, may
        have made some.
        """
        touched: list[int] = []
        for one in filled:
            row = self.rows.get(one.path)
            if row is None:
                continue
            if one.glimpse is not None:
                row.looked, row.frames = True, one.glimpse.frames
                self._keep_picture(one.path, one.glimpse.picture)
                row.trouble = ""
            if one.trouble:
                row.looked, row.trouble = True, one.trouble
            fresh = one.glimpse is None and not one.trouble  # just read, not remembered until its picture came
            if not row.here or (fresh and one.path != open_path and (one.conflicts or row.conflicts)):
                row.status, row.ef_percent, row.share = one.status, one.ef_percent, one.share
                row.waits, row.open_issues, row.conflicts = one.waits, one.open_issues, one.conflicts
                row.view = one.view or row.view
            row.words = ""
            if one.path in self._place:
                touched.append(self._place[one.path])
        if touched:
            self.dataChanged.emit(self.index(min(touched)), self.index(max(touched)))
        return bool(touched) and (self.order not in ("Name", "Date") or bool(self.text) or self.status is not None)

    def say(
        self, path: str, status: Status, view: View | None, share: float | None, ef_percent: float | None, frames: int,
        waits: bool | None = None, open_issues: int | None = None, conflicts: int = 0,
    ) -> None:  # fmt: skip
        """What this session says of a cine; it holds until the program ends."""
        row = self.rows.get(path) or Row(CineFile(path, path, "", 0, 0))
        row.status, row.view, row.share, row.ef_percent, row.frames = status, view, share, ef_percent, frames
        row.waits = status is not Status.APPROVED if waits is None else waits
        row.open_issues = row.open_issues if open_issues is None else open_issues
        row.conflicts = conflicts
        row.here, row.words = True, ""
        self._said[path] = row
        if path in self._place:
            at = self.index(self._place[path])
            self.dataChanged.emit(at, at)

    def forget_library(self) -> None:
        """Another library is in use: what the former one and this session said of the cines no longer stands."""
        self._said.clear()
        for row in self.rows.values():
            row.status, row.view, row.share, row.ef_percent = Status.NEW, row.listed.view, None, None
            row.waits, row.open_issues, row.conflicts, row.here, row.words = True, 0, 0, False, ""
            row.looked = bool(row.trouble)
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1))

    def forget_predictions(self) -> None:
        """Other weights are in use: what the former ones said of untouched cines no longer stands."""
        for row in self._said.values():
            if row.status is Status.PREDICTED:
                row.status, row.share, row.ef_percent, row.here, row.words = Status.NEW, None, None, False, ""
        self._said = {path: row for path, row in self._said.items() if row.here}
        for row in self.rows.values():  # they may have been predicted with these weights before
            if row.status is Status.PREDICTED:
                row.status, row.share, row.ef_percent, row.words = Status.NEW, None, None, ""
            row.looked = bool(row.trouble)
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1))

    def fold(self, study: str) -> None:
        """Hide a study's cines, or show them again."""
        self._folded ^= {study}
        self.arrange()

    def arrange(self) -> None:
        """Filter, sort and group anew."""
        studies: dict[str, list[Row]] = {}
        key = SORTS[self.order]
        kept = [row for row in self.rows.values() if self._fits(row)]
        for row in sorted(kept, key=lambda row: (*key(row), row.name_key)):
            studies.setdefault(row.listed.study, []).append(row)
        shown: list[Row | Heading] = []
        for study, rows in studies.items():
            folded = study in self._folded
            shown += [Heading(study, len(rows), folded, _heading(rows)), *([] if folded else rows)]
        self.beginResetModel()
        self._shown = shown
        self._place = {item.listed.path: at for at, item in enumerate(shown) if isinstance(item, Row)}
        self.endResetModel()

    def count(self, status: Status) -> int:
        return sum(row.status is status for row in self.rows.values())

    def _fits(self, row: Row) -> bool:
        if self.status is not None and row.status is not self.status:
            return False
        if row.trouble and self.status is Status.NEW:
            return False  # nothing can be done with it
        if not self.text:
            return True
        if not row.words:
            row.words = f"{row.text} {row.listed.heading or row.listed.study}".casefold()
        return all(word in row.words for word in self.text.casefold().split())

    def _keep_picture(self, path: str, pixels: np.ndarray) -> None:
        height, width = pixels.shape
        image = QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
        self._pictures[path] = QPixmap.fromImage(image)
        self._pictures.move_to_end(path)
        while len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)


def _heading(rows: list[Row]) -> str:
    return rows[0].listed.heading or rows[0].listed.study


def _natural(path: str) -> list[tuple[int, int, str]]:
    """So that IM_2 comes before IM_10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _NUMBERS.split(path.casefold())]
