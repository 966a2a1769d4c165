"""What a person does with labels, the study list and the window: correct, review, learn, list, export, keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from real_hand import RealHand

from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.learning import Stage
from echoview.ui.tools import Tool


def correcting(hand: RealHand) -> None:
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    player, view = window.player, window.view
    hand.key("Home", "Right", "Right")
    line = lambda: session.editable(player.t).handles  # noqa: E731
    state = lambda: (player.t, session.label.contour(player.t) is not None, _spot(line()))  # noqa: E731
    undone = lambda was, now: now[2] != was[2]  # noqa: E731
    for number, tool in enumerate(tuple(Tool)[:8], 1):
        act = lambda tool=tool: hand.click(hand.button(tool.value))  # noqa: E731
        goal = lambda _, now, tool=tool: now is tool  # noqa: E731
        hand.key("2" if number == 1 else "1")
        hand.drive(f"Tool {tool.value}", "click", act, lambda: view.tool, goal)
        hand.key("2" if number == 1 else "1")
        hand.drive(f"Tool {tool.value}", str(number), str(number), lambda: view.tool, goal)
        handles = hand.ask(line)
        (x, y), middle = handles[len(handles) // 4], handles.mean(axis=0)
        if tool in (Tool.DRAW, Tool.RESEED):
            ends = [handles[0], handles[len(handles) // 2], handles[-1]]
            if tool is Tool.RESEED:
                ends = [handles[0], handles[-1], handles[len(handles) // 2]]
            act = lambda ends=ends: ([hand.click(at(*(p + 3))) for p in ends], hand.key("Return"))  # noqa: E731
        elif tool is Tool.ARC:
            act = lambda h=handles, m=middle: hand.drag(at(*h[2]), at(*(h[-3] * 0.9 + m * 0.1)))  # noqa: E731
        elif tool is Tool.ERASER:
            act = lambda x=x, y=y: hand.drag(at(x, y), at(x + 6, y + 4))  # noqa: E731
        else:
            act = lambda x=x, y=y, m=middle: hand.drag(at(x + 0.1 * (m[0] - x), y), at(x - 8, y - 2))  # noqa: E731
        if tool is Tool.POINT:
            act = lambda x=x, y=y: hand.drag(at(x, y), at(x - 8, y - 2))  # noqa: E731
        if hand.drive(f"Tool {tool.value}", "used", act, state, picture=f"tool_{tool.value}"):
            hand.drive("Undo", "Ctrl+Z", "ctrl+z", state, undone)
    _points(hand, line, state)
    _carrying(hand)


def _points(hand: RealHand, line: Callable[[], np.ndarray], state: Callable[[], object]) -> None:
    """The nudge's radius, points that come and go, and what is done to the whole contour."""
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    player, view = window.player, window.view
    hand.key("2")
    act = lambda: hand.wheel(at(160, 90), True, "shift")  # noqa: E731
    hand.drive("Radius", "Shift+wheel", act, lambda: view.hand.radius)
    hand.key("1")
    points = lambda: len(line())  # noqa: E731
    handles = hand.ask(line)
    middle = (handles[4] + handles[5]) / 2
    act = lambda: hand.drag(at(*middle), at(middle[0] - 3, middle[1] + 1))  # noqa: E731
    hand.drive("Add a point", "drag the line", act, lambda: session.label.contour(player.t) is not None)
    place = hand.ask(line)[6]
    hand.drive("Point away", "Shift+click", lambda: hand.click(at(*place), held="shift"), points)
    place2 = hand.ask(line)[8]
    act = lambda: (hand.click(at(*place2), 2), hand.key("Delete"))  # noqa: E731
    hand.drive("Point away", "Del", act, points)
    act = lambda: hand.click(at(*hand.ask(line)[8]), held="alt")  # noqa: E731
    hand.drive("Point away", "Alt+click", act, points, lambda was, now: now == was - 1)
    act = lambda: (hand.click(at(*hand.ask(line)[6])), hand.click(at(*(hand.ask(line)[6] + 4))))  # noqa: E731
    hand.drive("A point", "click, move, click", act, state)
    act = lambda: hand.wheel(at(*hand.ask(line).mean(axis=0)), True, "r")  # noqa: E731
    first = lambda: tuple(line()[0].round(1).tolist())  # noqa: E731
    hand.drive("Turn the contour", "R+wheel", act, first)
    act = lambda: hand.drag(at(*hand.ask(line)[3]), at(*(hand.ask(line)[3] + 6)), held="ctrl")  # noqa: E731
    hand.drive("Whole contour", "Ctrl+drag", act, state)
    hand.drive("Smooth", "Shift+G", "shift+g", state)
    flick = lambda: window.correcting.flickered  # noqa: E731
    hand.drive("Flicker", "/", "slash", flick, lambda _, now: now, "flicker")
    hand.drive("Flicker", "/ again", "slash", flick, lambda _, now: not now)
    hand.drive("Copy to next", "Ctrl+D", "ctrl+d", lambda: len(session.label.contours))
    hand.drive("Undo", "Ctrl+Z", "ctrl+z", lambda: len(session.label.contours))


