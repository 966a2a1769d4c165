"""The way of whoever has no mouse: F6 and Tab to a control, then its own keys."""

from __future__ import annotations

from drive_steps import tab
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from real_hand import RealHand

_MOST_TABS = 60


def by_keys(hand: RealHand) -> None:
    """A button, a tool button, a check box, a list to choose from, a slider, a chip's menu, a tab, a row."""
    window, player, session = hand.app.window, hand.app.window.player, hand.app.session
    tab(hand, 0)
    hand.ask(lambda: player.seek(next(t for t in range(len(session.cine)) if t not in session.label.contours)))
    panel, transport = window.measure_panel, window.transport
    approved = lambda: (player.t in session.label.contours, player.playing)  # noqa: E731
    for key in ("space", "Return"):
        act = lambda key=key: (_to(hand, panel.approve), hand.key(key))  # noqa: E731
        picture = "focus_button" if key == "space" else ""
        hand.drive(
            "Approve frame, a button", f"Tab, {key}", act, approved, lambda _, now: now == (True, False), picture
        )
        hand.ask(session.undo_stack.undo)
    loop = hand.button("loop")
    for key in ("space", "Return"):
        act = lambda key=key: (_to(hand, loop), hand.key(key))  # noqa: E731
        hand.drive("Loop, a tool button", f"Tab, {key}", act, lambda: (player.loop, player.playing),
                   lambda was, now: now == (not was[0], False))  # fmt: skip
    speed = lambda: (player.speed, player.playing)  # noqa: E731
    for opens, picks, goal in (("space", ("Up", "Return"), 0.75), ("Return", ("Down", "Return"), 1.0)):
        act = lambda o=opens, p=picks: (_to(hand, transport.speed), _open_menu(hand, o), hand.key(*p))  # noqa: E731
        hand.drive("Speed, a chip's menu", f"Tab, {opens}, {', '.join(picks)}", act, speed,
                   lambda _, now, goal=goal: now == (goal, False))  # fmt: skip
    _open_and_leave(hand, window.top_bar.view_button)
    _picture_panel(hand)
    _zones(hand)


def _picture_panel(hand: RealHand) -> None:
    window, player = hand.app.window, hand.app.window.player
    view, controls = window.view, window.picture.controls
    hand.key("g")
    level = lambda: (round(view.look.level, 1), player.t)  # noqa: E731
    stood = hand.ask(lambda: player.t)
    for key, way in (("Right", -1), ("Left", 1), ("Home", 1)):
        act = lambda key=key: (_to(hand, controls.gain), hand.key(key))  # noqa: E731
        wants = lambda was, now, way=way: (now[0] - was[0]) * way > 0 and now[1] == stood  # noqa: E731
        hand.drive("Gain, a slider", f"Tab, {key}", act, level, wants, "focus_slider" if key == "Right" else "")
    inverted = lambda: (view.look.inverted, player.playing)  # noqa: E731
    act = lambda: (_to(hand, controls.inverted), hand.key("space"))  # noqa: E731
    for _ in range(2):
        hand.drive("Invert, a check box", "Tab, space", act, inverted, lambda was, now: now == (not was[0], False),
                   "focus_box")  # fmt: skip
    colours = lambda: view.look.colours  # noqa: E731
    act = lambda: (_to(hand, controls.colours), hand.key("Down"))  # noqa: E731
    hand.drive("Colours, a list", "Tab, Down", act, colours)
    act = lambda: (_to(hand, controls.colours), hand.key("space"), hand.key("Up", "Return"))  # noqa: E731
    hand.drive("Colours, a list", "Tab, space, Up, Return", act, colours, picture="focus_list")
    hand.key("ctrl+0", "g")


def _zones(hand: RealHand) -> None:
    """The tabs by arrows, the study list by Down and Return, the picture's own keys after F6."""
    window, session, player = hand.app.window, hand.app.session, hand.app.window.player
    bar, listing = window.inspector.tabBar(), window.cines.list
    act = lambda: (_to(hand, bar), hand.key("Right"))  # noqa: E731
    hand.drive("REVIEW, a tab", "Tab, Right", act, window.inspector.currentIndex, lambda _, now: now == 1, "focus_tab")
    hand.drive("MEASURE, a tab", "Left", "Left", window.inspector.currentIndex, lambda _, now: now == 0)
    stood = hand.ask(lambda: session.path)
    act = lambda: (_to(hand, listing), hand.key("Up", "Return"))  # noqa: E731
    hand.drive("A row of the study list", "Tab, Up, Return", act, lambda: session.path, picture="focus_row",
               patience_s=30)  # fmt: skip
    hand.until(lambda: hand.app.workflow.jobs.idle, "the work does not end", 240)
    act = lambda: (_to(hand, listing), hand.key("Down", "Return"))  # noqa: E731
    hand.drive("Back to the row", "Tab, Down, Return", act, lambda: session.path, lambda _, now: now == stood, "", 30)
    hand.until(lambda: hand.app.workflow.jobs.idle, "the work does not end", 240)
    hand.ask(player.pause)
    act = lambda: (_to(hand, window.transport.timeline), hand.key("Home", "Right"))  # noqa: E731
    hand.drive("Timeline", "Tab, Home, Right", act, lambda: player.t, lambda _, now: now == 1, "focus_timeline")
    act = lambda: (_to(hand, window.view), hand.key("space"))  # noqa: E731
    hand.drive("The picture", "Tab, space", act, lambda: player.playing, lambda _, now: now)
    hand.ask(player.pause)


def _open_and_leave(hand: RealHand, button: QToolButton) -> None:
    """A menu opened by Down is closed by Esc, and changes nothing."""
    opened = lambda: isinstance(QApplication.activePopupWidget(), QMenu)  # noqa: E731
    act = lambda: (_to(hand, button), hand.key("Down"))  # noqa: E731
    hand.drive("View, a chip's menu", "Tab, Down", act, opened, lambda _, now: now, "menu_by_keys")
    hand.drive("View, a chip's menu", "Esc", "Escape", opened, lambda _, now: not now)


def _open_menu(hand: RealHand, key: str) -> None:
    hand.key(key)
    hand.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "no menu opens", 4)


def _to(hand: RealHand, control: QWidget) -> None:
    """Press Tab until the control has the keyboard, backwards where that is nearer; F6 first, as it is shorter."""
    for key in ("Tab", "shift+Tab"):
        for _ in range(_MOST_TABS // 2 if key == "Tab" else _MOST_TABS):
            if hand.ask(control.hasFocus):
                return
            hand.key(key)
    raise TimeoutError("Tab does not come to it")
