"""Other cines of the study beside the open one, each at the same phase of its beat: one clock for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMenu, QSplitter

from echoview.beside import Neighbour, Neighbours
from echoview.domain.study import instant_named
from echoview.domain.view import View
from echoview.measure.phase import Beats
from echoview.session import Session
from echoview.ui.pane import Pane, PaneTitle
from echoview.ui.player import Player
from echoview.ui.top_bar import SURE_OF_VIEW
from echoview.ui.worklist_model import Row, WorklistModel
from echoview.workflow import Workflow

ORDER = (View.A4C, View.A2C, View.A3C)
_SOON_MS = 200


def pick(rows: Iterable[Row], path: str, view: View | None) -> list[str]:
    """Up to two cines to stand beside the open one: of each other view one, then such whose view is not known yet,
    then any; moving before still. Beside a single picture that of the same instant comes first, and a second one of a
    view stands there only rather than nothing."""
    rows = list(rows)
    still = any(row.frames == 1 for row in rows if row.listed.path == path)
    others = [row for row in rows if row.listed.path != path and not row.trouble]
    instant = instant_named(path)
    others.sort(key=lambda row: (row.frames == 1, instant_named(row.listed.path) != instant))
    found = [next((r for r in others if r.view is wanted), None) for wanted in ORDER if wanted is not view]
    unknown = [row for row in others if row.view is None]
    first = [row for row in (*found, *unknown) if row is not None]
    rest = [row for row in others if row.frames != 1] if still and first else others
    return list(dict.fromkeys(row.listed.path for row in (*first, *rest)))[:2]


class ViewsBeside(QSplitter):
    """Two panes that follow the player; a click on one makes its cine the open one, and what was open takes its place.

    Args:
        title: of the main picture.
    """

    def __init__(self, workflow: Workflow, player: Player, title: PaneTitle) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._workflow, self._session, self._player, self._title = workflow, workflow.session, player, title
        self._model: WorklistModel | None = None
        self._begin_at: Callable[[str, int, bool], None] | None = None
        self.neighbours = Neighbours(workflow, self)
        self.panes = [_CinePane(self.neighbours) for _ in range(2)]
        self._by_hand = False  # what stands beside was chosen
        self._open_path = ""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._pick)
        self.setHandleWidth(1)
        for pane in self.panes:
            self.addWidget(pane)
            pane.title.give_menu(partial(self._fill, pane), "Choose another cine of this study")
            pane.pressed.connect(partial(self._open, pane))
        self.hide()
        player.frame_changed.connect(self.refresh)
        player.playing_changed.connect(self.refresh)
        session = self._session
        session.cine_changed.connect(self._another_cine)
        for signal in (session.measured, session.label_changed, session.prediction_changed):
            signal.connect(self.refresh)
        self.neighbours.changed.connect(self._more_known)

    def give(self, model: WorklistModel, begin_at: Callable[[str, int, bool], None]) -> None:
        """The study list, and how to say where a cine begins that is opened from here."""
        self._model, self._begin_at = model, begin_at
        model.dataChanged.connect(lambda *_: self._soon.start())
        model.modelReset.connect(self._soon.start)

    def begin(self) -> None:
        """Cines are picked from the study list by their view."""
        self.show()
        self._by_hand = False
        self._open_path = self._session.path
        self._pick()
        self.refresh()

    def end(self) -> None:
        self.hide()
        self._put(["", ""])

    @property
    def paths(self) -> list[str]:
        """What stands beside the open cine, "" where nothing does."""
        return [pane.path for pane in self.panes]

    def refresh(self, *_: object) -> None:
        """Every pane at the phase of the frame where the player stands."""
        if not self.isVisible():
            return
        cine, t = self._session.cine, self._player.t
        beats = self.neighbours.open_beats
        if cine is None or beats is None or t >= len(beats.phases):
            return
        measured = self._session.measurements
        ef = None if measured is None else measured.ef_percent
        row = None if self._model is None else self._model.rows.get(self._session.path)
        name = _name_of(self._session.path, self._session.name if row is None else row.listed.name)
        self._title.say(_view_words(self._session), ef, _where(beats, t, name))
        for pane in self.panes:
            pane.follow(float(beats.phases[t]), self._player.playing)

    # ---- which cines

    def choose(self, pane: Pane, path: str) -> None:
        """A person wants this cine there; "" closes the pane."""
        self._by_hand = True
        paths = self.paths
        at = self.panes.index(pane)  # type: ignore[arg-type]  # one of ours
        if path and path in paths:  # it stands in the other pane: they change places
            paths[paths.index(path)] = paths[at]
        paths[at] = path
        self._put(paths)

    def _rows(self) -> list[Row]:
        return [] if self._model is None else self._model.siblings(self._session.path)

    def _pick(self) -> None:
        """By view, as long as nobody chose; a pane whose cine fits keeps it."""
        if not self.isVisible():
            return
        rows, view = self._rows(), self._session.view
        views = {row.listed.path: row.view for row in rows}
        shown = [views.get(path) for path in self.paths if path]
        fits = len(shown) == 2 and None not in shown and view not in shown and len(set(shown)) == 2
        if not self._by_hand and not fits:
            found = pick(rows, self._session.path, view)
            self._put([*found, "", ""][:2])
        elif self._session.path in self.paths or not any(self.paths):
            self._put(self.paths)
        self._explain(len(rows))

    def _put(self, paths: list[str]) -> None:
        rows = {row.listed.path: row for row in self._rows()}
        for pane, path in zip(self.panes, paths, strict=True):
            pane.listed = rows.get(path)
            pane.show_path(path)
        self.neighbours.show([path for path in paths if path])
        self.panes[1].setVisible(bool(paths[1]))
        self.panes[0].setVisible(bool(paths[0]) or not paths[1])
        self.refresh()

    def _explain(self, listed: int) -> None:
        if not any(self.paths):
            self.panes[0].title.say("Nothing here", None, "")
            closed = "Choose a cine in the menu above." if listed > 1 else ""
            self.panes[0].explain(closed or "No other cine of this study is listed. Open its folder (Ctrl+Shift+O).")

    def _another_cine(self) -> None:
        """One of these was opened: what was open takes its place. A cine of another study brings its own."""
        path, before = self._session.path, self._open_path
        self._open_path = path
        if not self.isVisible():
            return
        rows = [row.listed.path for row in self._rows()]
        paths = self.paths
        if path in paths and before in rows:
            self._by_hand = True
            paths[paths.index(path)] = before
            self._put(paths)
        elif not self._by_hand or not any(one in rows for one in paths):
            self._by_hand = False
            self._put(["", ""])
            self._pick()
        self.refresh()

    def _open(self, pane: _CinePane) -> None:
        if pane.path and self.neighbours.get(pane.path).cine is not None:
            if self._begin_at is not None:
                self._begin_at(pane.path, max(pane.t, 0), self._player.playing)
            self._workflow.open(pane.path)

    def _fill(self, pane: _CinePane, menu: QMenu) -> None:
        menu.clear()
        for row in self._rows():
            path = row.listed.path
            if path == self._session.path:
                continue
            ef = "" if row.ef_percent is None else f"   EF {row.ef_percent:.0f} %"
            action = menu.addAction(f"{row.view.value if row.view else '?'}   {row.listed.name}{ef}")
            action.setCheckable(True)
            action.setChecked(path == pane.path)
            action.triggered.connect(lambda _=False, p=path: self.choose(pane, p))
        if menu.isEmpty():
            menu.addAction("No other cine of this study is listed").setEnabled(False)
        elif all(self.paths):
            menu.addSeparator()
            menu.addAction("Close this picture").triggered.connect(lambda: self.choose(pane, ""))
        elif pane.path:
            rest = [r.listed.path for r in self._rows() if r.listed.path not in (self._session.path, pane.path)]
            if rest:
                other = next(p for p in self.panes if p is not pane)
                menu.addSeparator()
                menu.addAction("Show one more").triggered.connect(lambda: self.choose(other, rest[0]))

    def _more_known(self, path: str) -> None:
        for pane in self.panes:
            if pane.path == path:
                pane.show_path(path)
        self.refresh()


class _CinePane(Pane):
    """One neighbour."""

    def __init__(self, neighbours: Neighbours) -> None:
        super().__init__("Another cine of the study")
        self._neighbours = neighbours
        self.path = ""
        self.listed: Row | None = None  # in the study list, before the cine is read
        self.t = -1  # of the frame that is shown
        self._wanted, self._phase = -1, 0.0
        self._shown: Neighbour | None = None
        self._cine: object = None  # whose size is set
        self.setToolTip("Click to open this cine")
        neighbours.frame_ready.connect(self._frame_ready)

    def show_path(self, path: str) -> None:
        """This cine, or what is newly known of it."""
        found = self._neighbours.get(path) if path else None
        if path != self.path or found is None:
            self.path, self._wanted = path, -1
        self._shown = found
        cine = None if found is None else found.cine
        if cine is not self._cine:
            self._cine, self._wanted, self.t = cine, -1, -1
            self.show_size(cine.size if cine else None, found.calibration if found else None)
        if found is not None:
            self.explain("" if cine is not None else found.trouble or "Opening")
            if cine is None:
                row = self.listed
                self.title.say(row.view.value if row is not None and row.view else "?", None, self._name)
            elif self.t >= 0:
                self._draw(self.t, lost=cine.lost(self.t))

    @property
    def _name(self) -> str:
        """As the study list calls it."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1] if self.listed is None else self.listed.listed.name

    def follow(self, phase: float, playing: bool) -> None:
        """Show the frame at this phase of the open cine's beat, as soon as it is decoded.

        One that is damaged is passed by while it plays; else a sentence stands in its place.
        """
        found = self._shown
        if found is None or found.cine is None or found.beats is None:
            return
        self._phase, self._wanted = phase, found.beats.frame_at(phase)
        self._neighbours.want(self.path, self._wanted)
        if found.cine.cached(self._wanted) is not None:
            self._draw(self._wanted)
        elif found.cine.lost(self._wanted) and not playing:
            self._draw(self._wanted, lost=True)

    def _frame_ready(self, path: str, t: int) -> None:
        """What comes too late is shown late rather than not at all."""
        if path == self.path and self.t != self._wanted:
            self._draw(t)

    def _draw(self, t: int, lost: bool = False) -> None:
        found = self._shown
        if found is None or found.cine is None or found.beats is None:
            return
        picture = found.cine.cached(t)
        if picture is None and not lost:
            return
        self.t = t
        if picture is None:
            self.view.show_lost(t)
        else:
            self.view.set_frame(picture)
        self.show_contour(None if picture is None else found.contour(t))
        prediction, measured = found.prediction, found.measured
        growing = prediction is not None and not prediction.complete
        more = f"predicting {prediction.done} / {len(found.cine)}" if growing and prediction is not None else ""
        there = t != self._wanted or found.beats.has(self._phase)
        self.title.say(
            _view_words(found),
            None if measured is None else measured.ef_percent,
            found.trouble or _where(found.beats, t, _name_of(self.path, self._name), there),
            more,
        )


def _view_words(of: Session | Neighbour) -> str:
    """The view, with a question mark where the network is not sure."""
    if of.view is None:
        return "View unknown"
    named = of.label.view or (of.cine.info.view_hint if of.cine else None)
    unsure = named is None and of.prediction is not None and of.prediction.view_probabilities.max() < SURE_OF_VIEW
    return of.view.value + (" ?" if unsure else "")


def _name_of(path: str, name: str) -> str:
    """What tells a single picture from others of its view: the instant, where its file says it, else its name."""
    return instant_named(path) or name


def _where(beats: Beats, t: int, still: str, there: bool = True) -> str:
    """Frame, phase, and what the phase comes from; or that there is no frame of the phase that is wanted.

    Args:
        still: which picture it is, where it is a single one.
    """
    if len(beats.phases) == 1:
        return f"{still}  ·  a single frame"
    share = 100 * (float(beats.phases[t]) % 1)
    phase = f"{share:.0f} % of the beat by {beats.clock.value}" if there else "ends before this phase"
    return f"frame {t + 1} / {len(beats.phases)}  ·  {phase}"