def _carrying(hand: RealHand) -> None:
    """To other frames and back, and what is said of a frame."""
    window, session = hand.app.window, hand.app.session
    player, view = window.player, window.view
    proposed = lambda: len(window.correcting.correction.proposal)  # noqa: E731
    hand.key("Home", "Right", "Right")
    hand.drive("Propagate", "Ctrl+E", "ctrl+e", proposed, lambda _, now: now, "proposal", 60)
    hand.drive("Reject", "Esc", "Escape", proposed, lambda _, now: not now)
    hand.key("ctrl+e")
    hand.until(lambda: bool(proposed()), "nothing is proposed", 60)
    hand.drive("Accept", "Enter", "Return", lambda: len(session.label.contours), picture="accepted")
    hand.key("End")
    hand.drive("Corrected frame before", "Alt+Left", "alt+Left", lambda: player.t)
    hand.drive("Take back propagated", "Shift+R", "shift+r", lambda: len(session.label.contours))
    hand.key("Home", "Right", "Right")
    hand.drive("Revert", "R", "r", lambda: session.label.contour(player.t) is None, lambda _, now: now)
    hand.drive("Not traceable", "O", "o", lambda: player.t in session.label.not_traceable, picture="not_traceable")
    hand.key("o")
    hand.drive("Next doubt", "N", "n", lambda: (player.t, view.contour_item.isVisible(), player.playing),
               lambda was, now: now[0] != was[0])  # fmt: skip
    judged = lambda: window.judging.reviewing.frame_status(player.t)  # noqa: E731
    hand.drive("Approve frame", "A", "a", judged, picture="approved")


def _spot(line: np.ndarray) -> str:
    """Where a contour lies and how long its line is, px; moves with every handle."""
    length = np.hypot(*np.diff(line, axis=0).T).sum()
    return f"{line[:, 0].mean():.2f} {line[:, 1].mean():.2f} {length:.1f} px"


