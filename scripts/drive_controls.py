"""Every control of the window, driven with a real pointer and real keys on an X display; each has to do what it is for.

The program runs with a fresh library, in a window under openbox, on a simulated study of three views and on the sample.
A thread moves the pointer and presses keys with xdotool, so that every event comes the way of a real one; what each did
is read from the program, and a picture of the screen is kept of each state. At the end stand the actions, keys and
mouse gestures of the F1 list that no part has driven. The exit code is 1 where a control failed, or where all parts
leave one out. `--keep` writes the table of a whole run into docs/driven; it may lack the part of fine-tuning. The part
about a disk that is pulled out mounts one, which needs root.

Usage: DISPLAY=:41 python scripts/drive_controls.py [OUT] [--scale 2] [--light] [--keep] [--only playback picture]
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

PARTS = ("playback", "timeline", "picture", "measuring", "beside", "correcting", "reviewing", "studies",
         "window_itself", "ways_in", "other_keys", "ways_to_propagate", "findings", "history", "two_weights",
         "second_reader", "conflict", "exchange", "learning", "by_keys", "damaged", "disk_away", "going_on",
         "without_times", "restored_outside", "backups", "second_start", "leaving", "restored_after")  # fmt: skip

# The acts that show what F1 says of the mouse, as (control, how) in the table.
GESTURES = {
    "Drag a point": [("Tool point", "used")],
    "Drag the line": [("Add a point", "drag the line")],
    "Alt or Shift+click a point": [("Point away", "Alt+click"), ("Point away", "Shift+click")],
    "Click, move, click": [("A point", "click, move, click")],
    "Ctrl+drag": [("Whole contour", "Ctrl+drag")],
    "R+wheel": [("Turn the contour", "R+wheel")],
    "Shift+wheel": [("Radius", "Shift+wheel")],
    "Wheel": [("Frames", "wheel")],
    "Ctrl+wheel": [("Zoom", "Ctrl+wheel")],
    "Middle or Space+drag": [("Pan", "middle drag"), ("Pan", "Space+drag")],
    "Right-drag": [("Contrast", "right drag")],
    "Timeline: Shift+drag": [("Range", "Shift+drag")],
    "Timeline: Ctrl+wheel": [("Timeline zoom", "Ctrl+wheel")],
}

# Clicks give windows the keyboard, and Alt with a click is the program's.
_DESK = """<openbox_config xmlns="http://openbox.org/3.4/rc"><mouse><context name="Client">
<mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
</context></mouse></openbox_config>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=Path("driven"))
    parser.add_argument("--scale", type=int, default=1, help="device pixels a unit; the screen must have the room")
    parser.add_argument("--light", action="store_true")
    parser.add_argument(
        "--keep", action="store_true", help="of a whole run, but for learning at most: the table into docs/driven"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    faulthandler.enable()
    os.environ |= {"QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": str(chosen.scale)}
    rules = chosen.out / "openbox.xml"
    rules.write_text(_DESK)
    desk = subprocess.Popen(["openbox", "--config-file", rules], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = 1
    try:
        time.sleep(1)
        with tempfile.TemporaryDirectory() as home:
            os.environ["ECHOVIEW_HOME"] = home
            code = drive(Path(home), chosen)
    finally:
        desk.terminate()
        desk.wait()
    sys.stdout.flush()
    os._exit(code)  # the library is thrown away: nothing is left to be closed


def drive(home: Path, chosen: argparse.Namespace) -> int:
    from pyqtgraph.util.garbage_collector import GarbageCollector
    from real_hand import Asker, RealHand

    from echoview.app import application_of, build

    application = application_of(["echoview"])
    app = build()
    if chosen.light:
        app.window.acts["theme"].trigger()
    app.window.show()
    app.window.setGeometry(30, 40, 1440, 880)
    hand = RealHand(app, Asker(), chosen.out, chosen.scale)
    driven: set[str] = set()
    for name, action in app.window.acts.items():
        action.triggered.connect(lambda _=False, name=name: driven.add(name))
    broken: list[str] = []

    def work() -> None:
        steps = [lambda: prepare(app, hand, home)]
        steps += [lambda name=name: part(app, hand, home, name) for name in PARTS if name in chosen.only]
        for step in steps:
            try:
                step()
            except Exception:  # the other parts are driven all the same
                broken.append(traceback.format_exc())
                hand.shot("broken")
                hand.let_go()
        hand.ask(application.quit)

    threading.Thread(target=work, daemon=True).start()
    collector = GarbageCollector(5.0)  # as in `app.run`: Qt dies of a widget that the thread of the hand frees
    application.exec()
    collector.timer.stop()
    print("\n".join(broken))
    left = [name for name in PARTS if name not in chosen.only]
    whole = set(left) <= {"learning"}  # which takes long and has no keys
    failed = [one for one in hand.table if not one.worked]
    left_out = never_driven(driven, hand.pressed, hand.table)
    ending = [f"{len(hand.table)} acts, {len(failed)} failed, {len(broken)} parts broken off", *left_out]
    ending += [f"Left out: {', '.join(left)}"] if left else []
    print("\n".join(ending))
    title = f"Driven at {100 * chosen.scale} %, {'light' if chosen.light else 'dark'}"
    text = table_of(title, hand.table, ending)
    (chosen.out / "table.md").write_text(text)
    if chosen.keep and whole:
        name = f"{100 * chosen.scale}{'-light' if chosen.light else ''}.md"
        (Path(__file__).parents[1] / "docs" / "driven" / name).write_text(text)
    return 1 if failed or broken or (left_out and whole) else 0


def never_driven(acts: set[str], keys: set[str], table: list[Any]) -> list[str]:
    """What F1 and the menus name and no part has set off, pressed, or done with the mouse."""
    from PySide6.QtGui import QKeySequence

    from echoview.ui.actions import ACTS, MOUSE

    pressed = {QKeySequence(key) for key in keys}
    left_out = [act.text for act in ACTS if act.name not in acts]
    unpressed = [f"{key} ({act.text})" for act in ACTS for key in act.keys if QKeySequence(key) not in pressed]
    done = {(one.control, one.how) for one in table}
    undone = [words for words, _ in MOUSE if not set(GESTURES.get(words, [("", "")])) <= done]
    told = {"Actions never set off": left_out, "Keys never pressed": unpressed, "Gestures never made": undone}
    return [f"{words}: {', '.join(found)}" for words, found in told.items() if found]


def prepare(app: Any, hand: Any, home: Path) -> None:
    """A study of three views and the sample in one folder, the sample open and predicted."""
    import shutil

    from drive_steps import open_cine

    from echoview.app import sample_path
    from ral.phantom import simulate
    from ral.phantom.write import write_dicom

    folder = home / "Study"
    folder.mkdir()
    for view in ("A2C", "A3C", "A4C"):
        write_dicom(folder / f"{view}.dcm", simulate(41, view, 48, 320, beats=2.6, pathology="normal"))
    shutil.copy(sample_path(), folder / "sample.dcm")
    hand.shot("empty")
    hand.ask(lambda: app.workflow.remember(annotator="demo"))
    hand.ask(lambda: app.workflow.open(folder))
    hand.until(lambda: len(app.window.cines.model.shown()) == 4, "the folder is not listed")
    open_cine(hand, folder / "sample.dcm")
    hand.shot("rest")


def part(app: Any, hand: Any, home: Path, name: str) -> None:
    import drives_by_keys
    import drives_later
    import drives_reading
    import drives_rest
    import drives_together
    import drives_trouble
    import drives_work
    from drive_steps import open_cine

    hand.prefix, hand.part = f"{name}_", name
    if name == "restored_after":  # the window is closed
        return drives_trouble.restored_after(hand)
    folder = home / "Study"
    if name == "beside":  # views of one heart, in step; their names say which view is which
        from echoview.domain.view import View

        for view in (View.A2C, View.A3C, View.A4C):
            open_cine(hand, folder / f"{view.value}.dcm")
            hand.ask(lambda view=view: app.workflow.overrule_view(view))
    elif name == "playback":  # more than a beat
        open_cine(hand, folder / "A4C.dcm")
    elif app.session.path != str(folder / "sample.dcm"):
        open_cine(hand, folder / "sample.dcm")
    rooms = (drives_reading, drives_work, drives_rest, drives_together, drives_by_keys, drives_trouble, drives_later)
    next(getattr(room, name) for room in rooms if hasattr(room, name))(hand)


def table_of(title: str, table: list[Any], ending: list[str]) -> str:
    """The acts in a Markdown table, part by part."""
    lines = [f"# {title}", "", *(f"{sentence}." for sentence in ending), ""]
    lines += ["Written by `scripts/drive_controls.py`, which also keeps the pictures. [Other runs](.).", ""]
    for part in dict.fromkeys(one.part for one in table):
        lines += [f"## {part.replace('_', ' ').capitalize()}", "", "| control | how | effect seen | picture | |",
                  "|---|---|---|---|---|"]  # fmt: skip
        for one in (one for one in table if one.part == part):
            cells = (one.control, one.how, one.effect, one.picture, "" if one.worked else "FAILED")
            lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
