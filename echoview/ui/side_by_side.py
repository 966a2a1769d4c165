"""The other instant of the beat beside the picture: ES while the picture stands at ED, else ED."""

from __future__ import annotations

from PySide6.QtCore import Signal

from echoview.domain.cine import Cine
from echoview.ui.cine_view import CineView
from echoview.ui.pane import Pane, PaneTitle
from echoview.ui.player import Player
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
        self.t: int | None = None
        self.setToolTip("Click to go there")
        self._drawn: tuple[Cine, int] | None = None
        session = self._session
        player.frame_changed.connect(self.refresh)
        for signal in (session.measured, session.label_changed, session.prediction_changed):
            signal.connect(self.refresh)
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
        """The other instant than the one where the picture stands; while that plays, what was shown stays."""
        cine, measured = self._session.cine, self._session.measurements
        if not self.isVisible() or cine is None:
            return
        ed, es = (None, None) if measured is None else (measured.ed, measured.es)
        ef, frames = None if measured is None else measured.ef_percent, len(cine)
        here = {ed: "ED", es: "ES"}.get(self._player.t, "")
        self._title.say(here or "This frame", ef, f"frame {self._player.t + 1} / {frames}")
        if self._player.playing:
            return
        name, self.t = ("ES", es) if self._player.t != es else ("ED", ed)
        if self.t is None or self.t >= frames:
            self.t = None
            self.show_contour(None)
            self.title.say(name, None, "")
            self.explain(f"{name} is not known. Go to its frame and mark it.")
            return
        self.explain("")
        self.title.say(name, None, f"frame {self.t + 1} / {frames}")
        self._show_frame(cine, self.t)
        self.show_contour(self._session.contour(self.t))

    def _show_frame(self, cine: Cine, t: int) -> None:
        from echoview.services.jobs import Lane

        if self._drawn == (cine, t):
            return
        if cine.lost(t):
            self._drawn = None
            self.view.show_lost(t)
            return
        picture = cine.cached(t)
        if picture is not None:
            self._drawn = (cine, t)
            self.view.set_frame(picture)
        else:  # decoded off the GUI thread, then here again
            self._workflow.jobs.run(
                Lane.READING, "frame", cine.frame, t, on_done=lambda _: self.refresh(),
                on_error=lambda _: self.refresh(),
            )  # fmt: skip

    def _another_cine(self) -> None:
        cine = self._session.cine
        self._drawn = None
        self.show_size(cine.size if cine else None, self._session.calibration)
        self._same_zoom()
        self.refresh()

    def refit(self) -> None:
        """The part of the picture that the main one shows."""
        self._same_zoom()

    def _same_zoom(self, *_: object) -> None:
        if self.isVisible():
            self.view.set_spacing(self._session.calibration)
            self.view.box.setRange(self._main.box.viewRect(), padding=0)
