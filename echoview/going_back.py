"""Back to a backup of the label library, as the window asks for it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from echoview.errors import EchoViewError, LibraryError
from echoview.services.jobs import Job, Lane
from echoview.store import Library, try_library
from echoview.store.aside import LibraryInUse
from echoview.store.backup_list import Backup, listed
from echoview.store.restoring import restore
from echoview.workflow import Workflow


class GoingBack(QObject):
    """Lists the backups, and puts one in the library's place; what was there is kept beside it.

    Signals:
        found(Backup): one more, newest first; listed(): that was the last.
        gone_back(kept): the name under which the library as it was is kept; refused(EchoViewError).
    """

    found = Signal(object)
    listed = Signal()
    gone_back = Signal(str)
    refused = Signal(object)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow = workflow
        self._reading: Job | None = None

    @property
    def file(self) -> Path | None:
        """The library, where it is a file of which backups are made here."""
        library = self._workflow.library
        return None if library is None else library.file

    def why_not(self) -> str:
        """Why there is nothing to choose from, "" where there may be."""
        if self._workflow.library is None:
            return "The label library is not open."
        return "" if self.file is not None else "This library is not backed up here: it is only read, or on a server."

    def look(self) -> None:
        """Ask for the backups."""
        file = self.file
        if file is not None:
            self._reading = self._workflow.jobs.run(
                Lane.LISTING, "list backups", listed, file,
                on_item=self.found.emit, on_done=lambda _: self.listed.emit(), on_error=self.refused.emit,
            )  # fmt: skip

    def end(self) -> None:
        """Nobody looks at the list any more."""
        if self._reading is not None:
            self._reading.cancel()

    def go_back(self, backup: Backup) -> None:
        """Put it in the library's place, behind the saves that wait; the open cine is opened anew."""
        keeping, file = self._workflow.keeping, self.file
        if file is None:
            return
        if keeping.unsaved_cines and not keeping.saving:
            hint = "Save them first, for they would be lost (the badge at the top says why they are not)."
            self.refused.emit(EchoViewError("Corrections of the open library are not saved.", hint))
            return
        self._workflow.jobs.run(
            Lane.SAVING, "go back to a backup", replaced, keeping.let_go(), file, backup.path, self._workflow.secret,
            on_done=lambda found: self._replaced(*found), on_error=lambda error: self._replaced(None, None, error),
        )  # fmt: skip

    def _replaced(self, library: Library | None, kept: Path | None, error: EchoViewError | None) -> None:
        self._workflow.keeping.take_up(library)
        if error is not None:
            self.refused.emit(error)
            return
        if self._workflow.session.cine is not None:
            self._workflow.open(self._workflow.session.path)
        self.gone_back.emit("" if kept is None else kept.name)


def replaced(
    former: Library, file: Path, backup: Path, secret: bytes
) -> tuple[Library | None, Path | None, EchoViewError | None]:
    """Runs on the SAVING lane. Whatever happens, the library is opened again."""
    former.close()
    kept: Path | None = None
    refusal: EchoViewError | None = None
    try:
        kept = restore(file, str(backup))
    except LibraryInUse:
        refusal = LibraryError("Another window has this library open.", "Close that window, then try again.")
    except EchoViewError as error:
        refusal = error
    library, shut = try_library(str(file), secret)
    return library, kept, refusal or shut
