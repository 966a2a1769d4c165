"""Lanes for slow work. A job is a function or a generator; its results come back on the GUI thread."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from echoview.errors import EchoViewError, plain_traceback

log = logging.getLogger(__name__)

_AFTER_PAINT_MS = 1  # a timer that is due comes after the events that wait, the one that paints among them


class Lane(Enum):
    """IO opens, and reads what may be slow. SAVING writes to the library, and reads of it what must come after that:
    one thread keeps the order, and no edit waits for a file. INFERENCE owns the network; TRAINING prepares runs;
    LISTING walks folders; LOOKING makes the small pictures of the study list; READING goes through the frames of the
    open cine; WATCHING asks the library, every few seconds, what others have saved."""

    IO = "io"
    SAVING = "saving"
    INFERENCE = "inference"
    TRAINING = "training"
    LISTING = "listing"
    LOOKING = "looking"
    READING = "reading"
    WATCHING = "watching"


class Job:
    """One piece of work; `cancel` asks it to end, and it ends at its next yield."""

    def __init__(self, name: str, lane: Lane) -> None:
        self.name = name
        self.lane = lane
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()


class Jobs(QObject):
    """Runs jobs, one at a time a lane.

    They begin when the window has painted what led to them: their threads would take turns with its own.
    """

    _deliver = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = {lane: ThreadPoolExecutor(1, thread_name_prefix=lane.value) for lane in Lane}
        self._running: set[Job] = set()
        self._waiting: list[Callable[[], object]] = []
        self._begin = QTimer(self)
        self._begin.setSingleShot(True)
        self._begin.setInterval(_AFTER_PAINT_MS)
        self._begin.timeout.connect(self._submit)
        self._deliver.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        lane: Lane,
        name: str,
        work: Callable[..., Any],
        *arguments: Any,
        on_item: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[EchoViewError], None] | None = None,
    ) -> Job:
        """Start `work(*arguments)` on a lane; callbacks run on the GUI thread, none after a cancel.

        A generator's items go to `on_item`, what a function or generator returns to `on_done`. An EchoViewError
        goes to `on_error`; any other exception is a bug, is logged, and is raised on the GUI thread.
        """
        job = Job(name, lane)
        self._running.add(job)
        work_on = partial(self._work, job, work, arguments, on_item, on_done, on_error)
        self._waiting.append(lambda: self._lanes[lane].submit(work_on))
        if not self._begin.isActive():  # else a row of jobs would put off the first of them
            self._begin.start()
        return job

    def _submit(self) -> None:
        waiting, self._waiting = self._waiting, []
        for submit in waiting:
            submit()

    def shut_down(self) -> None:
        """Cancel predictions and preparations; wait for all that is to be saved."""
        self._submit()
        for job in list(self._running):
            if job.lane not in (Lane.IO, Lane.SAVING):
                job.cancel()
        for lane in self._lanes.values():
            lane.shutdown(wait=True)

    @property
    def idle(self) -> bool:
        return not self._running

    def _work(self, job: Job, work: Any, arguments: tuple, on_item: Any, on_done: Any, on_error: Any) -> None:
        began = time.perf_counter()
        try:
            result = None if job.cancelled else self._drive(job, work(*arguments), on_item)
            self._deliver.emit(job, lambda: self._finish(job, on_done, result))
        except EchoViewError as error:
            log.info("%s refused: %s", job.name, type(error).__name__)
            refusal = error
            self._deliver.emit(job, lambda: self._finish(job, on_error, refusal))
        except BaseException as error:  # handed to the GUI thread, where the excepthook shows it
            log.error("%s failed: %s", job.name, plain_traceback(error))
            bug = error
            self._deliver.emit(job, lambda: self._fail(job, on_error, bug))
        finally:
            level = logging.DEBUG if job.lane is Lane.WATCHING else logging.INFO  # it would fill the log by itself
            log.log(level, "%s took %.3f s", job.name, time.perf_counter() - began)

    def _drive(self, job: Job, result: Any, on_item: Any) -> Any:
        if not inspect.isgenerator(result):
            return result
        while not job.cancelled:
            try:
                item = next(result)
            except StopIteration as end:
                return end.value
            if on_item is not None:
                self._deliver.emit(job, lambda item=item: None if job.cancelled else on_item(item))
        result.close()
        return None

    def _finish(self, job: Job, callback: Any, value: Any) -> None:
        self._running.discard(job)
        if callback is not None and not job.cancelled:
            callback(value)

    def _fail(self, job: Job, callback: Any, bug: BaseException) -> None:
        """Whoever waits is told in a sentence; the excepthook shows the rest."""
        self._finish(job, callback, EchoViewError("This failed through a fault in EchoView.", "Try it again."))
        raise bug

    def _call(self, _job: Job, callback: Callable[[], None]) -> None:
        callback()
