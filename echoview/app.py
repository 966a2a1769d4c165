"""The composition root: the only place that wires things together."""

from __future__ import annotations

import gc
import logging
import logging.handlers
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from echoview import __version__, paths, settings
from echoview.errors import EchoViewError, plain_traceback
from echoview.learning import Learning
from echoview.services.frames import FrameFeeder
from echoview.services.jobs import Jobs
from echoview.session import Session
from echoview.store import Registry, try_library
from echoview.ui import theme
from echoview.ui.dialogs import show_bug
from echoview.ui.main_window import MainWindow
from echoview.workflow import Workflow

log = logging.getLogger(__name__)

_COLLECT_S = 5.0  # Python frees cycles on the window's thread alone: Qt dies of a widget that another thread frees


@dataclass(slots=True)
class App:
    """The wired parts, for `run` and for tests."""

    window: MainWindow
    workflow: Workflow
    learning: Learning
    session: Session


def build(library: str = "", review_only: bool = False) -> App:
    """Wire everything; the window is not shown yet and torch is not loaded.

    Args:
        library: URL or path of the label library, "" for the one in the settings.
        review_only: leave the network out, as the settings may say too.
    """
    known = settings.load()
    if isinstance(application := QApplication.instance(), QApplication):
        theme.apply(application, theme.LIGHT if known.daylight else theme.DARK)
    session, jobs = Session(), Jobs()
    opened, error = try_library(library or known.library_url, bytes.fromhex(known.patient_secret))
    workflow = Workflow(session, jobs, registry(), opened, known, review_only=review_only or known.review_only)
    learning = Learning(workflow)
    window = MainWindow(workflow, learning, FrameFeeder(), sample_path())
    if error is not None:
        workflow.refused.emit(error)
    workflow.use_active_weights()
    workflow.keeping.back_up()
    return App(window, workflow, learning, session)


def run(path: str = "", library: str = "", review_only: bool = False) -> int:
    """Open the window, then the cine; returns the exit code."""
    start_logging()
    application = application_of(sys.argv[:1])
    sys.excepthook = _show_bug
    try:
        app = build(library, review_only)
    except EchoViewError as error:
        print(error, file=sys.stderr)
        return 1
    app.window.show()
    wanted = path or first_cine(app.workflow.settings)
    if wanted:
        QTimer.singleShot(0, lambda: app.workflow.open(wanted))  # after the first paint
    gc.freeze()  # what stays for ever is not looked through: that would hold up the window for a tenth of a second
    collector = GarbageCollector(_COLLECT_S)
    code = application.exec()
    collector.timer.stop()
    if app.workflow.library is not None:
        app.workflow.library.close()
    return code


def application_of(arguments: Sequence[str]) -> QApplication:
    """The one QApplication, in our colours."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(list(arguments))
    application.setApplicationName(paths.APP)
    application.setApplicationVersion(__version__)
    theme.apply(application, theme.current())
    return application


def registry() -> Registry:
    """Shipped and own weights; a frozen bundle starts with the set that is free of terms."""
    free = bool(getattr(sys, "frozen", False))
    own = paths.user_data_dir() / "weights"
    return Registry(paths.resource("weights"), own, "ral-lite-phantom" if free else "ral-lite-camus")


def sample_path() -> Path | None:
    """The real A4C cine that ships with pydicom, or None where that package lacks it."""
    import pydicom

    path = Path(pydicom.__file__).parent / "data" / "test_files" / "examples_ybr_color.dcm"
    return path if path.exists() else None


def first_cine(known: settings.Settings) -> Path | None:
    """What opens by itself: the sample, for a person who has opened nothing else yet; later the last are listed."""
    sample = sample_path()
    return None if any(Path(path) != sample for path in known.recent) else sample


def start_logging() -> None:
    """A rotating file without names, IDs or paths of patients; durations at INFO."""
    handler = logging.handlers.RotatingFileHandler(
        paths.user_log_dir() / "echoview.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    log.info("EchoView %s, Python %s, %s", __version__, sys.version.split()[0], sys.platform)


def _show_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Bugs end here: logged without values and paths, shown with a button to copy."""
    if issubclass(kind, KeyboardInterrupt):
        QApplication.quit()
        return
    text = plain_traceback(error.with_traceback(trace))
    log.error("unexpected: %s", text)
    show_bug(QApplication.activeWindow(), text)
