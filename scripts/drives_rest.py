"""What no other part drives: ways into a cine, keys, ways to propagate, findings, history, two weights, the way out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from drive_files import dragged_from, write_medium, write_with_ecg
from drive_steps import answer, click_row, open_cine, quiet, tab
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication
from real_hand import RealHand

from echoview.services.propagation import Way
from echoview.ui.weights_beside import Where


def _home() -> Path:
    return Path(os.environ["ECHOVIEW_HOME"])


def ways_in(hand: RealHand) -> None:
    """Dropped, from a medium by its folder and by its index, and from the Open menu; then a cine with an ECG."""
    window, session, workflow = hand.app.window, hand.app.session, hand.app.workflow
    path, study = (lambda: Path(session.path).name), _home() / "Study"
    rows = lambda: len(window.cines.model.shown())  # noqa: E731
    _drop(hand, "A file dropped", [study / "A2C.dcm"], path, lambda _, now: now == "A2C.dcm")
    quiet(hand)
    _drop(hand, "Two files dropped", [study / "A3C.dcm", study / "A4C.dcm"], rows, lambda _, now: now == 2, "dropped")
    quiet(hand)
    medium = write_medium(_home() / "Medium")
    for name, key, place in (("folder", "ctrl+shift+o", medium.parent), ("DICOMDIR", "ctrl+o", medium)):
        hand.ask(lambda: workflow.open(study / "sample.dcm"))
        hand.until(lambda: path() == "sample.dcm", "the sample does not open")
        act = lambda key=key, place=place, name=name: (hand.key(key), answer(hand, place, f"typed_{name}"))  # noqa: E731
        found = lambda _, now: now[0].startswith("IM") and now[1] == 2  # noqa: E731
        hand.drive(f"Open a medium, its {name}", key, act, lambda: (path(), rows()), found, f"medium_{name}", 30)
        quiet(hand)
    button = window.top_bar.open_button
    act = lambda: hand.pick(button, "Open the sample", "menu_open")  # noqa: E731
    hand.drive("Open the sample", "menu", act, path, lambda _, now: now == "examples_ybr_color.dcm", "", 30)
    act = lambda: hand.pick(button, "A2C.dcm")  # noqa: E731
    hand.drive("Open a recent cine", "menu", act, path, lambda _, now: now == "A2C.dcm", "", 30)
    open_cine(hand, write_with_ecg(_home() / "A4C with ECG.dcm"))
    _ecg(hand)
    hand.ask(lambda: workflow.open(study))
    hand.until(lambda: rows() == 4, "the folder is not listed")
    quiet(hand)


def _drop(hand: RealHand, name: str, paths: list[Path], read, wants, picture: str = "") -> None:
    """Drag out of another program's window, over the X display as from a file manager, onto the picture."""
    x, y = 1480, 300
    other = dragged_from(x, y, *paths)
    try:
        hand.wait(3)  # until the other program shows its window
        act = lambda: hand.drag(lambda: QPoint(x + 40, y + 30), hand.in_picture(80, 60), by=30)  # noqa: E731
        hand.drive(name, "drag, drop", act, read, wants, picture, 30)
    finally:
        other.terminate()
        other.wait()


def _ecg(hand: RealHand) -> None:
    """R waves are where beats begin, and the strip lies under the curve."""
    window, info = hand.app.window, hand.app.session.cine.info
    line, player = window.transport.timeline, window.player
    shown = lambda: (info.ecg is not None, len(info.r_waves_s))  # noqa: E731
    hand.drive("ECG strip", "seen", lambda: None, shown, lambda _, now: now[0] and now[1] >= 2, "ecg")
    waves = [int(np.abs(hand.app.session.cine.times_s - wave).argmin()) for wave in info.r_waves_s]
    hand.key("Home")
    for wave in waves[:2]:
        if wave:  # not where the cine begins with one
            hand.drive("Beat forward, by R wave", "PgDn", "Next", lambda: player.t, lambda _, now, w=wave: now == w)
    hand.key("shift+l")
    hand.drive("Loop over a beat, by R waves", "Shift+L", lambda: None, lambda: player.span,
               lambda _, now: now[0] == waves[1], "ecg_beat")  # fmt: skip
    act = lambda: [hand.wheel(hand.on_timeline(waves[1]), True, "ctrl") for _ in range(5)]  # noqa: E731
    hand.drive("ECG strip, zoomed", "Ctrl+wheel", act, lambda: line.scale.zoomed, lambda _, now: now, "ecg_zoomed")


