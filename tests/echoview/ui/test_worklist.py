"""The study list in a real window: filled in the background, filtered, walked by keys and clicks, remembered."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QImage, QKeyEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter, QWidget

from echoview import settings
from echoview.app import registry, sample_path
from echoview.domain.contour import draw
from echoview.domain.study import CineFile, Status
from echoview.domain.view import View
from echoview.reviewing import Reviewing
from echoview.services.inference import Inference
from echoview.services.jobs import Jobs
from echoview.session import Session
from echoview.store import try_library
from echoview.ui import theme
from echoview.ui.worklist import Worklist
from echoview.ui.worklist_delegate import PICTURE, draw_mark
from echoview.ui.worklist_model import Heading, WorklistModel
from echoview.workflow import Workflow
from ral.formats import write_nifti


def test_two_of_one_name_in_a_study_get_numbers_and_keep_them() -> None:
    model = WorklistModel()
    cines = [
        CineFile("/a/IM1", "Series 2, no. 14", "s", 1, 1, date="2020-01-31", view=View.A4C),
        CineFile("/b/IM1", "Series 2, no. 14", "s", 1, 1), CineFile("/c/IM1", "Series 2, no. 14", "other", 1, 1),
    ]  # fmt: skip
    model.add(cines[:2])
    model.add(cines)  # once more, as a list that is looked through anew
    names = {path: row.listed.name for path, row in model.rows.items()}
    assert names == {"/a/IM1": "Series 2, no. 14", "/b/IM1": "Series 2, no. 14 (2)", "/c/IM1": "Series 2, no. 14"}
    assert model.names["/a/IM1"] == "2020-01-31, A4C, Series 2, no. 14"
    assert "IM1" in model.rows["/a/IM1"].text, "the file's name is found too"
    model.clear()
    model.add(cines[1:2])
    assert model.rows["/b/IM1"].listed.name == "Series 2, no. 14"


class Desk:
    """A worklist in a splitter, on a real workflow without weights: opening needs no network here."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.jobs = Jobs()
        library, _ = try_library("")
        self.workflow = Workflow(Session(), self.jobs, registry(), library, settings.load())
        self.refused: list[str] = []
        self.workflow.refused.connect(lambda error: self.refused.append(str(error)))
        self.zones = QSplitter(Qt.Orientation.Horizontal)
        self.list = Worklist(self.workflow, Reviewing(self.workflow), sample_path())
        self.zones.addWidget(self.list)
        self.zones.addWidget(QWidget())
        self.zones.setStretchFactor(1, 1)
        self.zones.resize(1000, 700)
        self.zones.show()
        qtbot.waitExposed(self.zones)

    def settle(self) -> None:
        QTest.qWait(120)
        self.qtbot.waitUntil(lambda: self.jobs.idle, timeout=30_000)
        QTest.qWait(20)

    def names(self) -> list[str]:
        return [row.listed.name for row in self.list.model.shown()]

    def row(self, name: str):
        return next(row for row in self.list.model.rows.values() if row.listed.name == name)

    def close(self) -> None:
        self.workflow.remember(**self.list.kept())
        self.zones.close()
        self.jobs.shut_down()


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    desk.close()


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two studies: three moving squares, the real sample, and a file whose first frame is gone."""
    rng = np.random.default_rng(3)
    home = tmp_path / "archive"
    for study, names in (("anna", ("IM_10_A2C", "IM_2_A4C")), ("bert", ("IM_1",))):
        (home / study).mkdir(parents=True)
        for name in names:
            frames = rng.integers(0, 40, (3, 60, 80)).astype(np.uint8)
            frames[:, 10:50, 20:60] += 150
            write_nifti(home / study / f"{name}.nii.gz", frames, (0.4, 0.4))
    sample = sample_path()
    assert sample is not None
    shutil.copy(sample, home / "bert" / "real.dcm")
    body = bytearray(sample.read_bytes())
    at = body.index(b"\xff\xd8")
    body[at : at + 4000] = bytes(4000)  # the header is sound, the first frame is not
    (home / "bert" / "cut.dcm").write_bytes(body)
    return home


def opened(desk: Desk, folder: Path) -> Desk:
    desk.workflow.open(folder)
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 5 and all(row.looked for row in rows_of(desk)), timeout=60_000)
    desk.settle()
    return desk


def rows_of(desk: Desk) -> list:
    return list(desk.list.model.rows.values())


def test_a_folder_is_listed_by_study_and_filled(desk, folder):
    opened(desk, folder)
    assert desk.names() == ["IM_2_A4C.nii.gz", "IM_10_A2C.nii.gz", "cut.dcm", "real.dcm", "IM_1.nii.gz"]
    headings = [desk.list.model.item(i) for i in range(desk.list.model.rowCount())]
    named = [(h.name, h.cines) for h in headings if isinstance(h, Heading)]
    header = pydicom.dcmread(folder / "bert" / "real.dcm", stop_before_pixels=True)
    assert (named[0], named[2]) == (("anna", 2), ("bert", 1))
    assert str(header.PatientID) in named[1][0] and named[1][1] == 2, "two files of one study, as their headers say"
    assert desk.workflow.session.path == str(folder / "anna" / "IM_10_A2C.nii.gz"), "the first that was found"
    assert desk.row("real.dcm").frames == 30
    assert desk.row("IM_10_A2C.nii.gz").view.value == "A2C"
    assert desk.row("cut.dcm").trouble
    assert desk.list.model.picture(desk.row("IM_1.nii.gz").listed.path) is not None
    assert desk.list._state.text() == "5 cines"


def test_after_a_folder_without_cines_the_recent_ones_go_on(desk, folder, tmp_path):
    desk.workflow.open(folder / "anna" / "IM_10_A2C.nii.gz")
    desk.settle()
    (tmp_path / "empty").mkdir()
    desk.workflow.open(tmp_path / "empty")
    desk.settle()
    desk.qtbot.waitUntil(lambda: bool(desk.refused) and desk.names() == ["IM_10_A2C.nii.gz"], timeout=30_000)
    desk.workflow.open(folder / "bert" / "real.dcm")
    desk.qtbot.waitUntil(lambda: "real.dcm" in desk.names(), timeout=30_000)


def test_filter_status_and_order(desk, folder):
    opened(desk, folder)
    bar = desk.list.bar
    QTest.keyClicks(bar._filter, "a2c ANNA")
    assert desk.names() == ["IM_10_A2C.nii.gz"]
    assert desk.list._state.text() == "1 of 5 cines"
    QTest.keyClick(bar._filter, Qt.Key.Key_Escape)
    assert len(desk.names()) == 5
    bar._choose_status("Approved")
    assert desk.names() == []
    pixels = desk.list.list.grab().toImage()
    ground = pixels.pixel(2, 2)
    assert any(pixels.pixel(x, y) != ground for x in range(pixels.width() - 20) for y in range(90)), "it says so"
    bar._choose_status("New")
    assert "cut.dcm" not in desk.names() and len(desk.names()) == 4
    bar._choose_status("Any status")
    QTest.keyClicks(bar._filter, "cannot")
    assert desk.names() == ["cut.dcm"]
    assert desk.row("cut.dcm").text.startswith("cut.dcm, cannot be read, 30 frames\nFrame 1 of cut.dcm")
    bar._filter.clear()
    bar._choose_sort("View")
    assert desk.names()[:2] == ["IM_10_A2C.nii.gz", "IM_2_A4C.nii.gz"]
    bar._choose_sort("Name")
    assert desk.names()[0] == "IM_2_A4C.nii.gz"


def test_keys_walk_past_headings_and_enter_opens(desk, folder):
    opened(desk, folder)
    desk.workflow.open(folder / "anna" / "IM_10_A2C.nii.gz")
    desk.settle()
    listing = desk.list.list
    assert listing.currentIndex().row() == 2
    QTest.keyClick(listing, Qt.Key.Key_Down)
    assert listing.currentIndex().row() == 4, "the heading of the next study is passed"
    QTest.keyClick(listing, Qt.Key.Key_Down)
    QTest.keyClick(listing, Qt.Key.Key_Return)
    desk.settle()
    assert desk.workflow.session.path == desk.row("real.dcm").listed.path
    QTest.keyClick(desk.list.bar._filter, Qt.Key.Key_Down)
    assert desk.zones.focusWidget() is listing


def test_a_click_opens_a_cine_and_folds_a_study(desk, folder):
    opened(desk, folder)
    listing, model = desk.list.list, desk.list.model
    at = listing.visualRect(model.index(model.place(desk.row("IM_10_A2C.nii.gz").listed.path))).center()
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=at)
    desk.settle()
    assert desk.workflow.session.path.endswith("IM_10_A2C.nii.gz")
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 8))
    assert desk.names() == ["cut.dcm", "real.dcm", "IM_1.nii.gz"]
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 8))
    assert len(desk.names()) == 5


def test_next_unreviewed_goes_on_and_around_and_past_what_cannot_be_read(desk, folder):
    opened(desk, folder)
    desk.workflow.open(folder / "bert" / "IM_1.nii.gz")
    desk.settle()
    desk.list.model.say(desk.row("real.dcm").listed.path, Status.APPROVED, None, None, 60.0, 30)
    for name in ("IM_2_A4C.nii.gz", "IM_10_A2C.nii.gz", "IM_1.nii.gz"):
        assert desk.list.next_unreviewed()
        desk.settle()
        assert desk.workflow.session.path.endswith(name)
    for row in desk.list.model.rows.values():
        desk.list.model.say(row.listed.path, Status.APPROVED, None, None, 60.0, 3)
    assert not desk.list.next_unreviewed()


def test_approving_without_ed_and_es_is_refused_in_a_sentence(desk, folder):
    opened(desk, folder)
    assert not desk.list.approve_and_next()
    assert "ED and ES" in desk.refused[-1]


def draw_ed_and_es(desk: Desk) -> None:
    """In the open cine, first its contours and then what they are."""
    for t, size in ((0, 20), (2, 14)):
        contour = draw([(30 - size, 50), (30, 50 - 2 * size), (30 + size, 50)])
        desk.workflow.edit_contour(t, contour, "draw")
    assert desk.list.model.rows[desk.workflow.session.path].status is Status.CORRECTED
    desk.workflow.mark_ed(0)
    desk.workflow.mark_es(2)


def test_the_status_comes_back_with_the_library(qtbot, folder):
    desk = opened(Desk(qtbot), folder)
    desk.workflow.open(folder / "anna" / "IM_2_A4C.nii.gz")
    desk.settle()
    draw_ed_and_es(desk)
    assert desk.row("IM_2_A4C.nii.gz").status is Status.APPROVED
    ef = desk.row("IM_2_A4C.nii.gz").ef_percent
    desk.settle()
    desk.close()
    moved = folder.with_name("moved elsewhere ü")
    folder.rename(moved)
    desk = opened(Desk(qtbot), moved)
    row = desk.row("IM_2_A4C.nii.gz")
    assert row.status is Status.APPROVED, "known by what it is, not by where it lies"
    assert row.ef_percent == pytest.approx(ef, abs=0.5)
    assert not row.here
    desk.close()


def test_a_cine_of_which_only_something_is_said_is_not_new_after_a_restart(qtbot, folder):
    desk = Desk(qtbot)
    desk.workflow.use_active_weights()
    desk.workflow.open(folder / "bert" / "real.dcm")
    desk.qtbot.waitUntil(lambda: desk.jobs.idle and desk.workflow.session.prediction is not None, timeout=120_000)
    desk.workflow.overrule_view(View.A2C)
    ef = desk.workflow.session.measurements.ef_percent
    desk.settle()
    desk.close()
    desk = Desk(qtbot)
    desk.workflow.use_active_weights()
    desk.workflow.studies.list_folder(folder / "bert")
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 3 and all(row.looked for row in rows_of(desk)), timeout=60_000)
    row = desk.row("real.dcm")
    assert (row.status, row.view, row.share, row.here) == (Status.IN_CORRECTION, View.A2C, None, False)
    assert row.ef_percent == pytest.approx(ef)
    desk.close()


def test_another_library_says_anew_how_far_each_cine_is(desk, folder, tmp_path):
    desk.workflow.keeping.use_library(str(tmp_path / "mine.sqlite"))
    opened(desk, folder)
    row = desk.row("IM_2_A4C.nii.gz")
    desk.workflow.open(row.listed.path)
    desk.settle()
    draw_ed_and_es(desk)
    desk.settle()
    desk.workflow.open(folder / "anna" / "IM_10_A2C.nii.gz")
    desk.settle()
    desk.workflow.keeping.use_library(str(tmp_path / "other.sqlite"))
    desk.qtbot.waitUntil(lambda: row.looked and row.status is Status.NEW, timeout=20_000)
    assert (row.ef_percent, row.waits) == (None, True)
    assert desk.list._state.text() == "5 cines"
    desk.workflow.keeping.use_library(str(tmp_path / "mine.sqlite"))
    QTimer.singleShot(2, lambda: time.sleep(0.5))  # what looks at the files is far ahead of the window
    desk.qtbot.waitUntil(lambda: row.looked and row.status is Status.APPROVED, timeout=20_000)
    assert row.ef_percent is not None


def test_the_count_of_what_is_approved_follows_an_approval(desk, folder):
    opened(desk, folder)
    row = desk.row("IM_2_A4C.nii.gz")
    desk.workflow.open(row.listed.path)
    desk.settle()
    draw_ed_and_es(desk)
    assert row.status is Status.APPROVED
    assert desk.list._state.text() == "5 cines, 1 approved"
    desk.workflow.session.undo_stack.undo()
    assert desk.list._state.text() == "5 cines"


def test_recent_cines_and_the_width_are_there_at_the_next_start(qtbot, folder):
    desk = opened(Desk(qtbot), folder)
    desk.zones.setSizes([330, 670])
    desk.workflow.open(folder / "bert" / "real.dcm")
    desk.settle()
    desk.close()
    desk = Desk(qtbot)
    desk.settle()
    assert "real.dcm" in desk.names()
    assert desk.list.bar.source.text().strip() == "Recent"
    assert desk.list.width() == pytest.approx(330, abs=2)
    desk.list.set_folded(True)
    assert desk.list.width() == 38
    desk.close()
    desk = Desk(qtbot)
    desk.settle()
    assert desk.list.folded
    desk.list.set_folded(False)
    QTest.qWait(20)
    assert desk.list.width() == pytest.approx(330, abs=2)
    desk.close()


def test_a_view_is_found_before_any_picture_is_made(desk, folder, monkeypatch):
    monkeypatch.setattr(desk.workflow.studies, "want", lambda seen, rest: None)
    desk.workflow.open(folder)
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 5, timeout=60_000)
    desk.settle()
    assert not any(row.looked for row in rows_of(desk))
    QTest.keyClicks(desk.list.bar._filter, "a2c new")
    assert desk.names() == ["IM_10_A2C.nii.gz"]
    assert desk.row("real.dcm").frames == 30


def test_a_slow_folder_shows_how_far_it_is_and_can_be_stopped(desk, folder, monkeypatch):
    import time

    from echoview.io import listing

    real = listing.look_at
    monkeypatch.setattr(listing, "look_at", lambda path, secret: (time.sleep(0.01), real(path, secret))[1])
    for n in range(400):
        (folder / "anna" / f"A{n:03d}.txt").write_text("no cine")
    desk.workflow.open(folder)
    desk.qtbot.waitUntil(lambda: desk.workflow.studies.seen > 10, timeout=20_000)
    assert not desk.list.model.rows and desk.list.isVisible() and desk.list._stop.isVisible()
    assert desk.list._state.text() == f"0 cines in {desk.workflow.studies.seen} files …"
    QTest.mouseClick(desk.list._stop, Qt.MouseButton.LeftButton)
    desk.settle()
    assert not desk.workflow.studies.listing and desk.workflow.studies.seen < 400
    assert not desk.list.isVisible(), "there is nothing to choose from"


def test_several_dropped_files_are_one_list(desk, folder):
    desk.workflow.open_all([folder / "bert" / "IM_1.nii.gz", folder / "anna" / "IM_2_A4C.nii.gz"])
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 2, timeout=60_000)
    desk.settle()
    assert desk.names() == ["IM_2_A4C.nii.gz", "IM_1.nii.gz"]
    assert desk.workflow.session.path == str(folder / "bert" / "IM_1.nii.gz"), "the first that was dropped"
    assert desk.list.bar.source.text().strip() == "2 files and folders"


def test_a_stopped_listing_keeps_what_it_found(desk, folder):
    desk.workflow.open(folder)
    desk.workflow.studies.cancel_listing()
    desk.settle()
    assert not desk.workflow.studies.listing
    assert not desk.list._stop.isVisible()


def test_the_pictures_of_rows_that_nobody_sees_can_be_stopped_and_come_when_they_are_seen(desk, folder, monkeypatch):
    from echoview.services import study_feed

    real = study_feed.glimpse_of
    monkeypatch.setattr(study_feed, "glimpse_of", lambda *of: (time.sleep(0.02), real(*of))[1])
    for n in range(60):
        shutil.copy(folder / "bert" / "IM_1.nii.gz", folder / "bert" / f"Z{n:02d}.nii.gz")
    desk.workflow.open(folder)
    desk.qtbot.waitUntil(lambda: desk.list._state.text().startswith("Pictures, "), timeout=60_000)
    desk.qtbot.waitUntil(desk.list._stop.isVisible, timeout=5_000)
    QTest.mouseClick(desk.list._stop, Qt.MouseButton.LeftButton)
    assert desk.list._state.text() == "65 cines"
    assert not desk.list._stop.isVisible()
    desk.settle()
    last = desk.row("Z59.nii.gz")
    assert not last.looked
    desk.list.list.scrollToBottom()
    desk.qtbot.waitUntil(lambda: last.looked, timeout=20_000)


def test_an_ef_that_still_grows_is_not_in_the_list(desk, folder):
    desk.workflow.use_active_weights()
    session, path = desk.workflow.session, folder / "bert" / "real.dcm"
    desk.workflow.open(path)
    desk.qtbot.waitUntil(lambda: desk.jobs.idle and session.prediction is not None, timeout=120_000)
    desk.workflow.overrule_view(View.A2C)  # from now on the row is this session's
    row, grown = desk.list.model._said[str(path)], []
    assert row.ef_percent is not None

    def look() -> None:
        desk.list._say()  # as any act of a person meanwhile would make it
        grown.append((session.prediction, row.ef_percent))

    session.prediction_changed.connect(look)
    desk.workflow.predicting.predict()
    desk.qtbot.waitUntil(
        lambda: session.prediction is not None and session.prediction.complete and desk.jobs.idle, timeout=120_000
    )
    early = [ef for prediction, ef in grown if prediction is not None and not prediction.complete]
    assert len(early) > 3
    assert set(early) == {None}
    assert row.ef_percent is not None


def test_the_listed_cines_are_predicted_behind_the_open_one(desk, folder):
    desk.workflow.use_active_weights()
    opened(desk, folder)
    desk.qtbot.waitUntil(lambda: desk.workflow.session.prediction is not None, timeout=60_000)
    real = desk.row("real.dcm").listed.path
    desk.workflow.predicting.in_background([real, desk.row("cut.dcm").listed.path, desk.row("IM_1.nii.gz").listed.path])
    assert desk.list._state.text() == "Predicting, 3 of 5 cines left"
    desk.workflow.open(folder / "anna" / "IM_2_A4C.nii.gz")  # it goes first, and the others begin again
    desk.qtbot.waitUntil(lambda: desk.workflow.ahead.left == 0, timeout=120_000)
    desk.settle()
    row = desk.row("real.dcm")
    assert row.status is Status.PREDICTED
    assert row.frames == 30
    assert 0.3 < row.share <= 1
    assert 20 < row.ef_percent < 90
    assert desk.row("cut.dcm").status is Status.NEW
    assert desk.workflow.session.prediction.complete
    first = desk.workflow.session.weights
    ef = row.ef_percent
    desk.workflow.use(next(one for one in desk.workflow.registry.sets() if one.identity != first.identity))
    assert (row.status, row.ef_percent, row.share) == (Status.NEW, None, None), "other weights, other numbers"
    desk.settle()
    assert row.status is Status.NEW
    desk.workflow.use(first)
    desk.qtbot.waitUntil(lambda: row.status is Status.PREDICTED, timeout=20_000)
    assert row.ef_percent == pytest.approx(ef)
    desk.workflow.open(real)
    opened_now = desk.workflow.session
    desk.qtbot.waitUntil(lambda: opened_now.path == real and opened_now.prediction is not None, timeout=20_000)
    assert row.view is opened_now.prediction.view
    desk.workflow.predicting.in_background([real] * 50)
    QTest.mouseClick(desk.list._stop, Qt.MouseButton.LeftButton)
    assert desk.workflow.ahead.left == 0
    desk.settle()
    assert not desk.list._stop.isVisible()


def test_what_was_predicted_is_there_after_a_restart_without_the_network(qtbot, folder, monkeypatch):
    desk = Desk(qtbot)
    desk.workflow.use_active_weights()
    desk.workflow.open(folder / "bert" / "real.dcm")
    desk.qtbot.waitUntil(lambda: desk.jobs.idle and desk.workflow.session.prediction is not None, timeout=120_000)
    desk.settle()
    before, ef = desk.workflow.session.prediction, desk.workflow.session.measurements.ef_percent
    assert before.complete
    desk.close()

    def never(*_arguments):
        raise AssertionError("predicted twice")

    monkeypatch.setattr(Inference, "predict", never)
    desk = Desk(qtbot)
    desk.workflow.use_active_weights()
    desk.workflow.studies.list_folder(folder / "bert")
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 3 and all(row.looked for row in rows_of(desk)), timeout=60_000)
    row = desk.row("real.dcm")
    assert (row.status, row.here) == (Status.PREDICTED, False)
    assert row.ef_percent == pytest.approx(ef)
    assert row.share == pytest.approx(before.view_probabilities.max())
    assert desk.row("IM_1.nii.gz").status is Status.NEW
    desk.workflow.open(row.listed.path)
    desk.settle()
    after = desk.workflow.session.prediction
    np.testing.assert_array_equal(after.contours, before.contours)
    assert desk.workflow.session.measurements.ef_percent == pytest.approx(ef)
    desk.close()


def test_every_status_has_a_shape_of_its_own(qapp):
    def drawn(status: Status) -> bytes:
        picture = QImage(16, 16, QImage.Format.Format_ARGB32)
        picture.fill(0)
        painter = QPainter(picture)
        draw_mark(painter, QPoint(8, 8).toPointF(), status)
        painter.end()
        shape = picture.convertToFormat(QImage.Format.Format_Alpha8)
        return bytes(shape.constBits())

    assert len({drawn(status) for status in Status}) == len(Status)


def test_the_list_is_light_in_the_light_theme(desk, folder, qapp):
    desk.workflow.open(folder)
    desk.settle()
    desk.list.list.setCurrentIndex(desk.list.model.index(1))
    theme.apply(qapp, theme.LIGHT)
    try:
        QTest.qWait(30)
        shown = desk.list.grab().toImage()
        ratio = shown.devicePixelRatio()
        left = int((PICTURE + 24) * ratio)  # the pictures themselves are dark
        spots = [(x, y) for x in range(left, shown.width(), 3) for y in range(0, shown.height(), 3)]
        dark = [spot for spot in spots if shown.pixelColor(*spot).lightness() < 110]
        assert len(dark) / len(spots) < 0.06, "only words are dark"
    finally:
        theme.apply(qapp, theme.DARK)


def test_files_with_one_uid_have_rows_of_their_own(desk, folder):
    real = folder / "bert" / "real.dcm"
    twin = pydicom.dcmread(real)
    frames = pydicom.encaps.generate_frames(twin.PixelData, number_of_frames=30)
    turned = [*frames][::-1]
    twin.PixelData = pydicom.encaps.encapsulate(turned)
    twin.save_as(folder / "bert" / "twin.dcm")
    desk.workflow.open(real)
    desk.settle()
    draw_ed_and_es(desk)
    desk.settle()
    desk.list._feed.list_folder(folder / "bert")
    desk.qtbot.waitUntil(lambda: len(rows_of(desk)) == 4 and all(row.looked for row in rows_of(desk)), timeout=60_000)
    desk.workflow.studies.read_standings()
    desk.settle()
    assert (desk.row("real.dcm").status, desk.row("twin.dcm").status) == (Status.APPROVED, Status.NEW)
    desk.workflow.open(folder / "bert" / "twin.dcm")
    desk.settle()
    session = desk.workflow.session
    assert session.label.empty
    assert not session.locked
    assert any("same DICOM identifier" in note for note in session.cine.info.notes)
    desk.workflow.overrule_view(View.A2C)
    desk.settle()
    desk.workflow.open(real)
    desk.settle()
    assert session.label.view is None
    assert sorted(session.label.contours) == [0, 2]


def test_after_a_click_home_and_end_are_those_of_the_cine(desk, folder):
    opened(desk, folder)
    listing = desk.list.list

    def taken(key) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        listing.event(event)
        return event.isAccepted()

    for reason, far in ((Qt.FocusReason.TabFocusReason, True), (Qt.FocusReason.MouseFocusReason, False)):
        listing.clearFocus()
        listing.setFocus(reason)
        assert [taken(key) for key in (Qt.Key.Key_Home, Qt.Key.Key_PageDown)] == [far, far]
        assert taken(Qt.Key.Key_Down)
