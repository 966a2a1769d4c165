"""Pictures side by side on the real window: a simulated study in three views, and two sets of weights."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from echoview.domain.cine import Cine
from echoview.measure.phase import Clock
from echoview.ui.layouts import Layout
from echoview.ui.weights_beside import Where
from ral.phantom import simulate
from ral.phantom.write import write_dicom, write_mp4

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
VIEWS = ("A4C", "A2C", "A3C")
FRAMES = {"A4C": 9, "A2C": 8, "A3C": 10}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A study of three DICOM cines of other lengths, which name their R waves and their views."""
    folder = tmp_path_factory.mktemp("patient")
    for number, view in enumerate(VIEWS):
        write_dicom(folder / f"{number}-{view}.dcm", simulate(20, view, FRAMES[view], 128))
    return folder


@pytest.fixture
def one(folder) -> Path:
    return folder / "0-A4C.dcm"


@pytest.fixture
def three(desk, folder):
    """A4C is open, and all of the study is listed."""
    desk.workflow.open(folder)
    desk.until(lambda: len(desk.window.cines.model.rows) == 3 and desk.session.cine is not None)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    desk.window.player.pause()
    return desk


def put_on(desk, layout: Layout):
    desk.window.acts[layout.value].trigger()
    return desk.window.picture.layouts


def all_known(desk, views) -> None:
    desk.until(lambda: all(views.neighbours.get(path).measured is not None for path in views.paths if path))
    desk.settle()


def names(paths) -> list[str]:
    return [Path(path).stem for path in paths]


def decoding_threads(*cines: Cine) -> set[str]:
    """Filled with the names of the threads that decode these cines from now on."""
    found: set[str] = set()
    for cine in cines:
        decode = cine._source.decode

        def spied(t: int, decode=decode):
            found.add(threading.current_thread().name)
            return decode(t)

        cine._source.decode = spied  # type: ignore[method-assign]
        cine._cache.clear()
        cine._held = 0
    return found


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> Path:
    """One picture, as large as those of the study."""
    return write_dicom(tmp_path_factory.mktemp("still") / "still.dcm", simulate(21, "A4C", 1, 128))


def empty(pane) -> bool:
    """Neither pixels nor a contour."""
    return pane.view.frame_item.frame is None and pane.view.contour_item.points is None


def said(pane) -> str:
    """The words over the pane."""
    return "" if pane._words.isHidden() else pane._words.text()


def test_ed_and_es_show_nothing_of_the_cine_before(desk, one, still) -> None:
    desk.open(one)
    pane = put_on(desk, Layout.ED_ES).ed_es
    desk.until(lambda: pane.view.frame_item.frame is not None)
    at_once: list[bool] = []
    desk.session.cine_changed.connect(lambda: at_once.append(empty(pane)))
    desk.open(still)
    assert at_once == [True]
    assert empty(pane)
    assert pane.t is None
    assert said(pane) == "One picture: no ES."
    desk.open(one)
    assert at_once == [True, True]
    np.testing.assert_array_equal(pane.view.frame_item.frame, desk.session.cine.frame(pane.t))
    assert not pane._words.isVisible()


def test_es_stands_beside_as_soon_as_it_is_known_also_while_playing(desk, one) -> None:
    session, player = desk.session, desk.window.player
    pane = put_on(desk, Layout.ED_ES).ed_es
    words: list[str] = []
    shown: list[tuple[bool, bool]] = []

    def look() -> None:
        measured = session.measurements
        if player.playing and (measured is None or measured.es is None):
            words.append(said(pane))
        elif measured is not None and player.playing and not session.prediction.complete:
            shown.append((pane.t in (measured.ed, measured.es), pane._words.isHidden()))

    session.prediction_changed.connect(lambda _: look())
    player.set_speed(0.25)
    desk.workflow.open(one)
    desk.until(lambda: session.prediction is not None and session.prediction.complete)
    assert set(words) <= {"", "Being predicted…"}
    assert "Being predicted…" in words
    assert shown, "it never played while the prediction grew"
    assert set(shown) == {(True, True)}
    assert player.playing
    t = session.measurements.es
    desk.until(lambda: pane.t == t and pane.view.frame_item.frame is session.cine.cached(t))
    assert pane.title.line.whole == f"frame {t + 1} / {len(session.cine)}"


def test_where_es_is_not_known_the_pane_says_how_to_mark_it(desk, one) -> None:
    desk.workflow.remember(blind_share=100)
    desk.workflow.open(one)
    desk.until(lambda: desk.session.cine is not None)
    desk.settle()
    pane = put_on(desk, Layout.ED_ES).ed_es
    assert desk.session.prediction is None
    desk.settle()
    assert said(pane) == "ES is not known. Go to its frame and mark it."
    assert empty(pane)


