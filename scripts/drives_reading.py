"""What a reader does with a cine: play it, move in time, set how it looks, measure, put pictures side by side."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication
from real_hand import RealHand

from echoview.ui.look import COLOURS
from echoview.ui.loops import Over
from echoview.ui.player import SPEEDS


def playback(hand: RealHand) -> None:
    window, player, loops = hand.app.window, hand.app.window.player, hand.app.window.loops
    playing, t = (lambda: player.playing), (lambda: player.t)
    hand.drive("Play", "click", lambda: hand.click(hand.button("play")), playing, picture="playing")
    hand.drive("Play", "Space", "space", playing)
    hand.drive("Frame forward", "click", lambda: hand.click(hand.button("forward")), t)
    hand.drive("Frame back", "click", lambda: hand.click(hand.button("back")), t)
    last = hand.ask(lambda: len(hand.app.session.cine) - 1)
    for name, key, goal in (
        ("Last frame", "End", last), ("First frame", "Home", 0), ("Frame forward", "Right", 1),
        ("Frame back", "Left", 0), ("Five frames forward", "ctrl+Right", 5), ("Five frames back", "ctrl+Left", 0),
    ):  # fmt: skip
        hand.drive(name, key, key, t, lambda _, now, goal=goal: now == goal)
    speed = lambda: player.speed  # noqa: E731
    hand.drive("Slower", "[", "bracketleft", speed, lambda was, now: now < was)
    hand.drive("Faster", "]", "bracketright", speed, lambda was, now: now > was)
    for wanted in (*SPEEDS, 1.0):
        text = f"{wanted:g}×"
        picture = "menu_speed" if wanted == SPEEDS[0] else ""
        act = lambda text=text, picture=picture: hand.pick(window.transport.speed, text, picture)  # noqa: E731
        hand.drive(f"Speed {text}", "menu", act, speed, lambda _, now, wanted=wanted: now == wanted)
    hand.drive("Loop", "L", "l", lambda: player.loop)
    hand.drive("Loop", "click", lambda: hand.click(hand.button("loop")), lambda: player.loop)
    hand.drive("Every frame", "Ctrl+L", "ctrl+l", lambda: player.every_frame)
    act = lambda: hand.pick(window.transport.speed, "Every frame")  # noqa: E731
    hand.drive("Every frame", "menu", act, lambda: player.every_frame)
    hand.key("Home")
    hand.drive("Beat forward", "PgDn", "Next", t, lambda was, now: now > was)
    hand.drive("Beat back", "PgUp", "Prior", t, lambda was, now: now < was)
    hand.key("Next")
    over = lambda: loops.over  # noqa: E731
    hand.drag(hand.on_timeline(5), hand.on_timeline(15), held="shift")
    for text, wanted in (("Whole cine", Over.CINE), ("Marked range", Over.RANGE), ("This beat", Over.BEAT)):
        picture = "menu_loop" if wanted is Over.RANGE else ""
        act = lambda text=text, picture=picture: hand.pick(window.transport.over, text, picture)  # noqa: E731
        hand.drive(f"Loop over {wanted.value}", "menu", act, over, lambda _, now, wanted=wanted: now is wanted)
    hand.drive("Loop over", "Shift+L", "shift+l", over)
    hand.click(hand.on_timeline(8), held="shift")


def timeline(hand: RealHand) -> None:
    window, session = hand.app.window, hand.app.session
    line, player, loops = window.transport.timeline, window.player, window.loops
    t, at = (lambda: player.t), hand.on_timeline
    hand.drive("Timeline", "click", lambda: hand.click(at(8)), t, lambda _, now: now == 8)
    hand.drive("Timeline scrub", "drag", lambda: hand.drag(at(8), at(20)), t, lambda _, now: now == 20)
    hand.drive("Timeline", "wheel down", lambda: hand.wheel(at(20), False), t, lambda was, now: now == was + 1)
    marked = lambda: loops.range  # noqa: E731
    act = lambda: hand.drag(at(5), at(15), held="shift")  # noqa: E731
    hand.drive("Range", "Shift+drag", act, marked, lambda _, now: now == (5, 15), "range")
    hand.click(at(15))
    hand.drive("Range by keys", "Shift+Right", "shift+Right", marked, lambda _, now: now == (5, 16))
    hand.drive("Range away", "Shift+click", lambda: hand.click(at(18), held="shift"), marked, lambda _, n: n is None)
    zoomed = lambda: line.scale.end_s - line.scale.start_s  # noqa: E731
    act = lambda: [hand.wheel(at(10), True, "ctrl") for _ in range(4)]  # noqa: E731
    hand.drive("Timeline zoom", "Ctrl+wheel", act, zoomed, lambda was, now: now < was, "timeline_zoomed")
    act = lambda: hand.wheel(at(10), False, "shift")  # noqa: E731
    hand.drive("Timeline pan", "Shift+wheel", act, lambda: line.scale.start_s)
    hand.drive("Timeline zoom", "plus", "plus", zoomed, lambda was, now: now < was)
    hand.drive("Timeline zoom", "minus", "minus", zoomed, lambda was, now: now > was)
    act = lambda: hand.click(lambda: line.mapToGlobal(line.rect().center()), times=2)  # noqa: E731
    hand.drive("Timeline whole", "double click", act, lambda: line.scale.zoomed, lambda _, now: not now)
    for name, key in (("ED", "d"), ("ES", "s")):
        hand.key("End")
        goal = lambda name=name: line.flags()[name][0]  # noqa: E731
        hand.drive(f"Go to {name}", key.upper(), key, t, lambda _, now, goal=goal: now == goal(), name.lower())
    for name in ("ED", "ES"):
        goal = lambda name=name: line.flags()[name][0]  # noqa: E731
        away = hand.ask(goal) + 1
        act = lambda goal=goal, away=away: hand.drag(at(hand.ask(goal), 8), at(away, 8))  # noqa: E731
        hand.drive(f"{name} flag", "drag", act, goal, lambda _, now, away=away: now == away, f"flag_{name.lower()}")
        hand.drive("Undo", "Ctrl+Z", "ctrl+z", goal, lambda _, now, away=away: now != away)
    hand.key("Home", "Right", "Right", "Right")
    for name, key in (("ED", "shift+d"), ("ES", "shift+s")):
        chosen = lambda name=name: getattr(session.label, name.lower())  # noqa: E731
        hand.drive(f"This frame is {name}", key, key, chosen, lambda _, now: now == 3)
        hand.key("ctrl+z")


def picture(hand: RealHand) -> None:
    _window, view, controls = hand.app.window, hand.app.window.view, hand.app.window.picture.controls
    hand.drive(
        "Picture panel", "click", lambda: hand.click(hand.button("picture")), controls.isVisible, picture="panel"
    )
    for slider, share, read in (
        (controls.gain, 0.7, lambda: view.look.level), (controls.contrast, 0.6, lambda: view.look.window),
        (controls.gamma, 0.7, lambda: view.look.gamma), (controls.opacity, 0.4, lambda: controls.overlay.opacity),
    ):  # fmt: skip
        name = slider.accessibleName()
        hand.drive(name, "drag", lambda s=slider, x=share: hand.slide(s, x), read, picture=name.replace(" ", "_"))
    for name in (*COLOURS[1:], COLOURS[0]):
        act = lambda name=name: hand.choose(controls.colours, name.capitalize())  # noqa: E731
        hand.drive(f"Colours {name}", "list", act, lambda: view.look.colours, picture=f"colours_{name}")
    for text in ("Light", "Strong", "Off, square pixels", "Off"):
        act = lambda text=text: hand.choose(controls.smoothing, text)  # noqa: E731
        picture = "smoothing_" + text.split(",")[0].lower()
        hand.drive(f"Smoothing {text}", "list", act, lambda: view.look.smoothing, picture=picture)
    for text in ("Thin", "Bold", "Points", "Usual"):
        act = lambda text=text: hand.choose(controls.lines, text)  # noqa: E731
        hand.drive(f"Lines {text}", "list", act, lambda: controls.overlay.lines, picture=f"lines_{text.lower()}")
    for box, read in (
        (controls.inverted, lambda: view.look.inverted),
        *((one, lambda n=name: getattr(controls.overlay, n)) for name, one in controls.shown.items()),
    ):  # fmt: skip
        hand.drive(box.text(), "click", lambda b=box: hand.click(b), read, picture=f"box_{box.text().lower()}")
        hand.click(box)
    act = lambda: hand.press("Reset", lambda: controls)  # noqa: E731
    hand.drive("Reset", "click", act, lambda: view.look.level, lambda _, now: now == 127.5)
    hand.slide(controls.opacity, 0.98)
    hand.drive("Picture panel", "G", "g", controls.isVisible)
    hand.drive("Invert", "I", "i", lambda: view.look.inverted, picture="inverted")
    hand.drive("Reset", "Ctrl+0", "ctrl+0", lambda: view.look.inverted, lambda _, now: not now)
    _hands_on_picture(hand)


def _hands_on_picture(hand: RealHand) -> None:
    window, view, at = hand.app.window, hand.app.window.view, hand.in_picture
    far = lambda: tuple(round(n, 1) for n in (*view.box.viewRange()[0], *view.box.viewRange()[1]))  # noqa: E731
    closer = lambda was, now: now[1] - now[0] < was[1] - was[0]  # noqa: E731
    hand.drive("Zoom in", "Ctrl++", "ctrl+plus", far, closer)
    hand.drive("Zoom out", "Ctrl+-", "ctrl+minus", far, lambda was, now: closer(now, was))
    hand.drive("Zoom", "Ctrl+wheel", lambda: [hand.wheel(at(160, 90), True, "ctrl") for _ in range(3)], far, closer)
    hand.drive("Pan", "middle drag", lambda: hand.drag(at(160, 90), at(185, 105), 2), far, picture="zoomed")
    hand.drive("Pan", "Space+drag", lambda: hand.drag(at(160, 90), at(150, 80), held="space"), far)
    hand.drive("Fit", "F", "f", far)
    hand.click(at(20, 230))
    hand.drive("Frames", "wheel", lambda: hand.wheel(at(20, 230), False), lambda: window.player.t)
    hand.drive("Contrast", "right drag", lambda: hand.drag(at(100, 90), at(140, 60), 3), lambda: view.look.window)
    hand.key("ctrl+0")
    hidden = lambda: view.overlay_hidden  # noqa: E731
    hand.drive("Hide contour", "H", "h", hidden, picture="hidden")
    hand.drive("Hide contour", "click", lambda: hand.click(hand.button("hide")), hidden)
    seen: list[bool] = []
    hand.hold("h", 0.7, lambda: seen.append(hand.ask(hidden)))
    hand.drive("Hold to hide", "H held", lambda: None, lambda: (seen[0], hidden()), lambda _, now: now == (True, False))


def measuring(hand: RealHand) -> None:
    window, session, at = hand.app.window, hand.app.session, hand.in_picture
    notes = lambda: len(session.label.notes)  # noqa: E731
    hand.key("Home")
    act = lambda: (hand.click(hand.button("caliper")), hand.click(at(120, 60)), hand.click(at(135, 150)))  # noqa: E731
    hand.drive("Caliper", "click, click", act, notes, lambda was, now: now == was + 1, "caliper")
    act = lambda: hand.drag(at(180, 70), at(190, 140))  # noqa: E731
    hand.drive("Caliper", "drag", act, notes, lambda was, now: now == was + 1)
    act = lambda: hand.drag(at(190, 140), at(210, 150))  # noqa: E731
    hand.drive("Caliper end", "drag", act, lambda: session.label.notes[-1].points[-1], picture="calipers")
    hand.drive("Caliper away", "Shift+click", lambda: hand.click(at(210, 150), held="shift"), notes)
    hand.key("shift+m")
    act = lambda: [hand.click(at(*p)) for p in ((140, 80), (185, 85), (190, 115), (140, 115))]  # noqa: E731
    hand.drive("Area", "four clicks, Enter", lambda: (act(), hand.key("Return")), notes, picture="area")
    strip = window.picture.mmode.strip
    hand.key("ctrl+m")
    act = lambda: hand.drag(at(150, 40), at(165, 190))  # noqa: E731
    hand.drive("M-mode", "Ctrl+M, drag", act, strip.isVisible, lambda _, now: now, "mmode")
    act = lambda: hand.click(lambda: strip.mapToGlobal(QPoint(strip.width() // 2, strip.height() // 2)))  # noqa: E731
    hand.drive("M-mode strip", "click", act, lambda: window.player.t)
    close = hand.ask(lambda: next(c for c in strip.children() if hasattr(c, "clicked")))
    hand.drive("M-mode close", "click", lambda: hand.click(close), strip.isVisible, lambda _, now: not now)
    marks = lambda: session.calibration is not None  # noqa: E731
    before = hand.ask(marks)
    if not before:
        hand.click(window.measure_panel.calibrate)
        act = lambda: (  # noqa: E731
            hand.drag(at(160, 40), at(160, 140)),
            hand.until(lambda: QApplication.activeModalWidget() is not None, "no question", 5),
            hand.shot("dialog_calibrate"),
            hand.press("Calibrate"),
        )
        hand.drive("Calibrate", "click, drag, dialog", act, marks, picture="calibrated")
        hand.drive("Undo", "click", lambda: hand.click(hand.button("undo")), marks, lambda _, now: not now)
        hand.drive("Redo", "click", lambda: hand.click(hand.button("redo")), marks, lambda _, now: now)
    hand.key("1")


def beside(hand: RealHand) -> None:
    window, layouts = hand.app.window, hand.app.window.picture.layouts
    current = lambda: layouts.current and layouts.current.name  # noqa: E731
    hand.drive("ED | ES", "Ctrl+B", "ctrl+b", current, picture="ed_es")
    hand.key("d", "Right", "Right")
    hand.drive("ED | ES", "click the other", lambda: hand.click(layouts.ed_es), lambda: window.player.t)
    hand.drive("ED | ES", "Ctrl+B again", "ctrl+b", current, lambda _, now: now is None)
    button = hand.ask(
        lambda: next(b for b in window.transport.children() if getattr(b, "accessibleName", str)() == "Side by side")
    )
    act = lambda: hand.pick(button, "Views", "menu_beside")  # noqa: E731
    hand.drive("Views", "menu", act, current)
    hand.drive("Views in phase", "two more", lambda: None, lambda: len([p for p in layouts.views.paths if p]),
               lambda _, now: now == 2, "views", 90)  # fmt: skip
    frames = lambda: [pane.t for pane in layouts.views.panes]  # noqa: E731
    hand.drive("Views in phase", "five frames on", "ctrl+Right", frames, picture="views_later")
    hand.key("ctrl+shift+b")
    if len(hand.app.workflow.registry.sets()) > 1:
        hand.drive("Weights", "Ctrl+Alt+B", "ctrl+alt+b", current)
        known = lambda: layouts.weights.other.measured is not None  # noqa: E731
        hand.drive("Weights", "predicted", lambda: None, known, lambda _, now: now, "weights", 90)
        hand.drive("Weights", "Ctrl+Alt+B again", "ctrl+alt+b", current, lambda _, now: now is None)
