"""Agreement of the readings in the library, as the window asks for it; no widget in it."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from echoview.errors import EchoViewError
from echoview.measure.agreement import Kind, Pair
from echoview.services.agreement import pairs, write_table
from echoview.services.jobs import Job, Lane
from echoview.store import Library
from echoview.workflow import Workflow


class Comparing(QObject):
    """Reads the library once; `found` says that `pairs` is there.

    Attributes:
        pairs: of all kinds; paths: where the cine of each lies.
    """

    found = Signal()

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow = workflow
        self.pairs: list[Pair] = []
        self.paths: list[str] = []
        self._job: Job | None = None
        self._stop = threading.Event()

    @property
    def reading(self) -> bool:
        return self._job is not None

    def read(self) -> None:
        """Compare what the library holds now."""
        library = self._workflow.library
        if library is None or self.reading:
            return
        self._stop = threading.Event()
        self._job = self._workflow.jobs.run(
            Lane.TRAINING, "agreement", self._read, library, self._stop, on_done=self._take, on_error=self._refused
        )

    def cancel(self) -> None:
        self._stop.set()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def of(self, kind: Kind) -> list[Pair]:
        return [one for one in self.pairs if one.kind is kind]

    def path_of(self, pair: Pair) -> str:
        return self.paths[self.pairs.index(pair)]

    def write_table(self, out: Path, compared: list[Pair]) -> None:
        """
        Raises:
            EchoViewError: it cannot be written.
        """
        write_table(out, compared)

    def _read(self, library: Library, stop: threading.Event) -> list[tuple[Pair, str]]:
        """Runs on the lane."""
        return list(pairs(library, self._workflow.secret, stop.is_set))

    def _take(self, read: list[tuple[Pair, str]]) -> None:
        self._job = None
        self.pairs, self.paths = [pair for pair, _ in read], [path for _, path in read]
        self.found.emit()

    def _refused(self, error: EchoViewError) -> None:
        self._job = None
        self._workflow.refused.emit(error)