def reviewing(hand: RealHand) -> None:
    window, judging = hand.app.window, hand.app.window.judging
    review, bar = judging.reviewing, window.inspector.tabBar()
    tab = lambda n: lambda: bar.mapToGlobal(bar.tabRect(n).center())  # noqa: E731
    hand.drive("REVIEW", "click", lambda: hand.click(tab(1)), window.inspector.currentIndex, picture="review")
    said = lambda: len(review.comments)  # noqa: E731
    for number in range(1, 7):
        hand.drive(f"Issue {number}", f"Alt+{number}", f"alt+{number}", said)
    hand.drive(
        "Comment", "T, words, Enter", lambda: (hand.key("t"), hand.type("apex too low"), hand.key("Return")), said
    )
    hand.shot("comments")
    hand.key("Escape")
    still = lambda: sum(one.closed is None for one in review.comments)  # noqa: E731
    items = judging.panel.comments.list
    act = lambda: hand.click(lambda: items.viewport().mapToGlobal(items.visualItemRect(items.item(0)).center()))  # noqa: E731
    act2 = lambda: (act(), hand.click(judging.panel.comments.close_button))  # noqa: E731
    hand.drive("Resolve", "click", act2, still)
    hand.click(hand.in_picture(6, 200))
    hand.key("Right", "Right")
    frame = lambda: review.frame_status(window.player.t)  # noqa: E731
    hand.drive("Reject frame", "X", "x", frame, picture="frame_rejected")
    hand.drive("Frame to second reader", "W", "w", frame)
    hand.drive("Reject cine", "Shift+X", "shift+x", lambda: review.status, picture="cine_rejected")
    hand.drive("Cine to second reader", "Shift+W", "shift+w", lambda: review.status)
    open_dialog = lambda: type(QApplication.activeModalWidget()).__name__  # noqa: E731
    hand.drive("Reader", "click", lambda: hand.click(judging.panel.reader), open_dialog, picture="dialog_reader")
    hand.drive("Reader", "Esc", "Escape", open_dialog)
    hand.drive("Agreement", "Ctrl+Shift+A", "ctrl+shift+a", open_dialog, picture="dialog_agreement")
    hand.drive("Agreement", "Esc", "Escape", open_dialog)
    hand.drive("LEARN", "click", lambda: hand.click(tab(2)), window.inspector.currentIndex, picture="learn")
    learn, stage = window.learn_panel, lambda: hand.app.learning.stage
    if hand.ask(learn.start.isEnabled):
        hand.drive("Fine-tune", "click", lambda: hand.click(learn.start), stage, picture="training")
        hand.drive(
            "Cancel training", "click", lambda: hand.click(learn.cancel), stage, lambda _, n: n is Stage.IDLE, "", 60
        )
    hand.click(tab(0))


def studies(hand: RealHand) -> None:
    window, session = hand.app.window, hand.app.session
    cines, bar, rows = window.cines, window.cines.bar, lambda: len(window.cines.model.shown())
    field = bar._filter
    hand.drive("Filter", "words", lambda: (hand.click(field), hand.type("A3C")), rows, lambda _, n: n == 1, "filtered")
    hand.drive("Filter away", "Esc", "Escape", rows)
    for status in ("Approved", "Any status"):
        picture = "menu_status" if status == "Approved" else ""
        act = lambda s=status, p=picture: hand.pick(bar._status, s, p)  # noqa: E731
        hand.drive(f"Status {status}", "menu", act, lambda: bar.status, picture=f"status_{status.lower()[:3]}")
    for name in ("EF", "Status", "Name"):
        act = lambda n=name: hand.pick(bar._sort, n, "menu_sort" if n == "EF" else "")  # noqa: E731
        hand.drive(f"Order {name}", "menu", act, lambda: bar.sort, lambda _, now, n=name: now == n)

    def place(n: int) -> QPoint:
        return cines.list.viewport().mapToGlobal(cines.list.visualRect(cines.model.index(n, 0)).center())

    path = lambda: session.path  # noqa: E731
    hand.drive("Open a cine", "click", lambda: hand.click(lambda: place(2)), path, picture="opened")
    hand.drive("Next cine", "Down, Enter", lambda: (hand.click(lambda: place(2)), hand.key("Down", "Return")), path)
    new = lambda: hand.app.window.cines.model.count(Status.NEW)  # noqa: E731
    busy = cines._stop.isVisible
    if hand.ask(new):
        hand.drive("Predict all", "menu", lambda: hand.pick(bar.source, "Predict all", "menu_source"), busy,
                   lambda _, now: now, "predict_all")  # fmt: skip
        hand.drive("Stop", "click", lambda: hand.click(cines._stop), busy, lambda _, now: not now, "", 20)
    hand.drive("Next unreviewed", "click", lambda: hand.click(cines.next_button), path)
    hand.drive("Next unreviewed", "Shift+N", "shift+n", path)
    fold = hand.ask(lambda: next(b for b in bar.children() if getattr(b, "toolTip", str)() == "Hide the study list"))
    hand.drive("Fold the list", "click", lambda: hand.click(fold), lambda: cines.folded, picture="folded")
    hand.drive("Unfold the list", "click", lambda: hand.click(cines._unfold), lambda: cines.folded)


