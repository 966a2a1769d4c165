"""Fills the rows of the study list in the background: what is seen first, the rest when there is time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from echoview.domain.review import Reader
from echoview.domain.study import CineFile, Glimpse, Status
from echoview.domain.view import View
from echoview.errors import EchoViewError, plain_traceback
from echoview.services.jobs import Job, Jobs, Lane
from echoview.services.predictions import Known
from echoview.services.studies import Batch, Standing, gone, list_files, list_places, not_read, standings
from echoview.services.thumbnails import cache_folder, glimpse_of, trim
from echoview.store import Library

log = logging.getLogger(__name__)

BATCH_S = 0.05
REST = 3.0  # for every second spent on rows that nobody sees, three are left to the rest of the program


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """What is known of a row now; `trouble` says why there is no glimpse."""

    path: str
    glimpse: Glimpse | None
    status: Status
    view: View | None
    ef_percent: float | None
    trouble: str = ""
    open_issues: int = 0
    waits: bool = True
    share: float | None = None
    conflicts: int = 0


class StudyFeed(QObject):
    """Lists and looks; belongs to the GUI thread, works in jobs.

    Args:
        kept: what was predicted before of a cine, by the key of its content and its number of frames.

    Signals:
        started(title): another listing, "" for the recent cines.
        found(list[CineFile]): more rows of the folder that is being listed.
        went_on(): `seen` is another; rows need not have been found.
        ended(error or None): the listing is over.
        filled(list[Filled]): rows about which more is known.
    """

    started = Signal(str)
    found = Signal(object)
    went_on = Signal()
    ended = Signal(object)
    filled = Signal(object)

    def __init__(
        self, jobs: Jobs, library: Callable[[], Library | None], secret: bytes, parent: QObject | None = None,
        reader: Callable[[], Reader] = Reader, kept: Callable[[str, int], Known | None] = lambda _key, _frames: None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._jobs, self._library, self._secret, self._reader = jobs, library, secret, reader
        self._kept = kept
        self._listing: Job | None = None
        self._looking: Job | None = None
        self._stop = threading.Event()
        self.seen = 0  # files that the listing has looked at
        self.unread = ""  # what of them could not be read
        self._wake = threading.Condition()
        self._urgent: list[CineFile] = []
        self._rest: list[CineFile] = []
        self._stopped = False  # only what is seen is looked at, until another listing
        self._by_path: dict[str, Standing] = {}
        self._by_key: dict[str, Standing] = {}

    # ---- listing

    def list_folder(self, folder: Path) -> None:
        """Start another listing; the former one ends."""
        self.list_places((folder,), folder.name or str(folder))

    def list_places(self, places: tuple[Path, ...], title: str) -> None:
        """The same for several folders and files at once."""
        self._start_listing(title, list_places, places, self._new_stop(), self._secret)

    def list_recent(self, recent: tuple[str, ...]) -> None:
        """Single files; those that are gone are left out."""
        self._start_listing("", _in_one_batch, recent, self._secret)

    def find_gone(self, paths: tuple[str, ...], tell: Callable[[list[str]], None]) -> None:
        """Tell which of these files are not there any more; a share may be slow to say so."""
        self._jobs.run(Lane.LOOKING, "find gone", gone, paths, on_done=tell)

    def cancel_listing(self) -> None:
        """What was found so far stays."""
        if self._listing is not None:
            self._stop.set()
            self._listing.cancel()
            self._listing = None
            self.ended.emit(None)

    def _new_stop(self) -> Callable[[], bool]:
        self._stop.set()
        self._stop = threading.Event()
        return self._stop.is_set

    @property
    def listing(self) -> bool:
        return self._listing is not None

    def _start_listing(self, title: str, work: Callable[..., object], *arguments: object) -> None:
        if self._listing is not None:
            self._listing.cancel()
        self.forget()
        self._stopped = False
        self.seen, self.unread = 0, ""
        self.read_standings()
        self._listing = self._jobs.run(
            Lane.LISTING, "list", work, *arguments,
            on_item=self._take_batch, on_done=lambda _: self._listed(None), on_error=self._listed,
        )  # fmt: skip
        self.started.emit(title)

    def _take_batch(self, batch: Batch) -> None:
        self.seen, self.unread = batch.seen, not_read(*batch.unread)
        if batch.cines:
            self.found.emit(batch.cines)
        self.went_on.emit()

    def _listed(self, error: EchoViewError | None) -> None:
        self._listing = None
        self.ended.emit(error)

    # ---- what the library holds

    def read_standings(self) -> None:
        """Look again what the library holds: others may have read and reviewed meanwhile."""
        reader = self._reader()
        self._jobs.run(
            Lane.LOOKING, "read standings", lambda: self._read(reader), on_done=self._tell,
            on_error=lambda error: log.info("no standings: %s", type(error).__name__),
        )  # fmt: skip

    def _read(self, reader: Reader) -> dict[str, Standing]:
        """Runs on the lane that looks at the files: the next look there knows what was read, however busy the window
        is."""
        self._by_path, self._by_key = standings(self._library(), self._secret, reader)
        return self._by_path

    def _tell(self, by_path: dict[str, Standing]) -> None:
        known = [self._of(path, None, standing) for path, standing in by_path.items()]
        if known:
            self.filled.emit(known)

    def _of(self, path: str, glimpse: Glimpse | None, standing: Standing | None, trouble: str = "") -> Filled:
        undrawn = standing is None or standing.undrawn
        known = self._kept(glimpse.content_key, glimpse.frames) if glimpse and undrawn else None
        if standing is None:
            if known is not None:
                named = glimpse.view if glimpse else None
                share = known.share if named is None else None
                return Filled(path, glimpse, Status.PREDICTED, named or known.view, known.ef_percent, share=share)
            return Filled(path, glimpse, Status.NEW, glimpse.view if glimpse else None, None, trouble)
        ef = None if glimpse is None else standing.ef_percent(glimpse.calibration)
        view, status, share = standing.view or (glimpse.view if glimpse else None), standing.status, None
        if known is not None:
            ef = known.ef_percent if standing.leaves_ef else ef
            view, share = view or known.view, known.share if view is None else None
            status = Status.PREDICTED if status is Status.NEW else status
        return Filled(
            path, glimpse, status, view, ef, trouble, standing.open_issues, standing.waits, share, standing.conflicts
        )

    # ---- looking

    def want(self, seen: Iterable[CineFile], rest: Iterable[CineFile]) -> None:
        """These rows are on the screen; the rest may follow."""
        with self._wake:
            self._urgent, self._rest = list(seen), [] if self._stopped else list(rest)
            self._wake.notify()
        self._look_on()

    @property
    def left(self) -> int:
        """Rows that nobody sees and that are still to be looked at."""
        return len(self._rest)

    def stop_looking(self) -> None:
        """Rows that nobody sees wait until they are seen."""
        self._stopped = True
        with self._wake:
            self._rest = []
            self._wake.notify()

    def forget(self) -> None:
        """Nothing is wanted any more."""
        with self._wake:
            self._urgent, self._rest = [], []
            self._wake.notify()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look_on(self) -> None:
        if self._looking is None and (self._urgent or self._rest):
            self._looking = self._jobs.run(
                Lane.LOOKING, "look", self._looks, on_item=self.filled.emit, on_done=lambda _: self._looked()
            )

    def _looked(self) -> None:
        self._looking = None
        self._look_on()  # rows that were wanted while the job came to its end

    def _looks(self) -> Iterator[list[Filled]]:
        """Runs on its lane."""
        folder = cache_folder()
        trim(folder)
        batch: list[Filled] = []
        due = time.monotonic()
        while True:
            one, urgent = self._next()
            if one is None or time.monotonic() >= due:
                yield batch
                batch, due = [], time.monotonic() + BATCH_S
            if one is None:
                return
            began = time.monotonic()
            batch.append(self._look(one, folder))
            if not urgent and (spent := time.monotonic() - began) > 0.005:  # it was not in the cache
                yield batch
                batch = []
                self._breathe(REST * spent)

    def _next(self) -> tuple[CineFile | None, bool]:
        with self._wake:
            if self._urgent:
                return self._urgent.pop(0), True
            return (self._rest.pop(0), False) if self._rest else (None, False)

    def _breathe(self, seconds: float) -> None:
        with self._wake:
            self._wake.wait_for(lambda: bool(self._urgent) or not self._rest, min(seconds, 0.3))

    def _look(self, one: CineFile, folder: Path) -> Filled:
        try:
            glimpse = glimpse_of(one, folder, self._secret)
        except EchoViewError as error:
            return self._of(one.path, None, self._by_path.get(one.path), error.message)
        except Exception as error:  # a decoder's own; the other rows must not suffer
            log.error("no glimpse: %s", plain_traceback(error))
            return self._of(one.path, None, self._by_path.get(one.path), "Its decoder failed.")
        return self._of(one.path, glimpse, self._standing_of(glimpse))

    def _standing_of(self, glimpse: Glimpse) -> Standing | None:
        """By its content where its UID is another file's, see `store.twins`."""
        own = self._by_key.get(glimpse.content_key)
        shared = self._by_key.get(glimpse.identity_key)
        return own or (shared if shared is not None and shared.fits(glimpse) else None)


def _in_one_batch(recent: tuple[str, ...], secret: bytes) -> Iterator[Batch]:
    yield Batch(list_files(recent, secret), len(recent))
