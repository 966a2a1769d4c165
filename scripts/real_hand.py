"""Drives the real window with true X events and writes down whether each control did what it is for."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QMenu,
    QScrollArea,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

_STEP_S = 0.015  # between two movements of a drag
_REST_S = 0.12  # after each act: what it starts has begun by then
_QT_NAMES = {
    "Prior": "PgUp", "Next": "PgDown", "bracketleft": "[", "bracketright": "]", "plus": "+", "minus": "-", "equal": "=",
    "slash": "/", "question": "?", "KP_Enter": "Enter",
}  # fmt: skip

_FOLDERS = re.compile(r"(?<![\w/])/(?:[^/\s'\"]+/)+")  # of a path; its last name is left

Act = str | Callable[[], object]
Spot = Callable[[], QPoint] | QWidget


class Asker(QObject):
    """Has a question answered on the window's thread, even while a dialog or a menu is open there."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(lambda question: question(), Qt.ConnectionType.BlockingQueuedConnection)

    def __call__(self, question: Callable[[], Any]) -> Any:
        told: list[Any] = []

        def answer() -> None:
            try:
                told.append(question())
            except Exception as error:  # raised where it was asked
                told.append(error)

        self.asked.emit(answer)
        if isinstance(told[0], Exception):
            raise told[0]
        return told[0]


@dataclass(frozen=True, slots=True)
class Driven:
    """One line of the table."""

    part: str
    control: str
    how: str
    effect: str
    picture: str
    worked: bool