def test_views_and_weights_beside_show_nothing_of_another_cine(three, still) -> None:
    session = three.session
    layouts = put_on(three, Layout.VIEWS)
    all_known(three, layouts.views)
    three.until(lambda: all(pane.view.frame_item.frame is not None for pane in layouts.views.panes))
    foreign: list[str] = []

    def look() -> None:
        for pane in layouts.views.panes:
            cine = layouts.views.neighbours.get(pane.path).cine if pane.path else None
            own = [] if cine is None else [cine.cached(t) for t in range(len(cine))]
            if pane.view.frame_item.frame is not None and not any(pane.view.frame_item.frame is one for one in own):
                foreign.append(pane.path)

    session.cine_changed.connect(look)
    three.open(layouts.views.paths[0])
    three.open(still)
    assert foreign == []
    assert all(empty(pane) for pane in layouts.views.panes)
    three.open(three.window.cines.model.shown()[0].listed.path)
    pane = put_on(three, Layout.WEIGHTS).weights
    three.until(lambda: pane.view.frame_item.frame is not None)
    at_once: list[tuple[bool, object]] = []
    shown = pane.view
    session.cine_changed.connect(
        lambda: at_once.append((shown.frame_item.frame is session.cine.cached(0), shown.contour_item.points))
    )
    three.open(still)
    assert at_once == [(True, None)]
    pane.show_size(session.cine.size, None)  # of a cine that is not decoded yet
    assert empty(pane)


def test_three_views_stand_at_the_same_phase_of_their_beats(three) -> None:
    window, session = three.window, three.session
    views = put_on(three, Layout.VIEWS).views
    assert sorted(names(views.paths)) == ["1-A2C", "2-A3C"]
    all_known(three, views)
    lead = views.neighbours.open_beats
    assert lead.clock is Clock.R_WAVES
    for t in (0, 3, 6, 8):
        window.player.seek(t)
        three.until(lambda: all(pane.t == pane._wanted for pane in views.panes))
        for pane in views.panes:
            known = views.neighbours.get(pane.path)
            away = abs(known.beats.phases[pane.t] - lead.phases[t]) % 1
            assert min(away, 1 - away) <= 1 / min(FRAMES.values())
            np.testing.assert_array_equal(pane.view.frame_item.frame, known.cine.frame(pane.t))
            np.testing.assert_array_equal(pane.view.contour_item.points, known.prediction.contours[pane.t])
            assert pane.title.line.whole.startswith(f"frame {pane.t + 1} / {len(known.cine)}")
            assert "R waves" in pane.title.line.whole
            assert pane.title.ef.text() == f"EF {known.measured.ef_percent:.0f} %"
    title = window.picture.layouts.title
    assert title.line.whole.startswith(f"frame 9 / {len(session.cine)}")
    rows = {Path(path).stem: row for path, row in window.cines.model.rows.items()}
    assert rows["1-A2C"].ef_percent == pytest.approx(views.neighbours.get(views.paths[0]).measured.ef_percent)


def test_while_it_plays_every_pane_keeps_up_and_nothing_is_decoded_on_the_gui_thread(three) -> None:
    window = three.window
    views = put_on(three, Layout.VIEWS).views
    all_known(three, views)
    cines = [views.neighbours.get(path).cine for path in views.paths]
    threads = decoding_threads(*cines)
    shown: list[set[int]] = [set(), set()]
    window.player.frame_changed.connect(lambda _: [s.add(p.t) for s, p in zip(shown, views.panes, strict=True)])
    window.player.set_speed(0.25)
    window.player.play()
    three.until(lambda: all(len(frames) >= 5 for frames in shown), 60)
    window.player.pause()
    three.until(lambda: all(pane.t == pane._wanted for pane in views.panes))
    assert threads == {"frames"}
    lead = views.neighbours.open_beats
    for pane in views.panes:
        assert pane.t == views.neighbours.get(pane.path).beats.frame_at(lead.phases[window.player.t])


def test_a_click_on_a_pane_opens_its_cine_and_they_change_places(three) -> None:
    window, session = three.window, three.session
    views = put_on(three, Layout.VIEWS).views
    all_known(three, views)
    window.player.seek(6)
    three.until(lambda: all(pane.t == pane._wanted for pane in views.panes))
    said: list[str] = []
    three.workflow.progressed.connect(lambda text, share: said.append(text))
    before = names(views.paths)
    pane = views.panes[1]
    path, t, predicted = pane.path, pane.t, views.neighbours.get(pane.path).prediction
    QTest.mouseClick(pane, LEFT, NONE, pane.rect().center())
    three.until(lambda: session.path == path)
    three.settle()
    assert names([session.path, *views.paths]) == [before[1], before[0], "0-A4C"]
    assert (window.player.t, window.player.playing) == (t, False), "where it stood"
    assert session.prediction is predicted
    assert not any(text.startswith("Predicting") for text in said), "it is known already"
    assert views.neighbours.get(views.paths[1]).prediction.complete
    assert window.picture.layouts.current is Layout.VIEWS