def other_keys(hand: RealHand) -> None:
    """Keys of the F1 table that need no part of their own, and the second keys of actions."""
    window, session = hand.app.window, hand.app.session
    player, at, label = window.player, hand.in_picture, lambda: hand.app.session.label
    contours = lambda: len(label().contours)  # noqa: E731
    traced = lambda: sorted(label().contours)  # noqa: E731
    for t in (2, 4, 8):
        hand.ask(lambda t=t: player.seek(t))
        hand.drive("Approve frame", "K", "k", lambda t=t: t in label().contours, lambda _, now: now)
    hand.key("Home")
    whole = hand.ask(traced)  # with what other parts have left
    for goal in [t for t in whole if t > 0][:2]:
        hand.drive("Corrected frame after", "Alt+Right", "alt+Right", lambda: player.t,
                   lambda _, now, goal=goal: now == goal)  # fmt: skip
    rest = [t for t in whole if t not in range(1, 6)]
    hand.drag(hand.on_timeline(1), hand.on_timeline(5), held="shift")
    hand.drive("Revert the marked range", "Ctrl+R", "ctrl+r", traced, lambda _, now: now == rest, "range_reverted")
    hand.drive("Undo", "Ctrl+Z", "ctrl+z", traced, lambda _, now: now == whole)
    for keys in ("ctrl+y", "ctrl+shift+z"):
        hand.drive("Redo", keys, keys, traced, lambda _, now: now == rest)
        hand.key("ctrl+z")
    hand.click(hand.on_timeline(3), held="shift")
    hand.drive("Revert without a range", "Ctrl+R", "ctrl+r", lambda: window.banner.text,
               lambda _, now: "No range" in now, "no_range")  # fmt: skip
    quiet(hand)
    hand.ask(lambda: player.seek(2))
    points = lambda: len(session.editable(player.t).handles)  # noqa: E731
    place = hand.ask(lambda: session.editable(player.t).handles[8])
    act = lambda: (hand.click(at(*place), 2), hand.key("BackSpace"))  # noqa: E731
    hand.drive("Point away", "Backspace", act, points, lambda was, now: now == was - 1)
    hand.key("ctrl+z")
    far = lambda: round(window.view.box.viewRange()[0][1] - window.view.box.viewRange()[0][0], 1)  # noqa: E731
    hand.drive("Zoom in", "Ctrl+=", "ctrl+equal", far, lambda was, now: now < was)
    hand.key("f")
    _draw(hand, "KP_Enter")
    tools = ("calibrate", "c", "calibrating"), ("caliper", "m", ""), ("caliper_area", "shift+m", "")
    for name, key, picture in tools:
        checked = window.acts[name].isChecked
        hand.drive(window.acts[name].text(), key.upper(), key, checked, lambda _, now: now, picture)
        hand.drive("The tool put down", "Esc", "Escape", checked, lambda _, now: not now)
    quiet(hand)
    done = lambda: -1 if session.prediction is None else session.prediction.done  # noqa: E731
    frames = hand.ask(done)
    hand.drive("Predict again", "Ctrl+P", "ctrl+p", done, lambda _, now: now < frames, "predicting")
    hand.drive("Predict again", "to its end", lambda: None, done, lambda _, now: now == frames, "", 240)
    quiet(hand)
    hand.drive("The approvals undone", "Ctrl+Z", lambda: hand.key(*["ctrl+z"] * 3), contours,
               lambda _, now: now == len(whole) - 3)  # fmt: skip