class RealHand:
    """Pointer and keys of the display, and the table of what they did.

    Args:
        app: the wired program, shown; ask: see `Asker`; out: folder for the pictures; scale: device pixels a unit.
    """

    def __init__(self, app: Any, ask: Asker, out: Path, scale: float, prefix: str = "") -> None:
        self.app, self.ask, self.out, self.scale, self.prefix = app, ask, out, scale, prefix
        self.part = ""
        self.table: list[Driven] = []
        self.pressed: set[str] = set()  # keys, as Qt writes them
        self._dialogs: list[QWidget] = []

    # ---- what is written down

    def drive(
        self, control: str, how: str, act: Act, read: Callable[[], Any],
        wants: Callable[[Any, Any], bool] | None = None, picture: str = "", patience_s: float = 6,
    ) -> bool:  # fmt: skip
        """Act, and wait until what `read` gives is another, or is what `wants(before, after)` says."""
        wants = wants or (lambda before, after: before != after)
        before = after = None
        try:
            before = self.ask(read)
            self.key(act) if isinstance(act, str) else act()
            end = time.monotonic() + patience_s
            while True:
                after = self.ask(read)
                if worked := bool(wants(before, after)):
                    break
                if time.monotonic() > end:
                    break
                time.sleep(0.04)
            effect = f"{_short(before)} → {_short(after)}"
        except Exception as error:
            worked, effect = False, f"{type(error).__name__}: {error}"
        name = self.shot(picture or ("failed_" + control.replace(" ", "_").replace("/", "_") if not worked else ""))
        self.table.append(Driven(self.part, control, how, effect, name, worked))
        print(f"{'ok    ' if worked else 'FAILED'} {control} | {how} | {effect} | {name}", flush=True)
        if not worked:
            self.let_go()
        return worked

    def shot(self, name: str) -> str:
        """The whole screen, menus and dialogs too; "" takes none."""
        if not name:
            return ""
        time.sleep(0.3)
        path = self.out / f"{self.prefix}{name}.png"
        self.ask(lambda: QApplication.primaryScreen().grabWindow(0).save(str(path)))
        return path.name

    def dialog(self, there: Callable[[QWidget], bool]) -> Any:
        """The dialog that is open, or about to be, once it is such a one.

        It is held for good: let go of by this thread it would be destroyed here, and its timers would run on there.
        """

        def find() -> QWidget | None:
            found = QApplication.activeModalWidget()
            return found if found is not None and there(found) else None

        self.until(lambda: find() is not None, "no such dialog opens", 20)
        self._dialogs.append(self.ask(find))
        return self._dialogs[-1]

    def until(self, there: Callable[[], bool], what: str, patience_s: float = 120) -> None:
        end = time.monotonic() + patience_s
        while not self.ask(there):
            if time.monotonic() > end:
                raise TimeoutError(what)
            time.sleep(0.05)

    # ---- keys and pointer

    def key(self, *names: str) -> None:
        for name in names:
            *held, last = name.split("+")
            self.pressed.add("+".join((*held, _QT_NAMES.get(last, last))))
            _do("key", name)
            time.sleep(_REST_S)

    def type(self, words: str) -> None:
        _do("type", "--delay", 15, words)
        time.sleep(_REST_S)

    def click(self, spot: Spot, button: int = 1, held: str = "", times: int = 1) -> None:
        if isinstance(spot, QWidget):
            self.scroll_to(spot)
        at = self.place(spot)
        down, up = (["keydown", held], ["keyup", held]) if held else ([], [])
        _do("mousemove", *at, "sleep", 0.05, *down, "click", "--repeat", times, "--delay", 60, button, *up)
        time.sleep(_REST_S)

    def scroll_to(self, widget: QWidget) -> None:
        """Turn the wheel over the panel that holds the widget until its middle is in sight."""

        def below() -> int:
            """+1 below what is seen, -1 above, 0 in sight."""
            around = widget.parentWidget()
            while around is not None and not isinstance(around, QScrollArea):
                around = around.parentWidget()
            if around is None:
                return 0
            port = around.viewport()
            at.append(port)
            y = widget.mapTo(port, widget.rect().center()).y()
            return (y > port.height() - 8) - (y < 8)

        at: list[QWidget] = []
        for _ in range(20):
            way = self.ask(below)
            if way == 0:
                return
            self.click(lambda: at[-1].mapToGlobal(QPoint(4, at[-1].height() // 2)), 5 if way > 0 else 4)

    def drag(self, start: Spot, end: Spot, button: int = 1, held: str = "", by: int = 12) -> None:
        (x0, y0), (x1, y1) = self.place(start), self.place(end)
        words: list[object] = ["mousemove", x0, y0, "sleep", 0.08, *(["keydown", held] if held else [])]
        words += ["sleep", 0.05, "mousedown", button]
        for step in range(1, by + 1):
            share = step / by
            words += ["mousemove", round(x0 + share * (x1 - x0)), round(y0 + share * (y1 - y0)), "sleep", _STEP_S]
        _do(*words, "mouseup", button, *(["keyup", held] if held else []))
        time.sleep(_REST_S)

    def wheel(self, spot: Spot, up: bool, held: str = "") -> None:
        self.click(spot, 4 if up else 5, held)

    def wait(self, seconds: float) -> None:
        """For what cannot be asked, as another program."""
        time.sleep(seconds)

    def hold(self, key: str, seconds: float, meanwhile: Callable[[], object]) -> None:
        _do("keydown", key)
        time.sleep(seconds)
        meanwhile()
        _do("keyup", key)
        time.sleep(_REST_S)

    def let_go(self) -> None:
        """After a failure: no menu and no dialog stays in the way of the next control."""
        for _ in range(3):
            if not self.ask(lambda: QApplication.activePopupWidget() or QApplication.activeModalWidget()):
                return
            self.key("Escape")

    # ---- where things are

    def place(self, spot: Spot) -> tuple[int, int]:
        """Device pixels of the screen."""
        at = self.ask((lambda: spot.mapToGlobal(spot.rect().center())) if isinstance(spot, QWidget) else spot)
        return round(at.x() * self.scale), round(at.y() * self.scale)

    def in_picture(self, x: float, y: float) -> Callable[[], QPoint]:
        """The place of px (x, y) of the picture."""
        view = self.app.window.view
        return lambda: view.viewport().mapToGlobal(view.mapFromScene(view.box.mapViewToScene(QPointF(x, y))))

    def on_timeline(self, t: int, y: int = 60) -> Callable[[], QPoint]:
        timeline = self.app.window.transport.timeline
        return lambda: timeline.mapToGlobal(QPoint(round(timeline.scale.x_of(t)), y))

    def button(self, act: str) -> QWidget:
        """The button of an action that is seen."""

        def find() -> QWidget:
            action: QAction = self.app.window.acts[act]
            found = [b for b in self.app.window.findChildren(QToolButton) if b.defaultAction() is action]
            return next(b for b in found if b.isVisible())

        return self.ask(find)

    def pick(self, button: Spot, text: str, picture: str = "") -> None:
        """Open the menu of a button, or the menu at a place, and choose."""
        self.click(button)
        self.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "no menu opens", 4)
        self.shot(picture)

        def place() -> QPoint:
            menu = QApplication.activePopupWidget()
            assert isinstance(menu, QMenu)
            action = next(a for a in menu.actions() if a.text().startswith(text))
            return menu.mapToGlobal(menu.actionGeometry(action).center())

        self.click(place)

    def choose(self, box: QComboBox, text: str, picture: str = "") -> None:
        self.click(box)
        self.until(lambda: box.view().isVisible(), "no list opens", 4)
        self.shot(picture)

        def place() -> QPoint:
            view = box.view()
            index = box.model().index(next(i for i in range(box.count()) if box.itemText(i).startswith(text)), 0)
            view.scrollTo(index)
            return view.viewport().mapToGlobal(view.visualRect(index).center())

        self.click(place)

    def slide(self, slider: QSlider, share: float) -> None:
        """Drag the handle to this share of the groove."""

        def handle() -> QPoint:
            option = QStyleOptionSlider()
            slider.initStyleOption(option)
            part = QStyle.SubControl.SC_SliderHandle
            rect = slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider)
            return slider.mapToGlobal(rect.center())

        self.drag(handle, lambda: slider.mapToGlobal(QPoint(round(share * slider.width()), slider.height() // 2)))

    def press(self, text: str, within: Callable[[], QWidget | None] = QApplication.activeModalWidget) -> None:
        """A button by its words, in the dialog that is open or in another widget."""

        def find() -> QWidget:
            widget = within()
            assert widget is not None, "no dialog is open"
            found = [b for b in widget.findChildren(QAbstractButton) if text in b.text().replace("&", "")]
            return next(b for b in found if b.isVisible())

        self.click(self.ask(find))


def windows_of(process: int) -> list[str]:
    """The windows of a program that are seen, as xdotool names them."""
    words = ["xdotool", "search", "--all", "--onlyvisible", "--pid", str(process), "--name", "EchoView"]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout.split()


def activate(window: str) -> None:
    """Bring it before the others and give it the keyboard."""
    _do("windowactivate", "--sync", window)


def _do(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)


def _short(value: Any) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else _FOLDERS.sub("", str(value))
    return text if len(text) <= 40 else text[:38] + "…"
