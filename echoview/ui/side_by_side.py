"""The other instant of the beat beside the picture: ES while the picture stands at ED, else ED."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.ui.cine_view import CineView
from echoview.ui.player import Player
from echoview.workflow import Workflow


class SideBySide(QWidget):
    """Looks like the picture: same look, overlay and zoom; follows corrections of its frame. A click goes there.

    Signals:
        sought(t): the frame that it shows was clicked.
    """

    sought = Signal(int)

    def __init__(self, workflow: Workflow, player: Player, view: CineView) -> None:
        super().__init__()
        self._workflow, self._session, self._player, self._main = workflow, workflow.session, player, view
        self.t: int | None = None
        self.view = CineView()
        self.view.setAccessibleName("The other instant of the beat")
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.viewport().setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.name = QLabel(self)
        self.name.setObjectName("over")
        self.name.move(12, 12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.addWidget(self.view)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.name.raise_()
        self._drawn: tuple[Cine, int] | None = None
        session = self._session
        player.frame_changed.connect(self.refresh)
        for signal in (session.measured, session.label_changed, session.prediction_changed):
            signal.connect(self.refresh)
        session.cine_changed.connect(self._another_cine)
        view.contrast_changed.connect(self._same_look)
        view.box.sigRangeChanged.connect(self._same_zoom)
        self.hide()

    def toggle(self) -> None:
        """Show both instants, the picture at ED; or the picture alone."""
        self.setVisible(not self.isVisible())
        if self.isVisible():
            self._player.pause()
            measured = self._session.measurements
            if measured is not None and measured.ed is not None:
                self.sought.emit(measured.ed)
            self._another_cine()

    def refresh(self, *_: object) -> None:
        """The other instant than the one where the picture stands; while that plays, what was shown stays."""
        cine, measured = self._session.cine, self._session.measurements
        if not self.isVisible() or cine is None or self._player.playing:
            return
        ed, es = (None, None) if measured is None else (measured.ed, measured.es)
        name, self.t = ("ES", es) if self._player.t != es else ("ED", ed)
        if self.t is None or self.t >= len(cine):
            self.t = None
            self.view.show_points(None)
            self._say(f"{name} is not known")
            return
        self._say(f"{name}  ·  frame {self.t + 1}")
        self._show_frame(cine, self.t)
        self.view.set_overlay(self._main.contour_item.overlay)
        shown = self._session.contour(self.t)
        if isinstance(shown, Contour):
            self.view.show_contour(shown)
        else:
            self.view.show_points(shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.t is not None:
            self.sought.emit(self.t)

    def _show_frame(self, cine: Cine, t: int) -> None:
        from echoview.services.jobs import Lane

        if self._drawn == (cine, t):
            return
        picture = cine.cached(t)
        if picture is not None:
            self._drawn = (cine, t)
            self.view.set_frame(picture)
        else:  # decoded off the GUI thread, then here again
            self._workflow.jobs.run(Lane.READING, "frame", cine.frame, t, on_done=lambda _: self.refresh())

    def _another_cine(self) -> None:
        cine = self._session.cine
        self._drawn = None
        self.view.set_cine(cine.size if cine else None, self._session.calibration)
        self._same_look()
        self._same_zoom()
        self.refresh()

    def _same_look(self) -> None:
        self.view.set_look(self._main.look)

    def _same_zoom(self, *_: object) -> None:
        if self.isVisible():
            self.view.set_spacing(self._session.calibration)
            self.view.box.setRange(self._main.box.viewRect(), padding=0)

    def _say(self, text: str) -> None:
        self.name.setText(text)
        self.name.adjustSize()