def test_a_correction_is_seen_when_its_cine_stands_beside(three) -> None:
    window, session = three.window, three.session
    made = session.editable(4)
    three.workflow.edit_contour(4, made.pulled(10, *(made.handles[10] + (5, 0))), "move point")
    three.settle()
    corrected, ef = session.path, session.measurements.ef_percent
    three.open(next(path for path in window.cines.model.rows if "A2C" in path))
    views = put_on(three, Layout.VIEWS).views
    all_known(three, views)
    pane = views.panes[views.paths.index(corrected)]
    beats = views.neighbours.get(corrected).beats
    assert views.neighbours.get(corrected).measured.ef_percent == pytest.approx(ef, abs=0.01)
    lead = views.neighbours.open_beats.phases
    window.player.seek(int(np.abs((lead - beats.phases[4] + 0.5) % 1 - 0.5).argmin()))
    three.until(lambda: pane.t == pane._wanted)
    window.player.seek(next(t for t in range(len(session.cine)) if beats.frame_at(lead[t]) == 4))
    three.until(lambda: pane.t == 4)
    np.testing.assert_allclose(pane.view.contour_item.points[0], made.handles[0], atol=0.01)
    assert not pane.view.contour_item._dashes, "a person's line is solid"


def test_the_menu_of_a_pane_changes_its_cine_and_closes_it(three) -> None:
    views = put_on(three, Layout.VIEWS).views
    first, second = views.panes

    def choose(pane, words: str) -> None:
        menu = pane.title.name.menu()
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if words in action.text()).trigger()

    one, two = names(views.paths)
    choose(first, two)
    assert names(views.paths) == [two, one], "they changed places"
    choose(second, "Close")
    assert names(views.paths) == [two, ""]
    assert (first.isVisible(), second.isVisible()) == (True, False)
    choose(first, "one more")
    assert names(views.paths) == [two, one]
    three.settle()
    put_on(three, Layout.VIEWS)
    assert not views.isVisible()
    assert views.neighbours._known == {}, "let go of"


def test_without_r_waves_ed_and_es_are_the_clock_and_the_window_says_so(desk, tmp_path) -> None:
    for number, view in enumerate(VIEWS[:2]):
        write_mp4(tmp_path / f"{number}.mp4", simulate(20 + number, view, 24, 128))
    desk.workflow.open(tmp_path)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    desk.window.player.pause()
    views = put_on(desk, Layout.VIEWS).views
    desk.until(lambda: bool(views.paths[0]))
    all_known(desk, views)
    known = views.neighbours.get(views.paths[0])
    by = views.neighbours.open_beats.clock.value
    assert by in desk.window.picture.layouts.title.line.whole
    desk.workflow.mark_ed(3)
    desk.workflow.mark_es(11)
    assert views.neighbours.open_beats.clock is Clock.ED_ES
    desk.window.player.seek(3)
    assert "0 % of the beat by ED and ES" in desk.window.picture.layouts.title.line.whole
    if known.beats.clock is Clock.ED_ES:
        assert known.beats.frame_at(views.neighbours.open_beats.phases[3]) == known.measured.ed


def test_single_pictures_beside_each_other_are_told_apart(desk, tmp_path) -> None:
    files = ("a_4CH_ED.dcm", "a_2CH_ED.dcm", "a_2CH_ES.dcm", "IM0001", "IM0002")
    for seed, name in enumerate(files):
        picture = simulate(20, "A4C" if "4CH" in name else "A2C" if "2CH" in name else "A3C", 1, 96 + 4 * seed)
        write_dicom(tmp_path / name, picture)
    desk.workflow.open(tmp_path)
    model = desk.window.cines.model
    desk.until(lambda: len(model.rows) == len(files) and desk.session.cine is not None)
    desk.settle()
    desk.open(next(path for path in model.rows if "4CH_ED" in path))
    layouts = put_on(desk, Layout.VIEWS)
    views = layouts.views
    desk.until(lambda: len(names(views.paths)) == 2 and names(views.paths)[0] == "a_2CH_ED")
    all_known(desk, views)
    assert layouts.title.line.whole == "ED  ·  a single frame"
    assert [pane.title.line.whole for pane in views.panes] == [
        "ED  ·  a single frame",
        f"{model.rows[views.paths[1]].listed.name}  ·  a single frame",
    ]
    views.choose(views.panes[1], next(path for path in model.rows if "2CH_ES" in path))
    all_known(desk, views)
    assert [pane.title.name.text().split()[0] for pane in views.panes] == ["A2C", "A2C"]
    assert [pane.title.line.whole[:2] for pane in views.panes] == ["ED", "ES"]


