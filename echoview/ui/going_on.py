"""Where an approval leads: from ED to ES, and on to the next view of the study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from echoview.domain.review import FIRST, Role
from echoview.domain.study import Status, status_of
from echoview.domain.view import View
from echoview.measure import Measurements
from echoview.session import Session
from echoview.ui.actions import key_of
from echoview.ui.cine_view import CineView
from echoview.ui.player import Player
from echoview.ui.reading import Reading
from echoview.ui.views_beside import ORDER
from echoview.ui.widgets import Banner, Message
from echoview.ui.worklist_model import Row, WorklistModel
from echoview.workflow import Workflow

_UNDONE = (Status.NEW, Status.PREDICTED, Status.IN_CORRECTION, Status.REJECTED)


def next_view(rows: Iterable[Row], path: str, view: View | None) -> Row | None:
    """Of the cines of a study the one to measure after the open one: another view, of which none is done yet.

    From A4C to A2C to A3C and round; cines whose view is not known come last, stills never.
    """
    rows = [row for row in rows if row.listed.path != path]
    done = {view, *(row.view for row in rows if row.status not in _UNDONE)}
    waiting = [row for row in rows if row.waits and not row.trouble and row.status in _UNDONE and row.frames != 1]
    begin = 0 if view is None else ORDER.index(view)

    def turn(row: Row) -> tuple:
        return row.view is None, 0 if row.view is None else (ORDER.index(row.view) - begin) % len(ORDER), row.name_key

    return min((row for row in waiting if row.view is None or row.view not in done), key=turn, default=None)


class GoingOn(QObject):
    """Moves the player when ED or ES is approved, and opens the next cine when both are.

    Args:
        model: the study list.
        approve: what approves, or submits, the cine; messages name its key.
    """

    def __init__(
        self, workflow: Workflow, player: Player, view: CineView, reading: Reading, model: WorklistModel,
        banner: Banner, approve: QAction,
    ) -> None:  # fmt: skip
        super().__init__(view)
        self._approve = approve
        self._workflow, self._player, self._view = workflow, player, view
        self._reading, self._model, self._banner = reading, model, banner
        self._session: Session = workflow.session
        self._left: dict[int, tuple[int, str]] = {}  # undo step -> frame that was approved with it, and its name
        self._step = 0
        self._bound = ""  # the cine that is to be shown at its ED as soon as that is known
        self._told: Message | None = None  # when the next cine is open
        self._shown: Message | None = None
        session = self._session
        session.undo_stack.indexChanged.connect(self._stepped)
        session.cine_changed.connect(self._another_cine)
        session.measured.connect(self._arrive)
        session.prediction_changed.connect(self._arrive)
        player.frame_changed.connect(self._moved)
        player.playing_changed.connect(self._moved)

    def approved(self, t: int, before: Measurements | None) -> None:
        """Frame t was approved: on, if it is ED or ES and the person wants that.

        Args:
            before: the numbers before that, for where no ED was known the approved frame becomes it.
        """
        if not self._workflow.settings.go_on or before is None:
            return
        ed, es = before.ed, before.es
        if ed is None or es is None or ed == es or t not in (ed, es) or not self._stands(t):
            return
        name, other, to = ("ED", "ES", es) if t == ed else ("ES", "ED", ed)
        if self._stands(to):
            self._to_next_view(t)
            return
        self._left[self._session.undo_stack.index()] = t, name
        self._player.seek(to)
        self._view.noticed.emit(f"{name} approved (frame {t + 1}). Now {other}.")

    def _stands(self, t: int) -> bool:
        """Whether a person stands behind the whole contour of frame t."""
        contour = self._session.label.contour(t)
        return contour is not None and all(origin.human for origin in contour.origins)

    def _stepped(self, index: int) -> None:
        """Undo is seen where its frame is."""
        before, self._step = self._step, index
        if index == before - 1 and before in self._left:
            t, name = self._left.pop(before)
            self._player.pause()
            self._player.seek(t)
            self._view.noticed.emit(f"Approval of {name} taken back")

    # ---- the next view

    def _to_next_view(self, t: int) -> None:
        path, view = self._session.path, self._session.view
        row = next_view(self._model.siblings(path), path, view)
        if row is None:
            self._view.noticed.emit(f"ED and ES are approved; {self._left_to_do()}")
            return
        of, to = view.value if view else self._session.name, row.view.value if row.view else row.listed.name
        self._told = Message(
            f"ED and ES of {of} are approved. Next is {to}.", "", False, "Back", partial(self._back, path, t), True
        )
        self._bound = row.listed.path
        self._reading.begin_at(self._bound, 0, False)
        self._workflow.open(self._bound)

    def _left_to_do(self) -> str:
        """The contours are approved; that their frames are ED and ES, and so the cine, may not be yet."""
        key = key_of(self._approve)
        if self._workflow.reader.role is Role.ANNOTATOR or self._session.reading != FIRST:
            return f"{key} submits the cine" if key else "submit the cine"
        if status_of(self._session.label) is Status.APPROVED:
            return "no other view of this study waits"
        return f"{key} approves the cine" if key else "approve the cine"

    def _back(self, path: str, t: int) -> None:
        """To the cine, and the frame, whose approval led on."""
        self._bound = ""
        self._reading.begin_at(path, t, False)
        self._workflow.open(path)

    def _another_cine(self) -> None:
        self._left, self._step = {}, 0
        if self._session.path != self._bound:
            self._bound = ""
        told, self._told = self._told, None
        if self._shown is not None:  # it speaks of the cine that was open until now
            self._banner.withdraw(self._shown)
        self._shown = told if self._bound else None
        if self._shown is not None:
            self._banner.say(self._shown)

    def _arrive(self, *_: object) -> None:
        """ED of the cine is known, by the label or when the network has seen all of it."""
        session, measured = self._session, self._session.measurements
        if not self._bound or session.path != self._bound or measured is None or measured.ed is None:
            return
        whole = session.prediction is not None and session.prediction.complete
        if whole or session.label.ed is not None:
            self._bound = ""
            self._player.seek(measured.ed)

    def _moved(self, moved: Sequence | int | bool) -> None:
        """The hand was faster: it is not carried off."""
        if moved and self._session.path == self._bound:
            self._bound = ""
