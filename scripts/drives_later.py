"""What comes late in a day: an approval that leads on, a cine without times, and a look through the backups."""

from __future__ import annotations

import os
from pathlib import Path

from drive_steps import open_cine, quiet
from PySide6.QtCore import QModelIndex
from real_hand import RealHand

from echoview.ui.backups_dialog import BackupsDialog


def going_on(hand: RealHand) -> None:
    """A on ED leads to ES; with the menu's entry off it leads nowhere."""
    window, session, workflow = hand.app.window, hand.app.session, hand.app.workflow
    open_cine(hand, Path(os.environ["ECHOVIEW_HOME"]) / "Study" / "sample.dcm")
    ed, es = hand.ask(lambda: (session.measurements.ed, session.measurements.es))
    t = lambda: window.player.t  # noqa: E731
    hand.ask(lambda: window.player.seek(ed))
    hand.drive("ED approved", "A", "a", t, lambda _, now: now == es, "to_es")
    hand.drive("Back with it", "Ctrl+Z", "ctrl+z", t, lambda _, now: now == ed)
    button = window.top_bar.open_button
    act = lambda: hand.pick(button, "After approving ED")  # noqa: E731
    goes = lambda: workflow.settings.go_on  # noqa: E731
    hand.drive("After approving ED go to ES", "menu", act, goes, lambda was, now: was and not now)
    hand.ask(lambda: window.player.seek(ed))
    hand.drive("ED approved, with that off", "A", lambda: (hand.key("a"), hand.wait(1)),
               lambda: (t(), ed in session.label.contours), lambda _, now: now == (ed, True))  # fmt: skip
    hand.key("ctrl+z")
    hand.drive("After approving ED go to ES, again", "menu", act, goes, lambda was, now: now and not was)
    quiet(hand)


def without_times(hand: RealHand) -> None:
    """Numbered pictures: the stopwatch beside the counter takes their frame rate, undo takes it back."""
    import cv2

    from ral.phantom import simulate

    window, session = hand.app.window, hand.app.session
    folder = Path(os.environ["ECHOVIEW_HOME"]) / "Pictures"
    folder.mkdir()
    for number, frame in enumerate(simulate(20, "A4C", 12, 256).frames):
        cv2.imwrite(str(folder / f"heart_{number:03d}.png"), frame)
    open_cine(hand, folder / "heart_000.png")
    rate = lambda: round(session.cine.fps, 1)  # noqa: E731

    def give() -> None:
        hand.click(window.transport.rate)
        hand.dialog(lambda dialog: dialog.windowTitle() == "Frame rate")
        hand.type("50")
        hand.shot("asked")
        hand.press("Use it")

    hand.drive("Frame rate", "click, 50, Use it", give, rate, lambda was, now: (was, now) == (30.0, 50.0), "given")
    hand.drive("Frame rate taken back", "Ctrl+Z", "ctrl+z", rate, lambda _, now: now == 30.0)
    quiet(hand)
    open_cine(hand, folder.parent / "Study" / "sample.dcm")


def backups(hand: RealHand) -> None:
    """The list of backups, what each holds, and out again with nothing changed."""
    window = hand.app.window
    listed: list[list[str]] = []

    def look() -> None:
        hand.pick(window.top_bar.open_button, "Backups")
        dialog = hand.dialog(lambda one: isinstance(one, BackupsDialog))
        hand.until(lambda: dialog.table.rowCount() > 0, "no backup is listed", 30)
        hand.click(lambda: dialog.table.viewport().mapToGlobal(dialog.table.visualRect(_first(dialog)).center()))
        hand.until(dialog.back.isEnabled, "the backup cannot be chosen", 10)
        listed.append(hand.ask(lambda: [dialog.table.item(0, n).text() for n in range(4)]))
        hand.shot("listed")
        hand.press("Close")

    hand.drive("Backups", "menu, a row, Close", look, lambda: listed[-1:],
               lambda _, now: bool(now) and now[0][3] == "Opens", "", 40)  # fmt: skip
    quiet(hand)


def _first(dialog: BackupsDialog) -> QModelIndex:
    return dialog.table.model().index(0, 0)
