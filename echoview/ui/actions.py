"""Every action of the window in one table: name, words, icon, keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from echoview.ui.theme import put_icon


@dataclass(frozen=True, slots=True)
class Act:
    name: str
    text: str
    keys: tuple[str, ...] = ()
    picture: str = ""
    checkable: bool = False


ACTS = (
    Act("open", "Open cine", ("Ctrl+O",), "folder-open"),
    Act("open_folder", "Open folder", ("Ctrl+Shift+O",)),
    Act("sample", "Open the sample"),
    Act("export", "Export labels", ("Ctrl+Shift+E",)),
    Act("import", "Import labels", ("Ctrl+Shift+I",)),
    Act("import_folder", "Import labels from a folder"),
    Act("backups", "Backups"),
    Act("play", "Play", ("Space",), "play"),
    Act("back", "Frame back", ("Left",), "step-back"),
    Act("forward", "Frame forward", ("Right",), "step-forward"),
    Act("back_five", "Five frames back", ("Ctrl+Left",)),
    Act("forward_five", "Five frames forward", ("Ctrl+Right",)),
    Act("first", "First frame", ("Home",)),
    Act("last", "Last frame", ("End",)),
    Act("back_human", "To the corrected frame before", ("Alt+Left",)),
    Act("forward_human", "To the corrected frame after", ("Alt+Right",)),
    Act("slower", "Slower", ("[",)),
    Act("faster", "Faster", ("]",)),
    Act("loop", "Loop", ("L",), "repeat", True),
    Act("loop_over", "Loop over cine, beat or range", ("Shift+L",)),
    Act("every_frame", "Every frame, even if late", ("Ctrl+L",), "", True),
    Act("frame_rate", "Frame rate …", (), "timer"),
    Act("beat_back", "Beat back", ("PgUp",)),
    Act("beat_on", "Beat forward", ("PgDown",)),
    Act("to_ed", "Go to ED", ("D",)),
    Act("to_es", "Go to ES", ("S",)),
    Act("mark_ed", "This frame is ED", ("Shift+D",)),
    Act("mark_es", "This frame is ES", ("Shift+S",)),
    Act("point", "Move points", ("1",), "spline", True),
    Act("nudge", "Nudge the border", ("2",), "circle-dashed", True),
    Act("draw", "Draw contour", ("3",), "pencil", True),
    Act("arc", "Redraw an arc", ("4",), "line-squiggle", True),
    Act("brush", "Brush: add to the cavity", ("5",), "brush", True),
    Act("eraser", "Eraser: take from the cavity", ("6",), "eraser", True),
    Act("reseed", "Set annulus and apex", ("7",), "waypoints", True),
    Act("move", "Move, turn, scale", ("8",), "scaling", True),
    Act("calibrate", "Calibrate along the depth scale", ("C",), "ruler", True),
    Act("caliper", "Measure a distance", ("M",), "ruler-dimension-line", True),
    Act("caliper_area", "Measure an area", ("Shift+M",), "pentagon", True),
    Act("mmode", "M-mode along a line", ("Ctrl+M",), "activity", True),
    Act("delete", "Delete point under the pointer", ("Del", "Backspace")),
    Act("approve", "Approve frame", ("A", "K"), "circle-check"),
    Act("reject_frame", "Reject frame", ("X",), "circle-x"),
    Act("second_frame", "Frame to a second reader", ("W",), "users"),
    Act("approve_cine", "Approve cine, on to the next", ("Ctrl+Return", "Ctrl+Enter"), "circle-check"),
    Act("reject_cine", "Reject cine", ("Shift+X",), "circle-x"),
    Act("second_cine", "Cine to a second reader", ("Shift+W",), "users"),
    Act("go_on", "After approving ED go to ES, then to the next view", (), "", True),
    Act("next_unreviewed", "Next cine that waits", ("Shift+N",)),
    Act("take_first", "Conflict: take what is shown", ("Ctrl+1",)),
    Act("take_second", "Conflict: take the other", ("Ctrl+2",)),
    Act("comment", "Comment in words", ("T",), "message-square"),
    Act("issue_1", "Annulus off", ("Alt+1",)),
    Act("issue_2", "Apex foreshortened", ("Alt+2",)),
    Act("issue_3", "Border unclear", ("Alt+3",)),
    Act("issue_4", "Papillary muscle cut", ("Alt+4",)),
    Act("issue_5", "ED or ES off", ("Alt+5",)),
    Act("issue_6", "Wrong view", ("Alt+6",)),
    Act("agreement", "Agreement of readings", ("Ctrl+Shift+A",), "scale"),
    Act("revert", "Revert frame to the prediction", ("R",), "rotate-ccw"),
    Act("revert_range", "Revert the marked range", ("Ctrl+R",)),
    Act("revert_carried", "Take back what was propagated", ("Shift+R",)),
    Act("smooth", "Smooth the contour", ("Shift+G",), "waves"),
    Act("copy_next", "Copy the contour to the next frame", ("Ctrl+D",), "copy-plus"),
    Act("not_traceable", "Not traceable", ("O",), "ban"),
    Act("propagate", "Propagate the corrections", ("Ctrl+E",), "fast-forward"),
    Act("accept_until", "Accept up to this frame", ("Shift+Return", "Shift+Enter")),
    Act("next_doubt", "Go to the least certain arc", ("N",), "crosshair"),
    Act("undo", "Undo", ("Ctrl+Z",), "undo-2"),
    Act("redo", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "redo-2"),
    Act("hide", "Hide contour", ("H",), "eye", True),
    Act("flicker", "Flicker: prediction or correction", ("/",), "", True),
    Act("picture", "Gain, contrast, colours, overlay", ("G",), "sliders-horizontal", True),
    Act("side_by_side", "ED and ES side by side", ("Ctrl+B",), "columns-2", True),
    Act("views_beside", "Views side by side", ("Ctrl+Shift+B",), "", True),
    Act("weights_beside", "Weights side by side", ("Ctrl+Alt+B",), "", True),
    Act("invert", "Invert the picture", ("I",)),
    Act("contrast", "Reset the picture", ("Ctrl+0",), "contrast"),
    Act("fit", "Fit picture", ("F",), "maximize"),
    Act("zoom_in", "Zoom in", ("Ctrl++", "Ctrl+=")),
    Act("zoom_out", "Zoom out", ("Ctrl+-",)),
    Act("predict", "Predict again", ("Ctrl+P",), "sparkles"),
    Act("finish", "Finish drawing, accept", ("Return", "Enter")),
    Act("cancel", "Cancel, reject, close", ("Esc",)),
    Act("next_zone", "Next zone", ("F6",)),
    Act("theme", "Light theme", (), "", True),
    Act("keys", "Keys", ("F1", "?"), "circle-help"),
    Act("quit", "Quit", ("Ctrl+Q",)),
)

# What F1 shows together, in an order that fills three columns evenly; what is in no group is about correcting.
_GROUPS = {
    "Play": ("play", "back", "forward", "back_five", "forward_five", "first", "last", "beat_back", "beat_on",
             "back_human", "forward_human", "slower", "faster", "loop", "loop_over", "every_frame"),
    "Review": ("approve", "reject_frame", "second_frame", "approve_cine", "reject_cine", "second_cine",
               "next_unreviewed", "take_first", "take_second", "comment", "issue_1", "issue_2", "issue_3", "issue_4",
               "issue_5", "issue_6"),
    "Correct": (),
    "Picture": ("picture", "invert", "contrast", "fit", "zoom_in", "zoom_out", "hide", "flicker"),
    "Measure": ("to_ed", "to_es", "caliper", "caliper_area", "mmode", "calibrate"),
    "Window": ("open", "open_folder", "export", "import", "agreement", "predict", "side_by_side", "views_beside",
               "weights_beside", "cancel", "next_zone", "keys", "quit"),
}  # fmt: skip

_WHY_OFF = "why off"  # property of an action

MOUSE = (
    ("Drag a point", "move it"),
    ("Drag the line", "add a point"),
    ("Alt or Shift+click a point", "delete it"),
    ("Click, move, click", "the same as a drag"),
    ("Ctrl+drag", "move the contour"),
    ("R+wheel", "turn the contour"),
    ("Shift+wheel", "size of nudge and brush"),
    ("Wheel", "frames"),
    ("Ctrl+wheel", "zoom"),
    ("Middle or Space+drag", "pan"),
    ("Right-drag", "contrast"),
    ("Timeline: Shift+drag", "mark a range"),
    ("Timeline: Ctrl+wheel", "zoom in time"),
)


def make_actions(window: QWidget, does: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """QActions for all of ACTS, on the window, so that their keys work everywhere in it.

    Raises:
        KeyError: an act has nothing to do.
    """
    made: dict[str, QAction] = {}
    for act in ACTS:
        action = QAction(act.text, window)
        action.setShortcuts([QKeySequence(key) for key in act.keys])
        action.setCheckable(act.checkable)
        if act.picture:
            put_icon(action, act.picture)
        say_key(action)
        action.triggered.connect(lambda _=False, name=act.name: does[name]())
        does[act.name]  # a missing one fails here, not when its key is pressed
        window.addAction(action)
        made[act.name] = action
    return made


def shown(key: QKeySequence | str) -> str:
    """A key as a person on this system reads it; both Enter keys of a keyboard are one to whoever does."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", "Enter")


def key_of(action: QAction) -> str:
    """Its first key, "" where it has none."""
    return shown(action.shortcut())


def with_key(words: str, action: QAction) -> str:
    """Words of what an action does, and its key where it has one."""
    key = key_of(action)
    return f"{words} ({key})" if key else words


def say_key(action: QAction) -> None:
    """Its tooltip names the key, or why it is switched off."""
    action.setToolTip(action.property(_WHY_OFF) or with_key(action.text(), action))


def switch(action: QAction, reason: str) -> None:
    """Off where there is a reason, which is its tooltip then; else on."""
    action.setProperty(_WHY_OFF, reason)
    action.setEnabled(not reason)
    say_key(action)


def groups() -> dict[str, list[str]]:
    """Names of all actions that have keys, by the group under which F1 shows them."""
    known = {name for names in _GROUPS.values() for name in names}
    rest = [act.name for act in ACTS if act.keys and act.name not in known]
    return {title: list(names) or rest for title, names in _GROUPS.items()}
