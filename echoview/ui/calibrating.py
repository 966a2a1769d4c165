"""How large a pixel is: depth marks that are found in the picture, offered for a person to confirm."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from echoview.domain.calibration import Calibration, calibrated
from echoview.domain.cine import Cine
from echoview.ui.cine_view import CineView, Tool
from echoview.ui.picture_tool import cosmetic
from echoview.ui.theme import DARK
from echoview.ui.widgets import Message
from echoview.workflow import Workflow

_RING_PX = 3.0
_USUAL_MM = 10.0


class Calibrating(QObject):
    """Once the calibration tool is taken it looks for depth marks, rings them, and offers 1 cm as their distance.

    Signals:
        offered(message): for the banner; its button calibrates. withdrawn(message): the tool was put down instead.
        used(): the offer was taken, the tool has done its work.
    """

    offered = Signal(object)
    withdrawn = Signal(object)
    used = Signal()

    def __init__(
        self, workflow: Workflow, view: CineView, as_annotator: Callable[[Callable[[], object]], None]
    ) -> None:
        super().__init__(view)
        self._workflow, self._session, self._view = workflow, workflow.session, view
        self._as_annotator = as_annotator
        self.rings = QGraphicsPathItem()
        self.rings.setZValue(11)
        self.rings.hide()
        view.box.addItem(self.rings, ignoreBounds=True)
        self._job = None
        self._offer: Message | None = None
        view.drawing_changed.connect(self._tool_changed)
        self._session.cine_changed.connect(self._hide)
        self._session.label_changed.connect(self._hide)

    def look(self) -> None:
        """Look for marks, off the GUI thread."""
        from echoview.services.jobs import Lane
        from echoview.services.scale import ticks_of

        cine = self._session.cine
        if cine is None:
            return
        if self._job is not None:
            self._job.cancel()
        self._job = self._workflow.jobs.run(
            Lane.READING, "depth marks", ticks_of, cine,
            on_done=lambda ticks: None if ticks is None else self._found(cine, ticks.first, ticks.step_px, ticks.count),
            on_error=self._workflow.refused.emit,
        )  # fmt: skip

    def _found(self, cine: Cine, first: tuple[float, float], step: tuple[float, float], count: int) -> None:
        if cine is not self._session.cine or self._view.tool is not Tool.CALIBRATE:
            return
        path = QPainterPath()
        for number in range(count):
            x, y = first[0] + number * step[0], first[1] + number * step[1]
            path.addEllipse(QRectF(x - _RING_PX, y - _RING_PX, 2 * _RING_PX, 2 * _RING_PX))
        self.rings.setPen(cosmetic(self._view, DARK.colour("human"), 1.5))
        self.rings.setPath(path)
        self.rings.show()
        apart = (step[0] ** 2 + step[1] ** 2) ** 0.5
        self._offer = Message(
            f"The picture shows {count} depth marks, {apart:.1f} px apart.",
            "Are they 1 cm apart? Otherwise draw along them.",
            False, "They are 1 cm apart", lambda: self._use(cine, step),
        )  # fmt: skip
        self.offered.emit(self._offer)

    def _use(self, cine: Cine, step: tuple[float, float]) -> None:
        if cine is self._session.cine:
            made: Calibration = calibrated(*step, _USUAL_MM, self._session.calibration)
            self._as_annotator(lambda: self._workflow.calibrate(made))
            self.used.emit()

    def _tool_changed(self, _clicks: int) -> None:
        if self._view.tool is not Tool.CALIBRATE:
            self._hide()

    def _hide(self) -> None:
        self.rings.hide()
        offer, self._offer = self._offer, None
        if offer is not None:
            self.withdrawn.emit(offer)
