"""Make the pictures of the README and the guide: the real window, offscreen, on the sample and on simulated cines.

Usage: python scripts/screenshots.py [OUT] [--scale 2]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from tool_pictures import take_tools


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", default="docs/screenshots")
    parser.add_argument("--scale", default="1")
    chosen = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = chosen.scale
    with tempfile.TemporaryDirectory() as home:
        os.environ["ECHOVIEW_HOME"] = home
        _take(Path(chosen.out))


def _take(out: Path) -> None:
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtTest import QTest

    from echoview.app import application_of, build, sample_path
    from echoview.demo import until
    from echoview.learning import Stage

    application_of(["echoview"])
    app = build()
    window, session, workflow, learning = app.window, app.session, app.workflow, app.learning
    out.mkdir(parents=True, exist_ok=True)
    window.show()
    window.resize(1280, 800)  # the offscreen display is smaller than any that is sold

    def shot(name: str) -> None:
        QTest.qWait(80)
        window.grab().save(str(out / f"{name}.png"))

    def on_screen(x: float, y: float):
        return window.view.mapFromScene(window.view.box.mapViewToScene(QPointF(x, y)))

    shot("empty")
    workflow.open(sample_path())
    until(lambda: session.prediction is not None and session.prediction.done >= 12)
    window.player.pause()
    window.player.seek(9)
    shot("predicting")
    until(lambda: session.prediction.complete and workflow.jobs.idle)
    window.banner.dismiss()
    window.player.pause()
    window.player.seek(session.measurements.ed)
    shot("rest")

    workflow.remember(annotator="demo")
    port, held = window.view.viewport(), 10
    x, y = session.editable(window.player.t).handles[held]
    none = Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(port, on_screen(x, y))
    QTest.mousePress(port, Qt.MouseButton.LeftButton, none, on_screen(x, y))
    for reach in (3, 6, 9):
        QTest.mouseMove(port, on_screen(x + reach, y))
        QTest.qWait(10)
    shot("correcting")
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, none, on_screen(x + 9, y))
    shot("corrected")
    for t in (4, 12):
        contour = session.editable(t)
        workflow.edit_contour(
            t, contour.pulled(held, contour.handles[held, 0] + 7, contour.handles[held, 1]), "move point"
        )
    until(lambda: workflow.jobs.idle)

    take_tools(app, shot, on_screen, out)
    _take_reading_room(app, shot, on_screen)
    _take_weights_beside(app, shot)
    _take_export(app, out)
    window.inspector.setCurrentIndex(window.inspector.count() - 1)
    until(lambda: workflow.jobs.idle)
    shot("learn")
    steps: list[dict] = []
    learning.event_read.connect(lambda event: steps.append(event) if event["event"] == "step" else None)
    learning.start(steps=40)
    until(lambda: len(steps) >= 24)
    shot("training")
    until(lambda: learning.stage in (Stage.IDLE, Stage.JUDGING))
    shot("comparing")
    _take_views_beside(app, shot)
    window.close()
    _take_review(out)


def _take_review(out: Path) -> None:
    """A folder on which three people work: comments, a conflict, a blinded second reading, a decision, agreement."""
    from PySide6.QtTest import QTest

    from echoview.app import build
    from echoview.demo import until
    from echoview.domain.review import Reading, ReadKind
    from echoview.ui.agreement_dialog import AgreementDialog
    from echoview.ui.reader_dialog import ReaderDialog

    with tempfile.TemporaryDirectory() as home:
        os.environ["ECHOVIEW_HOME"] = home
        paths = _six_cines(Path(home))

        def sit(who: str, role: str, path: Path, **known: object):
            app = build(review_only=True)
            app.workflow.remember(annotator=who, role=role, steps_done=("play", "correct", "approve"), **known)
            app.window.show()
            app.window.resize(1280, 800)
            app.window.inspector.setCurrentIndex(1)
            app.workflow.open(paths[0].parent)
            until(lambda: len(app.window.cines.model.rows) == len(paths) and app.workflow.jobs.idle)
            app.workflow.open(path)
            until(lambda: app.session.path == str(path) and app.workflow.jobs.idle)
            app.window.player.pause()
            return app

        def shot(app, name: str) -> None:
            until(lambda: app.workflow.jobs.idle)
            QTest.qWait(80)
            app.window.grab().save(str(out / f"{name}.png"))

        app = sit("Dr A", "reviewer", paths[0])
        app.window.player.seek(2)
        for name in ("issue_1", "reject_frame"):
            app.window.acts[name].trigger()
        app.window.judging.reviewing.comment("Lateral annulus too low, compare with frame 10", 2)
        app.window.player.seek(9)
        app.window.acts["issue_3"].trigger()
        app.window.judging.reviewing.resolve(app.window.judging.reviewing.comments[-1])
        app.window.player.seek(2)
        shot(app, "review")
        app.window.close()

        app = sit("Dr A", "reviewer", paths[1])
        app.window.player.seek(2)
        shot(app, "conflict")
        app.window.close()

        app = sit("Dr B", "annotator", paths[2])
        app.window.player.seek(2)
        shot(app, "second-reader")
        app.window.close()

        app = sit("Dr L", "lead", paths[3])
        app.window.judging.deciding.compare(Reading(ReadKind.SECOND, "Dr B"))
        app.window.player.seek(2)
        shot(app, "adjudication")
        agreement = AgreementDialog(app.window, app.window.judging.comparing())
        for name, dialog in (("agreement", agreement), ("reader", ReaderDialog(app.window, app.workflow))):
            dialog.show()
            until(lambda: app.workflow.jobs.idle)
            QTest.qWait(80)
            dialog.grab().save(str(out / f"{name}.png"))
            dialog.close()
        app.window.close()


def _six_cines(home: Path) -> list[Path]:
    """The sample under six names, with labels of several people; drawn by hand, so that the network is not needed."""
    from pydicom import dcmread
    from pydicom.uid import generate_uid

    from echoview import settings
    from echoview.app import sample_path
    from echoview.domain.calibration import Calibration
    from echoview.domain.contour import draw
    from echoview.domain.label import Label
    from echoview.domain.review import ActKind, Reading, ReadKind, Role
    from echoview.domain.view import View
    from echoview.io import open_cine
    from echoview.store import new_act, seal_of, try_library

    def heart(width: float, top: float, low: float):
        left, right, middle = 163 - width, 163 + width, (top + low) / 2
        return draw([(left, low), (left - 3, middle), (166, top), (right + 3, middle), (right, low)])

    def label(ed: float, es: float) -> Label:
        return Label({2: heart(ed, 66, 124), 9: heart(es, 72, 120)}, ed=2, es=9)

    library, _ = try_library("")
    assert library is not None
    second = Reading(ReadKind.SECOND, "Dr B")
    secret = bytes.fromhex(settings.load().patient_secret)
    folder = home / "Study of Tuesday"
    folder.mkdir()
    paths = [folder / f"A4C_{number}.dcm" for number in range(1, 7)]
    for number, path in enumerate(paths):
        file = dcmread(sample_path())
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        file.save_as(path)
        cine = open_cine(path, patient_secret=secret)

        def save(who: str, what: Label, reading: str = "", cine=cine, path=path) -> None:
            said = {"annotator": who, "app_version": "1", "weights": "", "tool": "draw", "role": "reviewer"}
            library.save(cine, str(path), Label(), what, base=0, reading=reading, **said)

        def say(who: str, kind: ActKind, reading: str = "", seal: str = "", cine=cine, path=path) -> None:
            act = new_act(kind, who, Role.REVIEWER, reading=reading, seal=seal)
            library.say(cine, str(path), act, "1")

        own = label(20 + number, 12 + 1.5 * number)
        if number == 1:
            own = replace(own, view=View.A4C, calibration=Calibration(0.28, 0.28))
        save("Dr A" if number != 2 else "Dr C", own)
        if number == 1:
            save("Dr B", replace(label(16, 11), view=View.A3C, es=10, calibration=Calibration(0.31, 0.31)))
        if number >= 2:
            say("Dr C", ActKind.SECOND_READ)
        if number >= 3:
            save("Dr B", label(19 + 0.8 * number, 9 + 1.9 * number), second.key)
            say("Dr B", ActKind.SUBMIT, second.key)
        if number >= 4:
            say("Dr L", ActKind.APPROVE if number == 4 else ActKind.REJECT, seal=seal_of(own))
    library.close()
    return paths


def _take_reading_room(app, shot, on_screen) -> None:
    """Picture controls, measurements with an M-mode, the keys, and the light theme."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from echoview.demo import until

    window, port = app.window, app.window.view.viewport()
    controls = window.picture.controls

    def click(*points: tuple[float, float]) -> None:
        for point in points:
            QTest.mouseClick(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, on_screen(*point))

    window.acts["picture"].trigger()
    for name in ("fill", "axis", "disks"):
        controls.shown[name].setChecked(True)
    controls.colours.setCurrentIndex(controls.colours.findData("bronze"))
    shot("controls")
    window.acts["picture"].trigger()
    for name in ("fill", "axis", "disks"):
        controls.shown[name].setChecked(False)
    controls.colours.setCurrentIndex(controls.colours.findData("grey"))
    window.acts["caliper"].trigger()
    click((118, 60), (132, 165))
    window.acts["mmode"].trigger()
    click((150, 30), (160, 200))
    window.loops.set_range(6, 20)
    until(lambda: app.workflow.jobs.idle)
    shot("measuring")
    window.picture.mmode.close()
    window.acts["point"].trigger()
    window.loops.set_range(0, 0)
    window.acts["keys"].trigger()
    shot("keys")
    window.acts["keys"].trigger()
    window.acts["theme"].trigger()
    shot("light")
    window.acts["theme"].trigger()


