"""Labels out of the library and into it, as the window asks for it; no widget in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError
from echoview.services.exporting import NEED_FRAMES, Predict, export_to
from echoview.services.importing import Came, import_from
from echoview.services.jobs import Job, Lane
from echoview.services.previewing import Preview, leaving, preview, preview_of
from echoview.store import Library
from echoview.store.transfer import History, cines
from echoview.workflow import Workflow


class Wish(NamedTuple):
    """What is to go out: a format of `services.exporting.FORMATS`, with frames or not, the open cine alone or all."""

    kind: str
    frames: bool
    this_cine: bool


class Outcome(NamedTuple):
    """How it ended, and the way on.

    Attributes:
        text, hint: for a person.
        look_at: a cine that is not open and of which both sides had said something else, "" where there is none.
        missing: what was imported, where some of its cines were not found.
    """

    text: str
    hint: str = ""
    look_at: str = ""
    missing: Path | None = None


class Exchange(QObject):
    """One export or import at a time, off the GUI thread.

    Signals:
        said(outcome): how it ended, an `Outcome`.
        progressed(text, share): what goes on, share 0..1; -1 when it ended.
        previewed(Preview): a frame of a cine as it would leave, or why the cine is left out.
    """

    said = Signal(object)
    progressed = Signal(str, float)
    previewed = Signal(object)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow = workflow
        self._job: Job | None = None
        self._stop = threading.Event()
        self._left_out: list[str] = []
        self._unread: list[int] = []  # frames, of each cine that has such
        self._unsettled: list[int] = []  # conflicts of each cine that went out with any
        self._looking: Job | None = None
        self._leaving: list[History] | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def cine(self) -> Cine | None:
        return self._workflow.session.cine

    def cancel(self) -> None:
        """End what is under way; an export leaves no half file, an import keeps what has been merged."""
        if self._job is not None:
            self._stop.set()
            self._job.cancel()
            self._ended()

    def preview(self, this_cine: bool, number: int = 1) -> None:
        """How the middle frame of a cine would leave; `previewed` gives it.

        Args:
            number: from 1, of the open cine alone or of all with labels; with 1 the labels are looked at anew.
        """
        library, cine = self._workflow.library, self.cine
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if number == 1:
            self._leaving = None
        if this_cine and cine is not None:
            look = partial(preview, 1, 1, lambda: cine)
        elif library is not None:
            look = partial(self._preview_of, library, number)
        else:
            return
        self._looking = self._workflow.jobs.run(
            Lane.TRAINING, "preview", look, on_done=self.previewed.emit,
            on_error=lambda error: self.previewed.emit(Preview(0, 0, None, error.message)),
        )  # fmt: skip

    def _preview_of(self, library: Library, number: int) -> Preview:
        """Runs on the lane."""
        if self._leaving is None:
            self._leaving = leaving(library)
        if not self._leaving:
            return Preview(0, 0, None, "No cine has labels yet.")
        return preview_of(self._leaving, number, self._workflow.secret)

    def export(self, wish: Wish, out: Path) -> None:
        """Write what is wished to a new file or folder."""
        library, cine = self._workflow.library, self.cine
        if self.busy or library is None:
            return
        only = [cine.info.identity] if wish.this_cine and cine is not None else None
        self._left_out, self._unsettled, self._unread, self._stop = [], [], [], threading.Event()
        self.progressed.emit("Exporting", 0.0)
        self._job = self._workflow.jobs.run(
            Lane.TRAINING, "export", self._write, library, wish, out, only, self._shown(wish), self._stop,
            on_done=partial(self._exported, out), on_error=self._refused,
        )  # fmt: skip

    def _shown(self, wish: Wish) -> Predict | None:
        """For a table: what the window shows of the open cine, so that both say the same of it."""
        cine, prediction = self.cine, self._workflow.session.prediction
        if wish.kind != "measures" or cine is None or prediction is None:
            return None
        return lambda other: prediction if other.info.identity == cine.info.identity else None

    def _write(
        self, library: Library, wish: Wish, out: Path, only: list[str] | None, predict: Predict | None,
        stop: threading.Event,
    ) -> int:  # fmt: skip
        """Runs on the lane."""
        return export_to(
            out, wish.kind, library, secret=self._workflow.secret, frames=wish.frames, only=only, predict=predict,
            say=self._left_out.append, at=self._counting(stop, len(only or cines(library))),
            unsettled=lambda _name, conflicts: self._unsettled.append(conflicts),
            unread=lambda _name, frames: self._unread.append(frames),
        )  # fmt: skip

    def _counting(self, stop: threading.Event, total: int) -> Callable[[int], None]:
        def at(number: int) -> None:
            if stop.is_set():
                raise EchoViewError("The export was stopped.", "Nothing was written.")
            self.progressed.emit(f"Exporting cine {number}", (number - 1) / total)

        return at

    def take(self, path: Path, folders: tuple[Path, ...] = ()) -> None:
        """Merge a bundle, or the folder of an export, into the library; ours stay in force where both differ."""
        library = self._workflow.library
        if self.busy or library is None:
            return
        self.progressed.emit("Importing", 0.0)
        self._job = self._workflow.jobs.run(
            Lane.TRAINING, "import",
            lambda: import_from(
                path, library, by=self._workflow.settings.annotator or "import", secret=self._workflow.secret,
                folders=folders,
            ),
            on_done=partial(self._imported, path), on_error=self._refused,
        )  # fmt: skip

    def _exported(self, out: Path, count: int) -> None:
        self._ended()
        left, open_still = len(self._left_out), sum(self._unsettled)
        hints = [f"{_cines(left)} left out: {self._left_out[0]}"] if left else []
        if open_still:
            what = "1 conflict" if open_still == 1 else f"{open_still} conflicts"
            hints.append(f"{what} in {_cines(len(self._unsettled))} not decided: what is in force went out.")
        if unread := sum(self._unread):
            what = "1 frame" if unread == 1 else f"{unread} frames"
            hints.append(f"{what} in {_cines(len(self._unread))} cannot be read and went out black.")
        self.said.emit(Outcome(f"{_cines(count)} exported to {out.name}.", " ".join(hints)))

    def _imported(self, path: Path, came: Came) -> None:
        self._ended()
        hints = []
        if came.conflicts:
            places = sum(len(what) for _, what in came.conflicts)
            hints.append(
                f"Both sides had changed {'1 frame or mark' if places == 1 else f'{places} frames or marks'} of"
                f" {_cines(len(came.conflicts))}: yours are in force, theirs are kept; REVIEW shows both."
            )
        if came.unknown:
            hints.append(f"{_cines(len(came.unknown))} not found here.")
        what = "Nothing new in it."
        if came.revisions:
            changes = "1 saved change" if came.revisions == 1 else f"{came.revisions} saved changes"
            what = f"{changes} of {_cines(came.cines)} imported."
        elif came.acts:
            said = "1 verdict or comment" if came.acts == 1 else f"{came.acts} verdicts and comments"
            what = f"{said} on {_cines(came.cines)} imported."
        here = str(Path(self._workflow.session.path).absolute())
        look_at = next((place for place in came.places if place and place != here and Path(place).exists()), "")
        self.said.emit(Outcome(what, " ".join(hints), look_at, path if came.unknown else None))
        self._workflow.keeping.read_again()
        self._workflow.studies.read_standings()
        self._workflow.keeping.count()

    def _refused(self, error: EchoViewError) -> None:
        self._ended()
        self._workflow.refused.emit(error)

    def _ended(self) -> None:
        self._job = None
        self.progressed.emit("", -1.0)


def wants_frames(kind: str) -> bool:
    """Whether a format always holds its frames."""
    return kind in NEED_FRAMES


def _cines(count: int) -> str:
    return "1 cine" if count == 1 else f"{count} cines"
