"""Every control of the window, driven with a real pointer and real keys on an X display; each has to do what it is for.

The program runs with a fresh library, in a window under openbox, on a simulated study of three views and on the sample.
A thread moves the pointer and presses keys with xdotool, so that every event comes the way of a real one; what each did
is read from the program, and a picture of the screen is kept of each state. At the end stand the actions and keys that
no part has driven. The exit code is 1 where a control failed, or where all parts leave one out.

Usage: DISPLAY=:41 python scripts/drive_controls.py [OUT] [--scale 2] [--light] [--only playback picture]
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
         "second_reader", "conflict", "exchange", "learning", "leaving")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=Path("driven"))
    parser.add_argument("--scale", type=int, default=1, help="device pixels a unit; the screen must have the room")
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    faulthandler.enable()
    os.environ |= {"QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": str(chosen.scale)}
    desk = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)  # gives windows the keyboard
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
    from echoview.ui import theme

    application = application_of(["echoview"])
    app = build()
    if chosen.light:
        theme.apply(application, theme.LIGHT)
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
    write_table(chosen.out, hand.table)
    failed = [one for one in hand.table if not one.worked]
    print(f"{len(hand.table)} acts, {len(failed)} failed")
    left_out = never_driven(driven, hand.pressed)
    print("\n".join(left_out))
    return 1 if failed or broken or (left_out and set(chosen.only) == set(PARTS)) else 0


def never_driven(acts: set[str], keys: set[str]) -> list[str]:
    """What stands in the table of actions and no part has set off, or pressed."""
    from PySide6.QtGui import QKeySequence

    from echoview.ui.actions import ACTS

    pressed = {QKeySequence(key) for key in keys}
    left_out = [act.text for act in ACTS if act.name not in acts]
    unpressed = [f"{key} ({act.text})" for act in ACTS for key in act.keys if QKeySequence(key) not in pressed]
    told = {"Actions never set off": left_out, "Keys never pressed": unpressed}
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
    import drives_reading
    import drives_rest
    import drives_together
    import drives_work
    from drive_steps import open_cine

    hand.prefix = f"{name}_"
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
    rooms = (drives_reading, drives_work, drives_rest, drives_together)
    next(getattr(room, name) for room in rooms if hasattr(room, name))(hand)


def write_table(out: Path, table: list[Any]) -> None:
    lines = ["| control | how | effect seen | picture | |", "|---|---|---|---|---|"]
    for one in table:
        cells = (one.control, one.how, one.effect.replace("|", "/"), one.picture, "" if one.worked else "FAILED")
        lines.append("| " + " | ".join(cells) + " |")
    (out / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