def test_a_cine_without_others_says_what_to_do(desk, sample) -> None:
    desk.open_known(sample)
    views = put_on(desk, Layout.VIEWS).views
    assert "Open its folder" in views.panes[0]._words.text()


def test_another_set_of_weights_predicts_beside_and_over_and_nothing_is_saved(desk, one) -> None:
    desk.open(one)
    session, window = desk.session, desk.window
    layouts = put_on(desk, Layout.WEIGHTS)
    pane, other = layouts.weights, layouts.weights.other
    assert other.weights.identity != session.weights.identity
    desk.until(lambda: other.measured is not None)
    desk.settle()
    assert other.prediction.weights_identity == other.weights.identity
    assert session.prediction.weights_identity == session.weights.identity
    window.player.seek(5)
    desk.until(lambda: session.cine.cached(5) is not None)
    np.testing.assert_array_equal(pane.view.contour_item.points, other.prediction.contours[5])
    np.testing.assert_array_equal(window.view.contour_item.points, session.prediction.contours[5])
    change = other.measured.ef_percent - session.predicted.ef_percent
    assert other.difference == pytest.approx(change)
    assert f"EF {other.measured.ef_percent:.0f} %" in pane.title.ef.text()
    assert f"EF {session.predicted.ef_percent:.0f} %" in layouts.title.ef.text()
    np.testing.assert_array_equal(window.transport.timeline._other, other.measured.area_px2)
    pane.put(Where.OVER)
    assert not pane.isVisible()
    assert pane.line.isVisible()
    np.testing.assert_array_equal(pane.line.points, other.prediction.contours[5])
    window.acts["hide"].trigger()
    assert not pane.line.isVisible()
    window.acts["hide"].trigger()
    desk.workflow.mark_ed(session.measurements.ed)
    desk.workflow.mark_es(7)
    desk.until(lambda: other.measured.es == 7)
    found = other.prediction
    put_on(desk, Layout.WEIGHTS)
    assert window.transport.timeline._other is None
    put_on(desk, Layout.WEIGHTS)
    assert other.prediction is found, "kept while the cine is open"
    desk.settle()
    assert not session.label.contours
    assert session.weights.identity == desk.workflow.registry.active().identity


def test_the_other_prediction_is_cancelled_and_begun_again_and_gives_way(desk, one) -> None:
    desk.open(one)
    layouts = put_on(desk, Layout.WEIGHTS)
    pane, other = layouts.weights, layouts.weights.other
    desk.until(lambda: other.prediction is not None and other.prediction.done >= 2)
    pane.progress.cancelled.emit()
    assert other.prediction is None
    desk.settle()
    assert other.measured is None
    assert "cancelled" in pane.title.line.whole
    pane.choose(other.weights)
    desk.until(lambda: other.prediction is not None and other.prediction.done >= 2)
    desk.workflow.predicting.predict()
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    assert other.measured is None, "the open cine's own goes first"
    desk.until(lambda: other.measured is not None)
    assert other.prediction.complete


def test_one_layout_at_a_time(desk, one) -> None:
    desk.open(one)
    layouts = put_on(desk, Layout.ED_ES)
    assert layouts.ed_es.isVisible()
    put_on(desk, Layout.WEIGHTS)
    assert (layouts.ed_es.isVisible(), layouts.weights.isVisible()) == (False, True)
    checked = [name for name in (one.value for one in Layout) if desk.window.acts[name].isChecked()]
    assert checked == ["weights_beside"]
    QTest.keyClick(desk.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert layouts.current is Layout.VIEWS
    put_on(desk, Layout.VIEWS)
    assert not layouts.title.isVisible()
    desk.until(lambda: desk.window.view.mapTo(layouts, QPoint(0, 0)) == QPoint(0, 0))


def test_cines_that_are_traced_blind_show_nothing_of_the_network_beside_each_other(desk, folder) -> None:
    desk.workflow.remember(blind_share=100)
    desk.workflow.open(folder)
    desk.until(lambda: len(desk.window.cines.model.rows) == 3 and desk.session.cine is not None)
    desk.settle()
    assert desk.session.blind
    views = put_on(desk, Layout.VIEWS).views
    desk.until(lambda: all(views.neighbours.get(path).trouble for path in views.paths if path))
    desk.settle()
    known = [views.neighbours.get(path) for path in views.paths]
    assert [(one.hidden, one.prediction, one.measured) for one in known] == [(True, None, None)] * 2
    assert desk.session.prediction is None
    assert all(row.ef_percent is None for row in desk.window.cines.model.rows.values())