def window_itself(hand: RealHand) -> None:
    window, bar, session = hand.app.window, hand.app.window.top_bar, hand.app.session
    hand.click(hand.in_picture(6, 200))  # a click on the contour would take hold of it
    focus = lambda: type(window.focusWidget()).__name__  # noqa: E731
    for _ in range(5):
        hand.drive("Next zone", "F6", "F6", focus)
    other = hand.ask(lambda: next(view for view in View if view is not session.view))
    act = lambda: hand.pick(bar.view_button, other.value, "menu_view")  # noqa: E731
    hand.drive("View", "menu", act, lambda: session.view, lambda _, now: now is other)
    hand.key("ctrl+z")
    act = lambda: hand.pick(bar.device_button, "Processor", "menu_device")  # noqa: E731
    hand.drive("Device", "menu", act, lambda: hand.app.workflow.settings.device)
    names = hand.ask(lambda: [a.text() for a in bar.weights_button.menu().actions() if not a.isChecked()])
    if names:
        act = lambda: hand.pick(bar.weights_button, names[0], "menu_weights")  # noqa: E731
        hand.drive("Weights", "menu", act, lambda: session.weights.identity, picture="other_weights")
    _dialogs(hand)
    _keys(hand)
    daylight = lambda: hand.app.workflow.settings.daylight  # noqa: E731
    for picture in ("other_theme", "theme_again"):
        act = lambda: hand.pick(bar.open_button, "Light theme", "menu_open")  # noqa: E731
        hand.drive("Light theme", "menu", act, daylight, picture=picture)


def _dialogs(hand: RealHand) -> None:
    open_dialog = lambda: type(QApplication.activeModalWidget()).__name__  # noqa: E731
    modal = QApplication.activeModalWidget
    hand.drive("Export", "Ctrl+Shift+E", "ctrl+shift+e", open_dialog, picture="dialog_export")
    if hand.ask(lambda: hasattr(modal(), "form")):
        form = hand.ask(lambda: modal().form)
        for n in hand.ask(lambda: range(1, form.count())):
            text = hand.ask(lambda n=n: form.itemText(n))
            act = lambda text=text: hand.choose(form, text)  # noqa: E731
            hand.drive(f"Export as {text}", "list", act, form.currentText, picture=f"export_{n}")
        hand.drive("Export", "Cancel", lambda: hand.press("Cancel"), open_dialog)
    for name, key in (("Import", "ctrl+shift+i"), ("Open cine", "ctrl+o"), ("Open folder", "ctrl+shift+o")):
        there = lambda: isinstance(modal(), QFileDialog)  # noqa: E731
        hand.drive(name, key, key, there, lambda _, now: now, f"dialog_{name.replace(' ', '_').lower()}")
        hand.drive(name, "Esc", "Escape", there, lambda _, now: not now)


def _keys(hand: RealHand) -> None:
    window = hand.app.window
    overlay, keys = window.keys_overlay, window.keys
    hand.drive("Keys", "F1", "F1", overlay.isVisible, lambda _, now: now, "keys")
    own = lambda: keys.keys("fit")  # noqa: E731
    fit: QPushButton = overlay.buttons["fit"]
    act = lambda: (hand.click(fit), hand.shot("keys_waiting"), hand.key("ctrl+F9"))  # noqa: E731
    hand.drive("Another key", "click, Ctrl+F9", act, own, lambda _, now: now == ("Ctrl+F9",))
    act = lambda: (hand.click(fit), hand.key("g"))  # noqa: E731
    hand.drive("Key conflict", "click, G", act, overlay.take.isVisible, lambda _, now: now, "keys_conflict")
    hand.drive("Leave it", "click", lambda: hand.click(overlay.leave), overlay.take.isVisible, lambda _, now: not now)
    hand.click(fit)
    hand.key("g")
    hand.drive("Take it", "click", lambda: hand.click(overlay.take), own, lambda _, now: now == ("G",))
    hand.drive("Reset keys", "click", lambda: hand.click(overlay.reset), own, lambda _, now: now == ("F",))
    hand.drive("Keys", "Esc", "Escape", overlay.isVisible, lambda _, now: not now)
    hand.key("question")
    hand.drive("Keys", "click beside", lambda: hand.click(window.transport), overlay.isVisible, lambda _, now: not now)
