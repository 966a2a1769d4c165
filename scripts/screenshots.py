"""Make the pictures of the README and the guide: the real window, offscreen, on the sample and on simulated cines.

Usage: python scripts/screenshots.py [OUT] [--scale 2]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path


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

    _take_reading_room(app, shot, on_screen)
    _take_weights_beside(app, shot)
    window.inspector.setCurrentIndex(1)
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