def _take_export(app, out: Path) -> None:
    """What an export asks, with a frame as it would leave."""
    from PySide6.QtTest import QTest

    from echoview.demo import until
    from echoview.ui.export_dialog import ExportDialog

    dialog = ExportDialog(app.window, app.window.exchanging.exchange)
    dialog.form.setCurrentIndex(dialog.form.findData("dicom"))
    dialog.show()
    until(lambda: app.workflow.jobs.idle)
    QTest.qWait(80)
    dialog.grab().save(str(out / "export.png"))
    dialog.close()


def _take_weights_beside(app, shot) -> None:
    """Two sets of weights on the open cine, in one picture."""
    from echoview.demo import until
    from echoview.ui.weights_beside import Where

    window, weights = app.window, app.window.picture.layouts.weights
    window.acts["weights_beside"].trigger()
    until(lambda: weights.other.measured is not None and app.workflow.jobs.idle)
    weights.put(Where.OVER)
    window.player.seek(app.session.measurements.es + 2)  # a frame that nobody corrected
    shot("weights")
    window.acts["weights_beside"].trigger()


def _take_views_beside(app, shot) -> None:
    """A simulated study in three views, in step; the views are said, for the network is not sure of all."""
    from echoview.demo import until
    from echoview.domain.view import View
    from ral.phantom import simulate
    from ral.phantom.write import write_dicom

    window, session, workflow = app.window, app.session, app.workflow
    views = window.picture.layouts.views
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        study.mkdir()
        names = {study / f"{view.value}.dcm": view for view in (View.A3C, View.A2C, View.A4C)}
        for path, view in names.items():
            write_dicom(path, simulate(41, view.value, 40, 320, pathology="normal"))
        window.inspector.setCurrentIndex(0)
        workflow.studies.list_folder(study)
        for path, view in names.items():
            workflow.open(path)
            until(lambda path=path: session.path == str(path) and session.prediction is not None)
            workflow.overrule_view(view)
        until(lambda: session.prediction.complete and workflow.jobs.idle)
        window.player.pause()
        window.acts["views_beside"].trigger()
        until(lambda: all(path and views.neighbours.get(path).measured for path in views.paths) and workflow.jobs.idle)
        window.banner.dismiss()
        window.player.seek(session.measurements.es)
        until(lambda: all(pane.t == pane._wanted for pane in views.panes))
        shot("views")
        window.acts["views_beside"].trigger()


if __name__ == "__main__":
    main()
