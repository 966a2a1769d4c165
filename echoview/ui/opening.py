"""Ways into a cine: the Open menu, the file dialogs, the sample, and what is dropped on the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from echoview.workflow import Workflow

_FILTER = (  # the content decides what a file is, and scanners write names without an ending
    "All files (*);;By ending (*.dcm *.dicom *.avi *.mp4 *.mov *.m4v *.gif *.mpg *.wmv *.mkv *.webm *.png *.jpg *.tif "
    "*.bmp *.nii *.nii.gz *.mhd *.mha)"
)
_RECENT = 8


class Opening(QObject):
    """Asks for a path and hands it to the workflow.

    Args:
        sample: path of the sample cine, or None where there is none.
    """

    def __init__(self, window: QWidget, workflow: Workflow, sample: Path | None) -> None:
        super().__init__(window)
        self._window, self._workflow, self._sample = window, workflow, sample
        self._entries: dict[str, QAction] = {}  # of recent cines, in the menu that is open
        self._gone: set[str] = set()
        self._names: Mapping[str, str] = {}

    def ask_cine(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, "Open cine", self._last_folder(), _FILTER)
        if path:
            self._workflow.open(path)

    def ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self._window, "Open folder", self._last_folder())
        if path:
            self._workflow.open(path)

    def ask_library(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._window, "Keep labels in", "labels.sqlite", "Label library (*.sqlite)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if path:
            self._workflow.keeping.use_library(path)

    def open_sample(self) -> None:
        if self._sample is not None:
            self._workflow.open(self._sample)

    def open_dropped(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self._workflow.open_all(paths)

    def give_menu(self, button: QToolButton, acts: dict[str, QAction], names: Mapping[str, str]) -> None:
        """The button opens a menu with what can be opened; the recent ones are looked up as it opens.

        Args:
            names: path -> what a cine is called, as far as it was listed.
        """
        self._names = names
        menu = QMenu(button)
        menu.aboutToShow.connect(lambda: self._refill(menu, acts))
        button.setMenu(menu)

    def _refill(self, menu: QMenu, acts: dict[str, QAction]) -> None:
        menu.clear()
        for name in ("open", "open_folder", "sample"):
            menu.addAction(acts[name])
        recent, self._entries = self._recent()[:_RECENT], {}
        if recent:
            menu.addSeparator()
        named = Counter[str]()
        for path in recent:
            name = self._names.get(path, Path(path).name)
            named[name] += 1
            again = f" ({named[name]})" if named[name] > 1 else ""
            self._entries[path] = menu.addAction(name.replace("&", "&&") + again)
        for path, entry in self._entries.items():
            entry.triggered.connect(lambda _=False, p=path: self._workflow.open(p))
        self._workflow.studies.find_gone(tuple(recent), self._take_away)
        menu.addSeparator()
        for name in ("export", "import", "import_folder", "agreement", "backups"):
            menu.addAction(acts[name])
        menu.addSeparator()
        for name in ("predict", "go_on", "theme", "keys", "quit"):
            menu.addAction(acts[name])

    def _last_folder(self) -> str:
        recent = self._recent()
        return str(Path(recent[0]).parent) if recent else str(Path.home())

    def _take_away(self, gone: list[str]) -> None:
        """What is not there any more leaves the open menu as soon as that is known."""
        self._gone = set(gone)
        for path in gone:
            if path in self._entries:
                self._entries[path].setVisible(False)

    def _recent(self) -> list[str]:
        """What was opened lately, as far as is known still there; the sample has an entry of its own."""
        known = self._workflow.settings.recent
        return [path for path in known if path not in self._gone and Path(path) != self._sample]
