"""Steps that several parts of the driver take: open a cine, answer a file dialog, sit down as another reader."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListWidget, QScrollArea, QWidget
from real_hand import RealHand

from echoview.ui.reader_dialog import ReaderDialog


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


def asked_for_a_path() -> bool:
    return isinstance(QApplication.activeModalWidget(), QFileDialog)


def answer(hand: RealHand, path: Path, picture: str = "") -> None:
    """Type the path into the file dialog that is open, or about to be, and say Enter."""
    dialog = hand.dialog(lambda one: isinstance(one, QFileDialog))
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


def click_row(hand: RealHand, listing: QListWidget, number: int) -> None:
    """A row of a list that is as long as what is in it, once the panel around is scrolled to it."""

    def place() -> QPoint:
        return listing.viewport().mapToGlobal(listing.visualItemRect(listing.item(number)).center())

    def out_of_sight() -> int:
        """+1 below what is seen, -1 above, 0 in sight."""
        y = area.viewport().mapFromGlobal(place()).y()
        return (y > area.viewport().height() - 16) - (y < 16)

    area = hand.ask(lambda: _scrolled(listing))
    for _ in range(60):
        way = hand.ask(out_of_sight)
        if way == 0:
            break
        hand.click(lambda: area.viewport().mapToGlobal(QPoint(4, area.viewport().height() // 2)), 5 if way > 0 else 4)
    hand.click(place)


def _scrolled(widget: QWidget) -> QScrollArea:
    around = widget.parentWidget()
    while not isinstance(around, QScrollArea):
        around = around.parentWidget()
    return around


def sit_down(hand: RealHand, name: str, role: str, picture: str = "") -> None:
    """Another person, by the dialog behind the name in REVIEW."""
    tab(hand, 1)
    hand.click(hand.app.window.judging.panel.reader)
    dialog = hand.dialog(lambda one: isinstance(one, ReaderDialog))
    hand.click(dialog.name, times=3)
    hand.type(name)
    hand.choose(dialog.role, role)
    hand.shot(picture)
    hand.press("Keep")
    quiet(hand)
