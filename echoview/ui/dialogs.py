"""The few questions that cannot be a banner."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from echoview.ui.widgets import quiet


def ask_annotator(parent: QWidget) -> str:
    """Who corrects; asked once. "" when the person would rather not correct now."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Who is correcting?")
    name = QLineEdit()
    name.setPlaceholderText("Your name or initials")
    name.setAccessibleName("Your name or initials")
    buttons = _buttons(dialog, "Continue")
    button = buttons.button(QDialogButtonBox.StandardButton.Ok)
    button.setEnabled(False)
    name.textChanged.connect(lambda text: button.setEnabled(bool(text.strip())))
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 20, 24, 16)
    layout.setSpacing(12)
    layout.addWidget(QLabel("Your name stands beside every correction you make."))
    layout.addWidget(name)
    layout.addWidget(quiet("Asked once, kept on this computer."))
    layout.addWidget(buttons)
    return name.text().strip() if dialog.exec() == QDialog.DialogCode.Accepted else ""


def ask_length_mm(parent: QWidget, length_px: float) -> float:
    """How long the drawn line is, mm; 0 when the person cancels."""
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
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 20, 24, 16)
    layout.setSpacing(12)
    layout.addWidget(QLabel(f"How long is the line you drew ({length_px:.0f} px)?"))
    layout.addWidget(length)
    layout.addWidget(quiet("Draw along the depth scale of the picture; pixels are taken as square."))
    layout.addWidget(_buttons(dialog, "Calibrate"))
    return 10.0 * length.value() if dialog.exec() == QDialog.DialogCode.Accepted else 0.0


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


def show_keys(parent: QWidget, keys: list[tuple[str, str]]) -> None:
    """The overlay of keys."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Keys")
    grid = QGridLayout(dialog)
    grid.setContentsMargins(24, 20, 24, 20)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    rows = (len(keys) + 2) // 3
    for index, (key, text) in enumerate(keys):
        row, column = index % rows, 2 * (index // rows)
        name = QLabel(key)
        name.setStyleSheet("font-weight: 600;")
        name.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(name, row, column)
        grid.addWidget(QLabel(text), row, column + 1)
    dialog.exec()


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


def _buttons(dialog: QDialog, verb: str) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
    ok.setText(verb)
    ok.setObjectName("primary")
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons
