"""What other desks save meanwhile, in a library that several share; no widget in it. Nothing here changes a label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from echoview.keeping import Slot
from echoview.services.jobs import Lane
from echoview.store import Library, Written
from echoview.workflow import Workflow

EVERY_MS = 4000


@dataclass(frozen=True, slots=True)
class News:
    """Others have saved the cine that is open: who, and when last (UTC)."""

    who: str
    made_at: datetime

    @property
    def words(self) -> str:
        made = self.made_at.astimezone()
        when = f"at {made:%H:%M}" if made.date() == datetime.now().date() else f"on {made:%Y-%m-%d at %H:%M}"
        return f"{self.who} changed this cine {when}."


class Watching(QObject):
    """Asks the library every few seconds, on a lane of its own, what was written last.

    The study list is read again where others have written. Of the open cine it is told, once for each revision; what
    they changed is shown when the person wishes it (`Workflow.read_again`), or with the next save.

    Signals:
        changed(News): others have saved the open reading since it was read here.
        said(): others have said something of the open cine.
        passed(): what was told of does not hold any more: another cine is open, or it is shown now.
    """

    changed = Signal(object)
    said = Signal()
    passed = Signal()

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow, self._session = workflow, workflow.session
        self._library: Library | None = None  # that was last asked
        self._known: frozenset[tuple[str, int]] | None = None  # rows that it had then; None = not asked yet
        self._told: dict[Slot, int] = {}  # the last revision that a person was told of
        self._asking = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._session.cine_changed.connect(self.passed)
        workflow.keeping.joined.connect(self.passed)

    def start(self) -> None:
        self._timer.start()

    def end(self) -> None:
        """The window closes: nobody is asked any more."""
        self._timer.stop()

    def look(self) -> None:
        """Ask now, unless the answer to the last question is still to come."""
        library = self._workflow.library
        if library is None or library.read_only or self._asking:
            return
        self._asking = True
        self._workflow.jobs.run(
            Lane.WATCHING, "watch", library.newest,
            on_done=lambda found: self._looked(library, found), on_error=lambda _: self._failed(),
        )  # fmt: skip

    def _failed(self) -> None:
        """Whoever saves is told that the library is not there; who only looks on need not be, every few seconds."""
        self._asking = False

    def _looked(self, library: Library, found: list[Written]) -> None:
        self._asking = False
        if library is not self._workflow.library or self._workflow.keeping.saving:
            return  # of what is being saved nobody knows yet whose it is
        if library is not self._library:
            self._library, self._known, self._told = library, None, {}
        before, self._known = self._known, frozenset(one.key for one in found)
        fresh = [] if before is None else [one for one in found if one.key not in before]
        if any(not self._ours(one) for one in fresh):
            self._workflow.studies.read_standings()
        cine = self._session.cine
        if cine is None or self._session.locked:
            return
        of_this = [one for one in found if one.identity == cine.info.identity]
        if any(one.number == 0 and one in fresh and not self._ours(one) for one in of_this):
            self.said.emit()
        self._tell([one for one in of_this if one.number and one.reading == self._session.reading.key])

    def _tell(self, revisions: list[Written]) -> None:
        for slot in {(one.identity, one.reading) for one in revisions}:
            beyond = max(self._workflow.keeping.seen(slot), self._told.get(slot, 0))
            new = [one for one in revisions if one.number > beyond]
            if new:
                self._told[slot] = max(one.number for one in new)
                self.changed.emit(News(self._names(new), max(one.made_at for one in new)))

    def _names(self, written: list[Written]) -> str:
        names = {one.who for one in written}
        if names == {self._workflow.settings.annotator}:
            return "Another window of yours"
        return " and ".join(sorted(name for name in names if name)) or "Another window"

    def _ours(self, one: Written) -> bool:
        """Whether this window wrote it, or has read it since; what was said counts as ours by its name."""
        if not one.number:
            return one.who == self._workflow.settings.annotator
        return one.number <= self._workflow.keeping.seen((one.identity, one.reading))
