"""Steps that several parts of the driver take: open a cine, answer a file dialog, sit down as another reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListWidget
from real_hand import RealHand


def open_cine(hand: RealHand, path: Path, predicted: bool = True) -> None:
    """Open it and wait until it is predicted, unless it is to be read blind, and nothing is under way."""
    app, session = hand.app, hand.app.session
    hand.ask(lambda: app.workflow.open(path))
    hand.until(lambda: session.path == str(path), "the cine does not open", 60)
    if predicted:
        whole = lambda: session.prediction is not None and session.prediction.complete  # noqa: E731
        hand.until(whole, "the prediction does not end", 240)
    quiet(hand)


def quiet(hand: RealHand) -> None:
    """Nothing is under way, no banner is left, and the keyboard is the picture's."""
    app = hand.app
    hand.until(lambda: app.workflow.jobs.idle, "the work does not end", 120)

    def rest() -> None:
        while app.window.banner.isVisible():
            app.window.banner.dismiss()
        app.window.player.pause()
        app.window.activateWindow()
        app.window.view.setFocus()

    hand.ask(rest)


def modal() -> object:
    return QApplication.activeModalWidget()


def asked_for_a_path() -> bool:
    return isinstance(modal(), QFileDialog)


def answer(hand: RealHand, path: Path, picture: str = "") -> None:
    """Type the path into the file dialog that is open, or about to be, and say Enter."""
    hand.until(asked_for_a_path, "no file dialog opens", 10)
    dialog = hand.ask(modal)  # held, or its parts are gone for Python
    line: QLineEdit = hand.ask(lambda: dialog.findChild(QLineEdit, "fileNameEdit"))
    hand.click(line, times=3)
    hand.type(str(path))
    hand.shot(picture)
    for _ in range(3):  # the first may only close the list of completions
        if not hand.ask(asked_for_a_path):
            return
        hand.key("Return")


def tab(hand: RealHand, number: int) -> None:
    """MEASURE, REVIEW or LEARN by a click."""
    bar = hand.app.window.inspector.tabBar()
    hand.click(lambda: bar.mapToGlobal(bar.tabRect(number).center()))


def row(listing: QListWidget, number: int) -> Callable[[], QPoint]:
    """The place of a row of a list, once it is scrolled to."""
    return lambda: listing.viewport().mapToGlobal(listing.visualItemRect(listing.item(number)).center())


def sit_down(hand: RealHand, name: str, role: str, picture: str = "") -> None:
    """Another person, by the dialog behind the name in REVIEW."""
    tab(hand, 1)
    hand.click(hand.app.window.judging.panel.reader)
    hand.until(lambda: hasattr(modal(), "review_only"), "no dialog opens", 10)
    dialog = hand.ask(modal)
    hand.click(dialog.name, times=3)
    hand.type(name)
    hand.choose(dialog.role, role)
    hand.shot(picture)
    hand.press("Keep")
    quiet(hand)
