"""A real window on real cines: nothing is faked but the dialogs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from echoview.app import App, application_of, build, sample_path
from echoview.domain.prediction import Prediction
from echoview.io import open_cine
from echoview.learning import Stage
from echoview.ui import dialogs
from echoview.ui.soon import Soon

_PREDICTED: dict[str, dict[str, Prediction]] = {}  # by the cine's content and by the weights


class Desk:
    """One running app and the hand at it."""

    def __init__(self, qtbot: QtBot, library: str = "", who: str = "tester", review_only: bool = False) -> None:
        self.qtbot = qtbot
        application_of(["echoview"])
        self.app: App = build(library, review_only)
        self.window, self.workflow, self.session = self.app.window, self.app.workflow, self.app.session
        self.closed = False
        self.refusals: list[str] = []
        self.workflow.refused.connect(lambda error: self.refusals.append(str(error)))
        self.workflow.remember(annotator=who)
        self.window.show()
        qtbot.waitExposed(self.window)

    def until(self, true: Callable[[], bool], seconds: float = 90) -> None:
        self.qtbot.waitUntil(true, timeout=int(1000 * seconds))

    def settle(self) -> None:
        """Until no job runs, every result was delivered, and nothing is put off any more."""
        put_off = self.window.findChildren(Soon)
        self.until(lambda: self.workflow.jobs.idle and not any(one.isActive() for one in put_off))

    def open(self, path: Path | str) -> None:
        """Open a cine and wait for its prediction, or for the refusal."""
        refused = len(self.refusals)
        self.workflow.open(path)
        self.until(lambda: len(self.refusals) > refused or self._opened(str(path)))
        self.settle()
        self.window.player.pause()

    def open_known(self, path: Path | str) -> None:
        """As `open`, but a cine that a former test has had predicted is not predicted once more."""
        cine = open_cine(path)
        for prediction in _PREDICTED.get(cine.info.content_hash, {}).values():
            self.workflow.predictions.keep(cine, prediction)
        self.open(path)
        made = self.session.prediction
        if made is not None and made.complete:
            _PREDICTED.setdefault(cine.info.content_hash, {})[made.weights_identity] = made

    def _opened(self, path: str) -> bool:
        session = self.session
        if session.cine is None or session.path != path:
            return False
        if session.cine.info.withheld or session.weights is None:
            return True
        return session.prediction is not None and session.prediction.complete

    def fine_tune(self, steps: int) -> None:
        self.app.learning.start(steps=steps)
        self.until(lambda: self.app.learning.stage in (Stage.IDLE, Stage.JUDGING), 240)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.settle()  # a window that is still saving closes later
            self.window.close()
            self.window.deleteLater()
            self.workflow.inference._sights = None  # 50 MB that would be frozen with the window
            gc.freeze()  # Qt frees what belongs to a window; Python, which does not know the order, leaves it alone


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialog that a test does not expect would wait for ever: closing loses what is unsaved."""
    monkeypatch.setattr(dialogs, "ask_close_unsaved", lambda parent, reason: True)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qtbot)
    yield desk
    desk.close()


@pytest.fixture
def new_desk(qtbot: QtBot) -> Iterator[Callable[..., Desk]]:
    """Makes desks one after the other: close one before the next."""
    made: list[Desk] = []

    def make(library: str = "", **options) -> Desk:
        made.append(Desk(qtbot, library, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def sample() -> Path:
    """The real A4C cine that ships with pydicom: 30 frames of 320 x 240, JPEG."""
    path = sample_path()
    assert path is not None
    return path
