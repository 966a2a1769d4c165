"""Export and import from the window: where to, where from, and how it ended."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from echoview.exchange import Exchange, Outcome, Wish
from echoview.ui.export_dialog import FORMS, ExportDialog
from echoview.ui.widgets import Banner, Message, ProgressLine
from echoview.workflow import Workflow


class Exchanging(QObject):
    """Asks, and tells in the banner."""

    def __init__(self, window: QWidget, workflow: Workflow, banner: Banner) -> None:
        super().__init__(window)
        self._window, self._workflow, self._banner = window, workflow, banner
        self.exchange = Exchange(workflow, self)
        self.progress = ProgressLine("Stop the export or import")
        self.progress.cancelled.connect(self.exchange.cancel)
        self.exchange.progressed.connect(self.progress.show_progress)
        self.exchange.said.connect(self._tell)

    def export(self) -> None:
        """What, in which form, where to."""
        if not self._ready():
            return
        dialog = ExportDialog(self._window, self.exchange)
        if dialog.exec() == QDialog.DialogCode.Accepted and (out := self._new_place(dialog.wish)) is not None:
            self.exchange.export(dialog.wish, out)

    def take(self) -> None:
        """A bundle to merge, or an export by its index file."""
        if not self._ready():
            return
        path, _ = QFileDialog.getOpenFileName(
            self._window, "Import labels", str(Path.home()), "Bundles and exports (*.zip *.json *.csv);;All files (*)"
        )
        if path:
            self.exchange.take(Path(path), self._folders())

    def take_folder(self) -> None:
        """The folder of an export, or a data set as published."""
        if not self._ready():
            return
        folder = QFileDialog.getExistingDirectory(self._window, "Import labels from a folder", str(Path.home()))
        if folder:
            self.exchange.take(Path(folder), self._folders())

    def _tell(self, outcome: Outcome) -> None:
        """How it ended, with a button for the way on."""
        button, act = "", None
        if outcome.missing is not None:
            button, act = "Find cines", partial(self._find_cines, outcome.missing)
        elif outcome.look_at:
            button, act = "Open cine", partial(self._workflow.open, outcome.look_at)
        self._banner.dismiss_urgent()  # of the try before
        self._banner.say(Message(outcome.text, outcome.hint, False, button, act, done=not outcome.hint))

    def _find_cines(self, missing: Path) -> None:
        """Import once more, with the folder where the cines lie."""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder that holds the cines")
        if folder and self._ready():
            self.exchange.take(missing, (Path(folder),))

    def _ready(self) -> bool:
        if self._workflow.library is None:
            self._banner.say(Message("The label library is not open.", "Open another library, then try again."))
            return False
        if self.exchange.busy:
            self._banner.say(Message("An export or import is under way.", "Wait until it has ended.", False))
            return False
        return True

    def _new_place(self, wish: Wish) -> Path | None:
        name = FORMS[wish.kind][1]
        if name:
            path, _ = QFileDialog.getSaveFileName(self._window, "Export to", str(Path.home() / name))
            return Path(path) if path else None
        home = QFileDialog.getExistingDirectory(self._window, "Export into a new folder in")
        if not home:
            return None
        out, number = Path(home) / f"echoview-{wish.kind}", 2
        while out.exists():
            out, number = Path(home) / f"echoview-{wish.kind}-{number}", number + 1
        return out

    def _folders(self) -> tuple[Path, ...]:
        """Where the cines of the import may lie: around the open one."""
        path = self._workflow.session.path
        return (Path(path).parent,) if path else ()
