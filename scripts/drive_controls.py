"""Every control of the window, driven with a real pointer and real keys on an X display; each has to do what it is for.

The program runs with a fresh library, in a window under openbox, on a simulated study of three views and on the sample.
A thread moves the pointer and presses keys with xdotool, so that every event comes the way of a real one; what each did
is read from the program, and a picture of the screen is kept of each state. The exit code is 1 where a control failed.

Usage: DISPLAY=:41 python scripts/drive_controls.py [OUT] [--scale 2] [--light] [--only playback picture]
"""

from __future__ import annotations

import argparse
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
         "window_itself")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=Path("driven"))
    parser.add_argument("--scale", type=int, default=1, help="device pixels a unit; the screen must have the room")
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
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
    broken: list[str] = []

    def work() -> None:
        steps = [lambda: prepare(app, hand, home)]
        steps += [lambda name=name: part(app, hand, name) for name in PARTS if name in chosen.only]
        for step in steps:
            try:
                step()
            except Exception:  # the other parts are driven all the same
                broken.append(traceback.format_exc())
                hand.shot("broken")
                hand.let_go()
        hand.ask(application.quit)

    threading.Thread(target=work, daemon=True).start()
    application.exec()
    print("\n".join(broken))
    write_table(chosen.out, hand.table)
    failed = [one for one in hand.table if not one.worked]
    print(f"{len(hand.table)} acts, {len(failed)} failed")
    return 1 if failed or broken else 0


def prepare(app: Any, hand: Any, home: Path) -> None:
    """A study of three views and the sample in one folder, the sample open and predicted."""
    import shutil

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
    open_cine(app, hand, folder / "sample.dcm")
    hand.shot("rest")


def open_cine(app: Any, hand: Any, path: Path) -> None:
    session = app.session
    hand.ask(lambda: app.workflow.open(path))
    whole = lambda: session.path == str(path) and session.prediction is not None and session.prediction.complete  # noqa: E731
    hand.until(whole, "the prediction does not end", 240)
    hand.until(lambda: app.workflow.jobs.idle, "the work does not end", 60)

    def rest() -> None:
        while app.window.banner.isVisible():
            app.window.banner.dismiss()
        app.window.player.pause()
        app.window.activateWindow()
        app.window.view.setFocus()

    hand.ask(rest)


def part(app: Any, hand: Any, name: str) -> None:
    import drives_reading
    import drives_work

    hand.prefix = f"{name}_"
    folder = Path(app.session.path).parent
    if name == "beside":  # views of one heart, in step; their names say which view is which
        from echoview.domain.view import View

        for view in (View.A2C, View.A3C, View.A4C):
            open_cine(app, hand, folder / f"{view.value}.dcm")
            hand.ask(lambda view=view: app.workflow.overrule_view(view))
    elif name == "playback":  # more than a beat
        open_cine(app, hand, folder / "A4C.dcm")
    elif app.session.path != str(folder / "sample.dcm"):
        open_cine(app, hand, folder / "sample.dcm")
    drives = drives_reading if hasattr(drives_reading, name) else drives_work
    getattr(drives, name)(hand)


def write_table(out: Path, table: list[Any]) -> None:
    lines = ["| control | how | effect seen | picture | |", "|---|---|---|---|---|"]
    for one in table:
        cells = (one.control, one.how, one.effect.replace("|", "/"), one.picture, "" if one.worked else "FAILED")
        lines.append("| " + " | ".join(cells) + " |")
    (out / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
