"""The other instant of the beat beside the picture: ES while the picture stands at ED, else ED."""

from __future__ import annotations

from PySide6.QtCore import Signal

from echoview.domain.cine import Cine
from echoview.ui.cine_view import CineView
from echoview.ui.pane import Pane, PaneTitle
from echoview.ui.player import Player
from echoview.ui.soon import Soon
from echoview.workflow import Workflow


class SideBySide(Pane):
    """Looks like the picture: same look, overlay and zoom; follows corrections of its frame. A click goes there.

    Args:
        title: of the main picture.

    Signals:
        sought(t): the frame that it shows was clicked.
    """

    sought = Signal(int)

    def __init__(self, workflow: Workflow, player: Player, view: CineView, title: PaneTitle) -> None:
        super().__init__("The other instant of the beat")
        self._workflow, self._session, self._player, self._main = workflow, workflow.session, player, view
        self._title = title
        self._name, self.t = "ES", None  # the instant that is shown, and its frame where that is known
        self.setToolTip("Click to go there")
        self._drawn: tuple[Cine, int] | None = None
        self._why = Soon(self._say_why, self)  # once it is settled whether a prediction is under way
        session = self._session
        player.frame_changed.connect(self._stepped)
        player.playing_changed.connect(self.refresh)
        for signal in (session.measured, session.label_changed, session.prediction_changed):
            signal.connect(self.refresh)
        workflow.progressed.connect(self._why.ask)
        session.cine_changed.connect(self._another_cine)
        view.box.sigRangeChanged.connect(self._same_zoom)
        self.pressed.connect(lambda: None if self.t is None else self.sought.emit(self.t))
        self.hide()

    def begin(self) -> None:
        """Show both instants, the picture at ED."""
        self.show()
        self._player.pause()
        measured = self._session.measurements
        if measured is not None and measured.ed is not None:
            self.sought.emit(measured.ed)
        self._another_cine()

    def end(self) -> None:
        self.hide()

    def refresh(self, *_: object) -> None:
        """Both titles, and the other instant than the one where the picture stands; while that plays, it stays."""
        if not self.isVisible() or self._session.cine is None:
            return
        self._say_here(self._session.cine)
        if not self._player.playing:
            self._name = "ES" if self._player.t != self._frame_of("ES") else "ED"
        self._show_instant(self._session.cine)

    def _stepped(self, _t: int) -> None:
        """While it plays, only the words above the picture follow."""
        if not self._player.playing:
            self.refresh()
        elif self.isVisible() and self._session.cine is not None:
            self._say_here(self._session.cine)

    def _frame_of(self, name: str) -> int | None:
        measured, cine = self._session.measurements, self._session.cine
        t = None if measured is None else measured.ed if name == "ED" else measured.es
        return None if t is None or cine is None or t >= len(cine) else t

    def _say_here(self, cine: Cine) -> None:
        t, measured = self._player.t, self._session.measurements
        here = next((name for name in ("ES", "ED") if self._frame_of(name) == t), "This frame")
        self._title.say(here, None if measured is None else measured.ef_percent, f"frame {t + 1} / {len(cine)}")

    def _show_instant(self, cine: Cine) -> None:
        self.t = self._frame_of(self._name)
        if self.t is None:
            self._empty()
            self.title.say(self._name, None, "")
            self._why.ask()
            return
        self.explain("")
        self.title.say(self._name, None, f"frame {self.t + 1} / {len(cine)}")
        self._show_frame(cine, self.t)
        self.show_contour(self._session.contour(self.t) if self._drawn == (cine, self.t) else None)

    def _empty(self) -> None:
        self._drawn = None
        self.view.frame_item.show_frame(None)
        self.view.lost.hide()
        self.show_contour(None)

    def _say_why(self) -> None:
        """Why there is no other instant to be shown."""
        cine = self._session.cine
        if not self.isVisible() or cine is None or self.t is not None:
            return
        if len(cine) == 1:
            self.explain(f"One picture: no {self._name}.")
        elif self._workflow.predicting.awaited:
            self.explain("Being predicted…")
        else:
            self.explain(f"{self._name} is not known. Go to its frame and mark it.")

    def _show_frame(self, cine: Cine, t: int) -> None:
        from echoview.services.jobs import Lane

        if self._drawn == (cine, t):
            return
        self._empty()
        picture = cine.cached(t)
        if cine.lost(t):
            self.view.show_lost(t)
        elif picture is not None:
            self._drawn = (cine, t)
            self.view.set_frame(picture)
        else:  # decoded off the GUI thread, then here again
            self._workflow.jobs.run(
                Lane.READING, "frame", cine.frame, t, on_done=lambda _: self.refresh(),
                on_error=lambda _: self.refresh(),
            )  # fmt: skip

    def _another_cine(self) -> None:
        cine = self._session.cine
        self._name, self._drawn = "ES", None
        self.show_size(cine.size if cine else None, self._session.calibration)
        self.explain("")
        self._same_zoom()
        self.refresh()

    def refit(self) -> None:
        """The part of the picture that the main one shows."""
        self._same_zoom()

    def _same_zoom(self, *_: object) -> None:
        if self.isVisible():
            self.view.set_spacing(self._session.calibration)
            self.view.box.setRange(self._main.box.viewRect(), padding=0)
