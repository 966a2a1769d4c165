"""The few questions that cannot be a banner."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from echoview.domain.calibration import Axes
from echoview.domain.cine import RATE_HZ
from echoview.ui.widgets import quiet

_ASIDE = 284  # px, a little less than the inspector


def ask_annotator(parent: QWidget) -> str:
    """Who corrects or measures; asked once. "" when the person would rather not now."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Your name")
    name = QLineEdit()
    name.setPlaceholderText("Your name or initials")
    name.setAccessibleName("Your name or initials")
    buttons = _buttons(dialog, "Continue")
    button = buttons.button(QDialogButtonBox.StandardButton.Ok)
    button.setEnabled(False)
    name.textChanged.connect(lambda text: button.setEnabled(bool(text.strip())))
    why = "Your name stands beside every correction and measurement you make."
    _lay_out(dialog, why, name, quiet("Asked once, kept on this computer."), buttons)
    _put_aside(dialog, parent)
    return name.text().strip() if dialog.exec() == QDialog.DialogCode.Accepted else ""


def ask_length_mm(parent: QWidget, dx_px: float, dy_px: float) -> tuple[float, Axes]:
    """How long the drawn line is, mm, and which axes it tells about; 0 when the person cancels."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Calibrate")
    length = QDoubleSpinBox()
    length.setRange(0.5, 40.0)
    length.setDecimals(1)
    length.setSingleStep(0.5)
    length.setValue(5.0)
    length.setSuffix(" cm")
    length.setAccessibleName("Length of the line in cm")
    length.selectAll()
    axes = QComboBox()
    axes.setAccessibleName("What the line tells about")
    axes.addItem("Width and height of a pixel", Axes.BOTH)
    axes.addItem("Height only, from a line down", Axes.DOWN)
    axes.addItem("Width only, from a line across", Axes.ACROSS)
    question = f"How long is the line you drew ({(dx_px**2 + dy_px**2) ** 0.5:.0f} px)?"
    note = quiet("Pixels are taken as square unless the file or an earlier line says otherwise.")
    _lay_out(dialog, question, length, axes, note, _buttons(dialog, "Calibrate"))
    _put_aside(dialog, parent)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    return (10.0 * length.value() if accepted else 0.0), axes.currentData()


def ask_frame_rate(parent: QWidget, now_hz: float, said: bool) -> float | None:
    """Frames a second; 0 = as assumed, None where the person cancels.

    Args:
        said: whether a person has given the rate that is used now, so that it can be taken back.
    """
    dialog = QDialog(parent)
    dialog.setWindowTitle("Frame rate")
    rate = QDoubleSpinBox()
    rate.setRange(*RATE_HZ)
    rate.setDecimals(1)
    rate.setValue(now_hz)
    rate.setSuffix(" frames a second")
    rate.setAccessibleName("Frames a second")
    rate.selectAll()
    buttons = _buttons(dialog, "Use it")
    taken_back: list[bool] = []
    back = QPushButton("Assume 30 again")
    back.setAutoDefault(False)
    back.setVisible(said)
    back.clicked.connect(lambda: (taken_back.append(True), dialog.accept()))
    note = quiet("The scanner writes it beside the picture, as Hz or fps.")
    _lay_out(dialog, "The file gives no frame times. How fast was it taken?", rate, note, back, buttons)
    _put_aside(dialog, parent)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return None
    return 0.0 if taken_back else rate.value()


def ask_close_unsaved(parent: QWidget, reason: str) -> bool:
    """Whether to close although the last corrections are not in the library."""
    box = QMessageBox(
        QMessageBox.Icon.NoIcon, "Corrections are not saved", reason or "Corrections are not saved.", parent=parent
    )
    box.setInformativeText("Closing now loses the corrections since the last save.")
    keep = box.addButton("Keep open", QMessageBox.ButtonRole.RejectRole)
    close = box.addButton("Close and lose them", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(keep)
    box.exec()
    return box.clickedButton() is close


def ask_go_back(parent: QWidget, when: str) -> bool:
    """Whether the library shall be what it was then."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, "Go back to a backup", f"Go back to {when}?", parent=parent)
    box.setInformativeText("Labels made since then leave the screen. The library as it is now is kept beside it.")
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    back = box.addButton("Go back", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is back


def show_bug(parent: QWidget | None, text: str) -> None:
    """An error that is ours: what happened, ready to copy."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("EchoView has a fault")
    details = QPlainTextEdit(text)
    details.setReadOnly(True)
    details.setMinimumSize(560, 220)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: (details.selectAll(), details.copy()))
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(
        QLabel(
            "Something went wrong in EchoView. The bar above says whether your corrections are saved; you may go on."
        )
    )
    layout.addWidget(details)
    layout.addWidget(buttons)
    dialog.exec()


def _lay_out(dialog: QDialog, question: str, *below: QWidget) -> None:
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 20, 24, 16)
    layout.setSpacing(12)
    asked = QLabel(question)
    asked.setWordWrap(True)
    for widget in (asked, *below):
        layout.addWidget(widget)


def _put_aside(dialog: QDialog, window: QWidget) -> None:
    """Over the inspector at the right, so that the contour in question stays in sight."""
    dialog.setFixedWidth(_ASIDE)
    dialog.adjustSize()
    corner = window.mapToGlobal(window.rect().topRight())
    dialog.move(corner.x() - _ASIDE - 8, corner.y() + window.height() // 3)


def _buttons(dialog: QDialog, verb: str) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
    ok.setText(verb)
    ok.setObjectName("primary")
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons
