"""What goes on between people, files and weights: a second reader, a conflict, export and import, fine-tuning."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from drive_steps import answer, click_row, open_cine, quiet, sit_down, tab
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from real_hand import RealHand

from echoview.domain.label import Label
from echoview.domain.review import ReadKind, Role
from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.learning import Stage
from echoview.ui.export_dialog import FORMS, ExportDialog

_FEW_STEPS = 40  # of a training that is to be stopped; the button asks for more


def _study(name: str) -> Path:
    return Path(os.environ["ECHOVIEW_HOME"]) / "Study" / name


def _correct(hand: RealHand, by: float = 6) -> None:
    """ED and ES, a point of each dragged."""
    session, at, player = hand.app.session, hand.in_picture, hand.app.window.player
    hand.ask(hand.app.window.view.setFocus)
    for name in ("ed", "es"):
        hand.ask(lambda name=name: player.seek(getattr(session.measurements, name)))
        x, y = hand.ask(lambda: session.editable(player.t).handles[6])
        hand.drag(at(x, y), at(x - by, y))
    hand.until(lambda: not hand.app.workflow.keeping.saving, "the corrections are not saved", 30)


def second_reader(hand: RealHand) -> None:
    """Sent on by one, read blinded by another, decided by a third; and one who gives the blindness up."""
    window, session = hand.app.window, hand.app.session
    panel, review = window.judging.panel, window.judging.reviewing
    reading, status = (lambda: session.reading.kind), (lambda: review.status)
    cine = _study("A2C.dcm")
    open_cine(hand, cine)
    _correct(hand)
    tab(hand, 1)
    hand.drive("Reject cine", "click", lambda: hand.click(panel.reject_cine), status,
               lambda _, now: now is Status.REJECTED)  # fmt: skip
    hand.drive("Take back", "click", lambda: hand.click(panel.cine.take_back), status,
               lambda _, now: now is not Status.REJECTED, "taken_back")  # fmt: skip
    hand.drive("Second", "click", lambda: hand.click(panel.second_cine), status,
               lambda _, now: now is Status.SECOND_READ, "sent_on")  # fmt: skip
    hand.drive("Another reader", "dialog", lambda: sit_down(hand, "Dr B", "Annotator", "dialog_reader"),
               lambda: (hand.app.workflow.reader.name, reading()),
               lambda _, now: now == ("Dr B", ReadKind.SECOND), "blinded", 30)  # fmt: skip
    hand.drive("Blinded", "seen", lambda: None, lambda: (panel.blinded.isVisible(), len(session.label.contours)),
               lambda _, now: now == (True, 0))  # fmt: skip
    open_cine(hand, cine)
    _correct(hand, 12)
    path = lambda: session.path  # noqa: E731
    act = lambda: (hand.click(hand.in_picture(6, 200)), hand.key("ctrl+Return"))  # noqa: E731
    hand.drive("Submit, on to the next", "Ctrl+Enter", act, path, picture="submitted", patience_s=30)
    quiet(hand)
    _give_up_blindness(hand)
    sit_down(hand, "Dr L", "Lead")
    open_cine(hand, cine)
    _adjudicate(hand)


def _give_up_blindness(hand: RealHand) -> None:
    """A cine that `demo` sends on, and whose second reader looks at the first reading."""
    session, panel = hand.app.session, hand.app.window.judging.panel
    sit_down(hand, "demo", "Lead")
    open_cine(hand, _study("A3C.dcm"))
    _correct(hand)
    hand.drive("Cine to a second reader", "Shift+W", "shift+w", lambda: hand.app.window.judging.reviewing.status,
               lambda _, now: now is Status.SECOND_READ)  # fmt: skip
    hand.until(lambda: hand.app.workflow.jobs.idle, "it is not kept", 30)
    sit_down(hand, "Dr C", "Reviewer")
    hand.until(lambda: session.reading.kind is ReadKind.SECOND, "the second reading does not open", 30)
    hand.drive("Show the first reading", "click", lambda: hand.click(panel.first),
               lambda: (session.reading.kind, len(session.label.contours)),
               lambda _, now: now == (ReadKind.FIRST, 2), "unblinded", 30)  # fmt: skip
    quiet(hand)


def _adjudicate(hand: RealHand) -> None:
    """The lead compares, takes a frame of the other reading, then the whole cine."""
    window, session = hand.app.window, hand.app.session
    decisions, deciding = window.judging.panel.decisions, window.judging.deciding
    hand.drive("Compare with", "list", lambda: hand.choose(decisions.which, "Dr B", "menu_compare"),
               lambda: len(deciding.readings), lambda _, now: now >= 2, "compared", 30)  # fmt: skip
    listing = decisions.readings
    act = lambda: click_row(hand, listing, 0)  # noqa: E731
    hand.ask(lambda: window.player.seek(1))
    hand.drive("A frame of both readings", "click", act, lambda: window.player.t, picture="two_readings")
    theirs = hand.ask(lambda: deciding.readings[0].sides[1].contour.handles)
    same = lambda: bool((session.label.contour(window.player.t).handles == theirs).all())  # noqa: E731
    hand.drive("Take this frame of the other", "click", lambda: hand.click(decisions.sides[1]), same,
               lambda _, now: now, "frame_taken")  # fmt: skip
    status = lambda: window.judging.reviewing.status  # noqa: E731
    hand.drive("Whole cine, the other", "click", lambda: hand.click(decisions.take_other), status,
               lambda _, now: now is Status.APPROVED, "adjudicated")  # fmt: skip
    quiet(hand)


def conflict(hand: RealHand) -> None:
    """What another window has said of the cine meanwhile, decided by key, by button and all at once."""
    window, session, workflow = hand.app.window, hand.app.session, hand.app.workflow
    judging = window.judging
    decisions, waiting = judging.panel.decisions, (lambda: len(judging.deciding.conflicts))
    sit_down(hand, "demo", "Lead")
    open_cine(hand, _study("A4C.dcm"))
    _correct(hand)
    hand.ask(lambda: workflow.overrule_view(View.A4C))
    quiet(hand)

    def another() -> None:
        """Saved by someone who has not seen ours."""
        label = session.label
        moved = {t: one.shifted(9, 4) for t, one in label.contours.items()}
        other = replace(Label(moved), view=View.A2C)
        workflow.library.save(
            session.cine, session.path, Label(), other, base=0,
            annotator="Dr B", app_version="1", weights="", tool="move point", role=Role.REVIEWER.value,
        )  # fmt: skip

    hand.ask(another)
    open_cine(hand, _study("A4C.dcm"))
    tab(hand, 1)
    hand.drive("Conflicts", "seen", lambda: None, waiting, lambda _, now: now == 3, "listed", 20)
    listing = decisions.conflicts
    rows = hand.ask(lambda: [listing.item(n).data(Qt.ItemDataRole.UserRole).key for n in range(listing.count())])
    frame = next(n for n, key in enumerate(rows) if isinstance(key, int))
    hand.ask(lambda: window.player.seek(0))
    act = lambda: click_row(hand, listing, frame)  # noqa: E731
    hand.drive("A conflict", "click", act, lambda: window.player.t, lambda _, now: now == rows[frame], "both")
    hand.drive("Take what is shown", "Ctrl+1", "ctrl+1", waiting, lambda _, now: now == 2, "first_taken")
    view = hand.ask(lambda: next(n for n in range(listing.count()) if _key(listing, n) == "view"))
    click_row(hand, listing, view)
    hand.drive("Take the other", "Ctrl+2", "ctrl+2", lambda: (waiting(), session.view),
               lambda was, now: now[0] == 1 and now[1] is not was[1], "other_taken")  # fmt: skip
    hand.drive("Decision undone", "Ctrl+Z", "ctrl+z", waiting, lambda _, now: now == 2)
    hand.drive("Keep the newest of all", "click", lambda: hand.click(decisions.newest), waiting,
               lambda _, now: now == 0, "decided")  # fmt: skip
    hand.drive("Approve cine, on to the next", "Ctrl+keypad Enter", "ctrl+KP_Enter", lambda: session.path,
               picture="approved", patience_s=30)  # fmt: skip
    quiet(hand)


def _key(listing: QListWidget, number: int) -> object:
    return listing.item(number).data(Qt.ItemDataRole.UserRole).key


def exchange(hand: RealHand) -> None:
    """Exports to their end, with what lies on the disk then; a bundle and a folder into other libraries."""
    out = Path(os.environ["ECHOVIEW_HOME"]) / "out"
    out.mkdir()
    _correct(hand)
    tab(hand, 0)
    for kind, check in (("bundle", _bundle), ("measures", _table), ("overlay", _videos), ("masks", _masks)):
        _export(hand, kind, out, check)
    banner, workflow, session = hand.app.window.banner, hand.app.workflow, hand.app.session
    for number, (name, how) in enumerate((("Import labels", "ctrl+shift+i"), ("Import labels from a folder", "menu"))):
        open_cine(hand, _study("A3C.dcm"))
        hand.ask(lambda number=number: workflow.keeping.use_library(str(out / f"library-{number}.sqlite")))
        quiet(hand)
        if how == "menu":
            act = lambda: (hand.pick(hand.app.window.top_bar.open_button, "Import labels from"),  # noqa: E731
                           answer(hand, out / "echoview-masks"))  # fmt: skip
        else:
            act = lambda how=how: (hand.key(how), answer(hand, out / "labels.zip"))  # noqa: E731
        hand.drive(name, how, act, lambda: banner.text, lambda _, now: "imported" in now, f"imported_{number}", 60)
        quiet(hand)
        came = lambda: len(session.label.contours)  # noqa: E731
        hand.drive("What came of it", "opened", lambda: open_cine(hand, _study("sample.dcm")), came,
                   lambda _, now: now >= 2, f"import_opened_{number}", 60)  # fmt: skip
    hand.ask(lambda: workflow.keeping.use_library(""))
    quiet(hand)


def _export(hand: RealHand, kind: str, out: Path, check: Callable[[Path], str]) -> None:
    """Through both dialogs; the table says what lies on the disk."""
    words, name = FORMS[kind]
    window = hand.app.window
    hand.key("ctrl+shift+e")
    dialog = hand.dialog(lambda one: isinstance(one, ExportDialog))
    hand.choose(dialog.form, words)
    if kind == "bundle":
        hand.drive("With the frames", "click", lambda: hand.click(dialog.frames), dialog.frames.isChecked)
        hand.until(lambda: hand.app.workflow.jobs.idle, "no preview", 30)
        hand.shot("dialog_bundle")
    place = out / name if name else out / f"echoview-{kind}"
    act = lambda: (hand.press("Choose where"), answer(hand, out / name, f"typed_{kind}"))  # noqa: E731
    hand.drive(f"Export {kind}", "dialogs", act, lambda: window.banner.text, lambda _, now: "exported" in now,
               f"exported_{kind}", 120)  # fmt: skip
    hand.drive(f"What the {kind} holds", "on the disk", lambda: None, lambda: check(place), lambda _, now: bool(now))
    quiet(hand)


def _bundle(path: Path) -> str:
    with zipfile.ZipFile(path) as file:
        return "" if file.testzip() else ", ".join(sorted(Path(name).name for name in file.namelist()))


def _table(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    return f"EF {float(line['ef_percent']):.0f} %"


def _videos(folder: Path) -> str:
    import cv2

    (path,) = folder.glob("**/*.mp4")
    video, frames = cv2.VideoCapture(str(path)), 0
    while video.read()[0]:
        frames += 1
    return f"{frames} frames" * (frames > 0)


def _masks(folder: Path) -> str:
    json.loads((folder / "echoview.json").read_text(encoding="utf-8"))
    return f"{len(list(folder.glob('**/*.png')))} PNG, {len(list(folder.glob('**/*.npz')))} NPZ"


def learning(hand: RealHand) -> None:
    """Fine-tuning seen to go on, cancelled; once more and stopped; judged, adopted, rolled back."""
    window, session, learn = hand.app.window, hand.app.session, hand.app.learning
    panel, stage = window.learn_panel, lambda: learn.stage
    _correct(hand)
    tab(hand, 2)
    hand.until(panel.start.isEnabled, "there is nothing to learn from", 20)
    steps = lambda: len(panel._losses)  # noqa: E731
    hand.drive("Fine-tune", "click", lambda: hand.click(panel.start), stage,
               lambda _, now: now is Stage.TRAINING, "begun", 60)  # fmt: skip
    hand.drive("Fine-tune", "goes on", lambda: None, steps, lambda _, now: now >= 3, "goes_on", 900)
    hand.drive("Cancel training", "click", lambda: hand.click(panel.cancel), stage,
               lambda _, now: now is Stage.IDLE, "cancelled", 60)  # fmt: skip
    hand.ask(lambda: learn.start(steps=_FEW_STEPS))
    hand.until(lambda: len(panel._dice) >= 6, "nothing is validated", 900)
    hand.drive("Stop training, a short one", "click", lambda: hand.click(panel.stop), stage,
               lambda _, now: now in (Stage.IDLE, Stage.JUDGING), "stopped", 180)  # fmt: skip
    if hand.ask(stage) is not Stage.JUDGING:
        hand.drive("Nothing gained", "said", lambda: None, panel.state.text, lambda _, now: "did not improve" in now)
        return
    tuned = lambda: session.weights.tuned  # noqa: E731
    hand.drive("Adopt", "click", lambda: hand.click(panel.adopt), tuned, lambda _, now: now, "adopted")
    hand.drive("Roll back", "click", lambda: hand.click(panel.back), tuned, lambda _, now: not now, "rolled_back")
    quiet(hand)