def _draw(hand: RealHand, finish: str) -> None:
    """A contour by three clicks, ended by this key."""
    session, player, at = hand.app.session, hand.app.window.player, hand.in_picture
    handles = hand.ask(lambda: session.editable(player.t).handles)
    before = hand.ask(lambda: session.label.contour(player.t))
    spots = [handles[0], handles[len(handles) // 2], handles[-1]]
    act = lambda: (hand.key("3"), [hand.click(at(*(p + 2))) for p in spots], hand.key(finish))  # noqa: E731
    other = lambda: session.label.contour(player.t) is not before  # noqa: E731
    hand.drive("Finish drawing", finish.replace("KP_", "keypad "), act, other, lambda _, now: now)
    hand.key("ctrl+z")


def ways_to_propagate(hand: RealHand) -> None:
    """Each choice of the menu beside the propagate button; a part of a proposal is accepted."""
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    correction, player = window.correcting.correction, window.player
    button = hand.button("propagate")
    arrow = lambda: button.mapToGlobal(QPoint(button.width() - 7, button.height() // 2))  # noqa: E731
    for t in (3, 12):
        hand.ask(lambda t=t: player.seek(t))
        x, y = hand.ask(lambda: session.editable(player.t).handles[6])
        hand.drag(at(x, y), at(x - 7, y - 2))
    hand.until(lambda: len(session.label.contours) >= 2, "the frames are not corrected", 10)
    proposed, traced = (lambda: len(correction.proposal)), (lambda: len(session.label.contours))
    for number, way in enumerate(hand.ask(lambda: correction.ways)):
        picture = "menu_propagate" if number == 0 else ""
        act = lambda way=way, p=picture: hand.pick(arrow, f"Propagate {way.value}", p)  # noqa: E731
        hand.drive(f"Propagate {way.value}", "menu", act, proposed, lambda _, now: now, f"way_{way.name.lower()}", 120)
        hand.until(lambda: correction.awaited == 0, "the proposal does not end", 180)
        hand.drive("Reject", "Esc", "Escape", proposed, lambda _, now: not now)
    for keys in ("shift+Return", "shift+KP_Enter"):
        hand.pick(arrow, f"Propagate {Way.DISPLACEMENT.value}")
        hand.until(lambda: bool(proposed()) and correction.awaited == 0, "nothing is proposed", 60)
        hand.ask(lambda: player.seek(7))
        before = hand.ask(traced)
        near = lambda _, now, before=before: before < now <= before + 12  # noqa: E731
        hand.drive("Accept up to this frame", keys, keys, traced, near, "accepted_up_to" * (keys == "shift+Return"))
        hand.key("ctrl+z")
    hand.pick(arrow, f"Propagate {Way.DISPLACEMENT.value}")
    hand.until(lambda: bool(proposed()) and correction.awaited == 0, "nothing is proposed", 60)
    before = hand.ask(traced)
    hand.drive("Accept", "keypad Enter", "KP_Enter", traced, lambda _, now: now > before + 12)
    hand.key(*["ctrl+z"] * 3)


def findings(hand: RealHand) -> None:
    """A contour that was copied from a frame where it stood elsewhere: it jumps, and is mended."""
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    panel, player = window.findings, window.player
    tab(hand, 0)
    frames = panel.list.count
    hand.ask(lambda: player.seek(5))
    handle = hand.ask(lambda: session.editable(player.t).handles[3])
    hand.drag(at(*handle), at(*(handle + np.array([34, 26]))), held="ctrl")
    hand.key("ctrl+d")
    hand.until(lambda: player.t == 6, "the contour is not copied", 10)
    hand.ask(lambda: (player.seek(5), window.acts["revert"].trigger()))
    jumps = lambda: [panel.list.item(n).text() for n in range(panel.list.count())]  # noqa: E731
    found = lambda _, now: any(one.startswith("Frame 7:") and "jump" in one for one in now)  # noqa: E731
    hand.drive("Findings", "copied contour", lambda: None, jumps, found, "found", 20)
    hand.ask(lambda: player.seek(0))
    for _ in range(hand.ask(frames)):
        hand.drive("Next finding", "click", lambda: hand.click(panel.next), panel.list.currentRow)
        if hand.ask(lambda: panel.list.currentItem().text()).startswith("Frame 7:"):
            break
    hand.drive("Next finding", "shown", lambda: None, lambda: player.t, lambda _, now: now == 6, "next")
    number = hand.ask(panel.list.currentRow)
    hand.ask(lambda: player.seek(0))
    hand.drive("A finding", "click", lambda: click_row(hand, panel.list, number), lambda: player.t)
    drawn = lambda: _middle(session.editable(6).handles)  # noqa: E731
    moved = lambda was, now: abs(was[0] - now[0]) > 15  # noqa: E731
    hand.drive("Mend", "click", lambda: hand.click(panel.mend), drawn, moved, "mended", 20)
    gone = lambda _, now: not any(one.startswith("Frame 7:") for one in now)  # noqa: E731
    hand.drive("Findings", "gone after", lambda: None, jumps, gone, "", 20)
    hand.key(*["ctrl+z"] * 4)


def _middle(points: np.ndarray) -> tuple[float, float]:
    x, y = points.mean(axis=0)
    return round(float(x), 1), round(float(y), 1)


def history(hand: RealHand) -> None:
    """What was done to the cine, row by row; a row leads to its frame."""
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    panel, player = window.judging.panel.history, window.player
    hand.ask(lambda: player.seek(9))
    x, y = hand.ask(lambda: session.editable(player.t).handles[6])
    hand.drag(at(x, y), at(x - 5, y))
    quiet(hand)
    tab(hand, 1)
    first = lambda: panel.list.item(0).text().split("\n")[0] if panel.list.count() else ""  # noqa: E731
    hand.drive("History", "click", lambda: hand.click(panel.button), first, lambda _, now: "frame 10" in now, "open")
    hand.ask(lambda: player.seek(0))
    act = lambda: click_row(hand, panel.list, 0)  # noqa: E731
    hand.drive("History, a row", "click", act, lambda: player.t, lambda _, now: now == 9, "row")
    hand.click(hand.in_picture(6, 200))
    hand.drive("Undone, and said in the history", "Ctrl+Z", "ctrl+z", first, lambda was, now: now != was, "undone")
    hand.drive("History, fold", "click", lambda: hand.click(panel.button), panel.list.isVisible, lambda _, now: not now)
    tab(hand, 0)


def two_weights(hand: RealHand) -> None:
    """Another set beside the picture, over it and beside again; each set of the menu."""
    window = hand.app.window
    beside = window.picture.layouts.weights
    hand.key("ctrl+alt+b")
    known = lambda: beside.other.measured is not None  # noqa: E731
    hand.drive("Weights", "predicted", lambda: None, known, lambda _, now: now, "beside", 240)
    titles = {Where.OVER: beside.title, Where.BESIDE: window.picture.layouts.weights._over_title}
    for where in (Where.OVER, Where.BESIDE):
        act = lambda w=where: hand.pick(titles[w].name, w.value, f"menu_{w.name.lower()}")  # noqa: E731
        seen = lambda: (beside.where, beside.isVisible(), beside.line.isVisible())  # noqa: E731
        goal = (where, where is Where.BESIDE, where is Where.OVER)
        hand.drive(f"Weights {where.value.lower()}", "menu", act, seen, lambda _, now, goal=goal: now == goal,
                   where.name.lower())  # fmt: skip
    for one in hand.ask(lambda: beside.other.sets):
        act = lambda name=one.name: hand.pick(beside.title.name, name)  # noqa: E731
        hand.drive(f"Compare with {one.name}", "menu", act, lambda: beside.other.weights.identity,
                   lambda _, now, one=one: now == one.identity)  # fmt: skip
    hand.key("ctrl+alt+b")


def leaving(hand: RealHand) -> None:
    """Ctrl+Q, which is the last that is driven."""
    window = hand.app.window
    hand.ask(lambda: QApplication.setQuitOnLastWindowClosed(False))
    quiet(hand)
    hand.drive("Quit", "Ctrl+Q", "ctrl+q", window.isVisible, lambda _, now: not now, "", 30)
