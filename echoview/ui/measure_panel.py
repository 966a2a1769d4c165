"""The numbers, and what a person may do about the frame."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from echoview.domain.contour import Contour
from echoview.measure import SURE, Measurements, remeasure_frames
from echoview.measure.calipers import read
from echoview.measure.measurements import mostly_unsure
from echoview.measure.rate import heart_rate, why_no_rate
from echoview.session import Session
from echoview.ui.caliper_rows import CaliperRows
from echoview.ui.doubt_block import DoubtBlock, of_all, why_withheld
from echoview.ui.soon import Soon
from echoview.ui.theme import put_icon, tabular
from echoview.ui.widgets import Figure, off, quiet, rule

_SQUARE = 0.005  # of a side: so much the sides of a pixel may differ and be said as one
_FIGURE_PX, _LABEL_PX = 28, 11  # of the style: EF and its name


class MeasurePanel(QWidget):
    """Signals: calibrate_wanted(), approve_wanted(), revert_wanted(), draw_wanted(), instants_wanted(ed, es)."""

    calibrate_wanted = Signal()
    approve_wanted = Signal()
    revert_wanted = Signal()
    draw_wanted = Signal()
    instants_wanted = Signal(int, int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._session = session
        self._t = 0
        self._correcting = False
        self.ef = QLabel("–")
        self.ef.setObjectName("figure")
        self.ef.setFont(tabular(self.ef.font()))
        self.was = quiet("", wrap=False)
        self.doubt = DoubtBlock()
        self.doubt.settled.connect(self.instants_wanted)
        self.edv, self.esv = Figure("EDV", "ml"), Figure("ESV", "ml")
        self.rate, self.no_rate = Figure("Heart rate", "bpm"), quiet("")
        self.area, self.length = Figure("Area", ""), Figure("Length", "")
        self.calipers = CaliperRows()
        self.reason = quiet("")
        self.calibrate = self._button("Calibrate", "ruler", self.calibrate_wanted)
        self.frame = QLabel()
        self.notes = quiet("")
        self.approve = self._button("Approve frame", "circle-check", self.approve_wanted)
        self.revert = self._button("Revert", "rotate-ccw", self.revert_wanted)
        self.draw = self._button("Draw contour", "pencil", self.draw_wanted)
        self.draw.setToolTip("Click annulus, apex, annulus, or point by point (3)")
        self._soon = Soon(self._show_rate, self)
        self._lay_out()
        for signal in (session.label_changed, session.prediction_changed, session.cine_changed):
            signal.connect(self.refresh)
        session.reviewed.connect(self._show_conflict)
        self.refresh()

    def _button(self, text: str, picture: str, signal: SignalInstance) -> QPushButton:
        button = QPushButton(f" {text}")
        put_icon(button, picture)
        button.clicked.connect(signal)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        name = QLabel("EF")
        name.setObjectName("quiet")
        name.setContentsMargins(
            0, 0, 0, round(_descent(self.ef, _FIGURE_PX) - _descent(name, _LABEL_PX))
        )  # on one line
        head.addWidget(name, 0, Qt.AlignmentFlag.AlignBottom)
        head.addStretch(1)
        head.addWidget(self.ef)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.was, 0, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.doubt)
        first_rule, frame_rule, self._notes_rule = rule(), rule(), rule()
        self._of_a_cine = (name, self.ef, first_rule, frame_rule, self.area, self.length)
        self._of_a_cine += (self.approve, self.revert)
        for widget in (
            first_rule,
            self.edv,
            self.esv,
            self.rate,
            self.no_rate,
            self.reason,
            self.calibrate,
            frame_rule,
            self.frame,
            self.area,
            self.length,
            self.calipers,
        ):
            layout.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.approve, 1)
        row.addWidget(self.revert)
        layout.addLayout(row)
        layout.addWidget(self.draw)
        layout.addWidget(self._notes_rule)
        layout.addWidget(self.notes)
        layout.addStretch(1)

    def set_frame(self, t: int) -> None:
        self._t = t
        self._show_frame(self._session.measurements)

    def _show_conflict(self) -> None:
        """It is found in the library a moment after the frame is shown."""
        if not self._correcting:
            self._show_frame(self._session.measurements)

    def refresh(self, *_: object) -> None:
        self._correcting = False
        self._show_numbers(self._session.measurements)

    def preview(self, measured: Measurements | None) -> None:
        """The numbers as they would be if the hand let go now."""
        self._correcting = True
        self._show_numbers(measured)

    def _show_numbers(self, measured: Measurements | None) -> None:
        session = self._session
        for widget in self._of_a_cine:
            widget.setVisible(session.cine is not None)
        ef = None if measured is None else measured.ef_percent
        self.ef.setText("–" if ef is None else f"{ef:.0f} %")
        self._show_change(ef)
        growing = session.prediction is not None and not session.prediction.complete
        if self.ef.property("growing") != growing:  # grey: more frames may make it another
            self.ef.setProperty("growing", growing)
            self.ef.style().polish(self.ef)
        self.doubt.show_doubt(session.cine, measured, growing)
        told = self.doubt.isHidden()
        self.ef.setVisible(told and session.cine is not None)
        self.was.setVisible(told)
        self.edv.show_value(None if measured is None else measured.edv_ml)
        self.esv.show_value(None if measured is None else measured.esv_ml)
        calibrated = session.calibration is not None
        self.edv.setVisible(calibrated)
        self.esv.setVisible(calibrated)
        if not self._correcting:
            self._soon.ask()
        self.reason.setText(self._pixels())
        self.calibrate.setVisible(session.cine is not None and session.cine.calibration is None)
        self.calibrate.setText(" Calibrate again" if calibrated else " Calibrate")
        self._show_frame(measured)
        self._show_notes()

    def _pixels(self) -> str:
        """How large a pixel is and who says so, or why nobody knows."""
        session, calibration = self._session, self._session.calibration
        if session.cine is None:
            return "Open a cine: its ejection fraction, volumes and sizes stand here."
        if calibration is not None:
            square = abs(calibration.x_mm / calibration.y_mm - 1) < _SQUARE
            sides = calibration[:1] if square else calibration
            size = " × ".join(f"{side:.3g}" for side in sides)
            return f"Pixel {size} mm, {'from the file' if session.label.calibration is None else 'given by hand'}"
        note = session.cine.info.calibration_note
        return f"No ml: {note[:1].lower()}{note[1:]}" if note else "No ml: the pixel size is not known."

    def _show_rate(self) -> None:
        """A drag does not change it."""
        measured = self._session.measurements
        cine, prediction = self._session.cine, self._session.prediction
        whole = measured is not None and (prediction is None or prediction.complete)
        sizes = measured.area_px2 if measured and whole else None
        found = None if cine is None else heart_rate(cine, sizes)
        reason = why_no_rate(cine, sizes) if cine is not None and whole and not cine.info.withheld else ""
        self.rate.setVisible(found is not None)
        self.no_rate.setVisible(found is None and bool(reason))
        self.no_rate.setText(f"No heart rate: {reason}.")
        if found is not None:
            self.rate.show_value(found.per_minute)
            self.rate.set_name(f"Heart rate {found.source}")

    def _show_change(self, ef: float | None) -> None:
        """Why there is no EF; or how far it is from the network's own, once a person changed anything."""
        cine, label, prediction = self._session.cine, self._session.label, self._session.prediction
        was = self._network_ef()
        if ef is None:
            self.was.setText(self._why_no_ef())
        elif cine is not None and cine.info.missing:
            self.was.setText(f"single plane, from {of_all(cine)}")
        elif prediction is not None and not prediction.complete:
            self.was.setText(f"so far, from {prediction.done} of {len(prediction.confidence)} frames")
        elif was is None and self._too_unsure():
            self.was.setText("single plane; the network's own was too unsure")
        elif was is None:
            self.was.setText("single plane, method of disks")
        elif not (label.contours or label.not_traceable or (label.ed, label.es) != (None, None) or self._correcting):
            self.was.setText("single plane, as predicted")
        else:
            points = round(ef) - round(was)  # of the numbers that are read
            change = f"{points:+d} point{'s' if abs(points) != 1 else ''}".replace("-", "−") if points else "unchanged"
            self.was.setText(f"was {was:.0f} %   {change}")

    def _too_unsure(self) -> bool:
        """Whether the network's contours are, as it drew them."""
        predicted, prediction = self._session.predicted, self._session.prediction
        return (
            predicted is not None and prediction is not None and mostly_unsure(predicted.volumes, prediction.confidence)
        )

    def _network_ef(self) -> float | None:
        """Of its contours, at the ED and ES that it finds."""
        predicted, prediction = self._session.predicted, self._session.prediction
        if predicted is None or prediction is None:
            return None
        if (self._session.label.ed, self._session.label.es) == (None, None):
            return predicted.ef_percent
        return remeasure_frames(predicted, {}, prediction.confidence).ef_percent

    def _why_no_ef(self) -> str:
        cine, prediction = self._session.cine, self._session.prediction
        if cine is None:
            return ""
        if len(cine) == 1:
            return "one picture: EF needs ED and ES"
        if prediction is not None and not prediction.complete:
            return "ED and ES are not found yet"
        if prediction is not None and not (prediction.confidence > 0).any() and not self._session.label.contours:
            return "no ventricle was found"
        measured = self._session.measurements
        if measured is not None and measured.ed is not None and measured.ed == measured.es:
            return "ED and ES are one frame"
        if self._too_unsure():
            return "too many contours are unsure to find ED and ES"
        return "" if prediction is None else "ED and ES were not both found"

    def _show_frame(self, measured: Measurements | None) -> None:
        session, t = self._session, self._t
        there = session.cine is not None and t < len(session.cine)
        own = session.label.contour(t) if there else None
        shown = session.contour(t) if there else None
        state = _state(own, shown is not None, self._correcting)
        if t in session.label.not_traceable and not self._correcting:
            state = "not traceable (O)"
        if session.lost(t):
            state = "cannot be read"
        if there and t in session.disputed and not self._correcting:
            state += ", in conflict"
        sure = session.prediction.confidence[t] if there and session.prediction is not None else 0.0
        if state == "predicted":
            state += f"  {100 * sure:.0f} % sure"
        self.frame.setText(f"Frame {t + 1}  ·  {state}" if there else "")
        self._show_sizes(measured if there else None)
        notes = [note for note in session.label.notes if there and note.t == t]
        self.calipers.show_readings([(n.kind.value, read(n, session.calibration_of(n.points))) for n in notes])
        nothing = "This frame has no contour." if shown is None else session.locked
        if session.lost(t):
            nothing = "This frame cannot be read."
        off(self.approve, nothing, "The contour of this frame is right (A)")
        untouched = "Nobody has touched this frame." if own is None else ""
        off(self.revert, untouched, "Show the prediction again (R)")
        missing = there and shown is None and t not in session.label.not_traceable and not session.lost(t)
        self.draw.setVisible(missing and session.cine is not None and not session.cine.info.withheld)

    def _show_sizes(self, measured: Measurements | None) -> None:
        """Of the frame, in the units of the open cine even where there is nothing to measure."""
        t, area, length = self._t, np.nan, np.nan
        metric = self._session.calibration is not None if measured is None else measured.area_mm2 is not None
        if measured is not None and measured.area_mm2 is not None and measured.length_mm is not None:
            area, length = measured.area_mm2[t] / 100, measured.length_mm[t] / 10
        elif measured is not None:
            area, length = measured.area_px2[t], measured.length_px[t]
        for figure, value, unit in ((self.area, area, "cm²"), (self.length, length, "cm")):
            figure.show_value(float(value) if np.isfinite(value) else None, 1 if metric else 0)
            figure.set_unit(unit if metric else unit.replace("cm", "px"))

    def _show_notes(self) -> None:
        session = self._session
        notes, withheld = [], ""
        if session.cine is not None:
            info = session.cine.info
            withheld = "" if why_withheld(session.cine, session.measurements) else info.withheld  # it is said above
            notes = [note for note in (withheld, info.timing_note, *info.notes) if note]
        prediction = session.prediction
        if prediction is not None and prediction.complete:
            unsure = int(((prediction.confidence < SURE) & (prediction.confidence > 0)).sum())
            lost = 0 if session.cine is None else len(session.cine.unreadable)
            empty = int((prediction.confidence == 0).sum()) - lost
            if lost:
                notes.append("1 frame cannot be read." if lost == 1 else f"{lost} frames cannot be read.")
            if empty > 0:
                notes.append(f"No ventricle found in {empty} of {len(prediction.confidence)} frames.")
            if unsure:
                notes.append(f"Unsure in {unsure} of {len(prediction.confidence)} frames (orange in the timeline).")
        if (prediction is None or prediction.complete) and _of_two_beats(session.measurements):
            notes.append("ES lies before ED: they are of two beats.")
        if prediction is not None:
            notes.append(f"Research use only · {prediction.weights}")
        self._notes_rule.setVisible(bool(notes))
        self.notes.setText("<br>".join(notes))
        self.notes.setTextFormat(Qt.TextFormat.RichText)
        look = "flag" if withheld else "quiet"
        if self.notes.objectName() != look:
            self.notes.setObjectName(look)
            self.notes.style().polish(self.notes)


def _of_two_beats(measured: Measurements | None) -> bool:
    """Whether an EF is made of an ED that comes after the ES."""
    if measured is None or measured.ed is None or measured.es is None:
        return False
    return measured.ef_percent is not None and measured.es < measured.ed


def _state(own: Contour | None, shown: bool, correcting: bool) -> str:
    if correcting:
        return "correcting"
    if own is not None:
        return "corrected" if own.edited else "approved" if own.human else "propagated"
    return "predicted" if shown else "no contour"


def _descent(label: QLabel, size_px: int) -> float:
    """Below the baseline, px, in the size that the style gives it."""
    font = QFont(label.font())
    font.setPixelSize(size_px)
    return QFontMetricsF(font).descent()
