"""The study list beside the picture: which cines there are, how far each is, which is next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout

from echoview.domain.study import CineFile, Status
from echoview.errors import EchoViewError
from echoview.reviewing import Reviewing
from echoview.ui.theme import put_icon
from echoview.ui.widgets import quiet
from echoview.ui.worklist_bar import WorklistBar
from echoview.ui.worklist_list import WorklistList
from echoview.ui.worklist_model import Row, WorklistModel
from echoview.ui.worklist_zone import FoldingZone
from echoview.workflow import Workflow

if TYPE_CHECKING:
    from echoview.services.ahead import Told

_RECENT = "Recent"


class Worklist(FoldingZone):
    """Shows what the feed finds, opens what a person chooses; hidden while there is nothing to list.

    Args:
        reviewing: judges the open cine.
        sample: a path that is not listed among the recent ones, or None.
    """

    def __init__(self, workflow: Workflow, reviewing: Reviewing, sample: Path | None = None) -> None:
        super().__init__("Study list", workflow.settings.worklist_width)
        self._reviewing = reviewing
        self._workflow, self._session, self._feed = workflow, workflow.session, workflow.studies
        self._ahead = workflow.ahead
        self._sample = "" if sample is None else str(sample)
        self.model = WorklistModel()
        self.list = WorklistList(self.model)
        self.setFocusProxy(self.list)
        self.bar = WorklistBar()
        self._state = quiet("", wrap=False)
        self._stop = QToolButton()
        put_icon(self._stop, "x", "quiet", 14)
        self._stop.setToolTip("Stop")
        self._stop.setAccessibleName("Stop")
        self.next_button = QPushButton("Next unreviewed")
        self.next_button.setToolTip("Open the next cine that waits for you (Shift+N)")
        self._title, self._fresh = _RECENT, True
        self._former = _RECENT  # the title of what is listed while nothing was found yet
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.timeout.connect(self._arrange)
        self._lay_out()
        self._connect()
        self._show_state()
        self.hide()
        QTimer.singleShot(0, self._list_recent)
        if not workflow.settings.worklist_shown:
            self.set_folded(True)

    # ---- building

    def _lay_out(self) -> None:
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 4, 4)
        under.addWidget(self._state, 1)
        under.addWidget(self._stop)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 8, 8, 8)
        foot.addWidget(self.next_button)
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.bar)
        body.addLayout(under)
        body.addWidget(self.list, 1)
        body.addLayout(foot)

    def _connect(self) -> None:
        feed, session = self._feed, self._session
        feed.started.connect(self._started)
        feed.found.connect(self._found)
        feed.went_on.connect(self._show_state)
        feed.ended.connect(self._ended)
        feed.filled.connect(self._filled)
        session.cine_changed.connect(self._cine_changed)
        session.weights_changed.connect(self._forget_predictions)
        self._workflow.keeping.library_changed.connect(self._another_library)
        self._reviewing.changed.connect(self._say)
        self.list.chosen.connect(self._choose)
        self.list.seen_changed.connect(self._want)
        self._stop.clicked.connect(self._stop_work)
        self._ahead.told.connect(self._told)
        self._ahead.moved_on.connect(self._show_state)
        self.next_button.clicked.connect(self.next_unreviewed)
        self.bar.fold_wanted.connect(lambda: self.set_folded(True))
        self.bar.changed.connect(self._refine)
        self.bar.left_down.connect(self._into_list)
        self.bar.source.setMenu(QMenu(self.bar.source))
        self.bar.source.menu().aboutToShow.connect(self._fill_sources)

    # ---- where the cines come from

    def _list_recent(self) -> None:
        recent = tuple(path for path in self._workflow.settings.recent if path != self._sample)
        if recent and not self.model.rows and not self._feed.listing:
            self._feed.list_recent(recent)

    def _fill_sources(self) -> None:
        menu = self.bar.source.menu()
        menu.clear()
        recent = [path for path in self._workflow.settings.recent if path != self._sample]
        menu.addAction("Recent cines").triggered.connect(lambda: self._feed.list_recent(tuple(recent)))
        folders = list(dict.fromkeys(str(Path(path).parent) for path in recent))[:8]
        if folders:
            menu.addSeparator()
        for folder in folders:
            action = menu.addAction(Path(folder).name or folder)
            action.setToolTip(folder)
            action.triggered.connect(lambda _=False, f=folder: self._workflow.open(f))
        menu.addSeparator()
        todo = [row.listed.path for row in self.model.shown() if row.status is Status.NEW and not row.trouble]
        why_not = "review only" if self._workflow.review_only else "" if todo else "nothing listed is new"
        predict = menu.addAction(f"Predict all: {why_not}" if why_not else f"Predict all {len(todo)} new")
        predict.setEnabled(not why_not)
        predict.triggered.connect(lambda: self._workflow.predicting.in_background(todo))

    def _started(self, title: str) -> None:
        if not self._fresh:
            self._former = self._title
        self._title, self._fresh = title or _RECENT, True
        if not self.model.rows:
            self.bar.source.setText(self._title)
        self.setVisible(bool(title or self.model.rows))  # where cines are sought, the count and the cross are at hand
        self._show_state()

    def _found(self, found: list[CineFile]) -> None:
        if self._fresh:
            self._fresh = False
            self.model.clear()
            self.bar.source.setText(f" {self._title}")
        self.model.add(found)
        self.setVisible(bool(self.model.rows))
        self._arrange_soon()
        self._show_state()

    def _ended(self, _error: EchoViewError | None) -> None:
        if self._fresh:  # nothing was found: what was listed before still is
            self._title, self._fresh = self._former, False
        self.setVisible(bool(self.model.rows))
        self._arrange()
        self._show_state()

    # ---- what is shown

    def _arrange_soon(self) -> None:
        """A long list is put in order less often: the window stays at hand."""
        if not self._due.isActive():
            self._due.start(min(50 + len(self.model.rows) // 10, 1000))

    def _arrange(self) -> None:
        self._due.stop()
        self.list.around_reset(self.model.arrange)

    def _filled(self, filled: list) -> None:
        if self.model.fill(filled, self._session.path):
            self._arrange_soon()
        self._show_state()

    def _refine(self) -> None:
        self.model.text, self.model.status, self.model.order = self.bar.text, self.bar.status, self.bar.sort
        self._arrange()
        self._show_state()

    def _want(self) -> None:
        """Pictures for what is seen, then a page around it, then the others."""
        if not self.isVisible():
            return
        near = [self.model.item(at) for at in (*self.list.seen(), *self.list.seen(1.0))]
        rows = dict.fromkeys(item.listed.path for item in near if isinstance(item, Row))
        seen = [self.model.rows[path].listed for path in rows if not self._has(path)]
        rest = [row.listed for row in self.model.rows.values() if not row.looked and row.listed.path not in rows]
        self._feed.want(seen, rest)

    def _has(self, path: str) -> bool:
        row = self.model.rows[path]
        return row.looked and (self.model.picture(path) is not None or bool(row.trouble))

    def _show_state(self) -> None:
        rows, shown = len(self.model.rows), len(self.model.shown())
        listing = self._feed.listing
        left = self._ahead.left
        self._stop.setVisible(listing or left > 0 or self._feed.left > 0)
        words = f"{rows:,} cine{'s' if rows != 1 else ''}"
        if listing:
            words = f"{words} in {self._feed.seen:,} files …"
        elif left:
            words = f"Predicting, {left:,} of {words} left"
        elif self._feed.left:
            words = f"Pictures, {self._feed.left:,} of {words} left"
        elif self.bar.refined:
            words = f"{shown:,} of {words}"
        elif done := self.model.count(Status.APPROVED):
            words += f", {done:,} approved"
        words = "; ".join(filter(None, (words, self._feed.unread)))
        self._state.setWordWrap(bool(self._feed.unread))  # else as wide as the list may be
        self._state.setText(words)

    # ---- the open cine

    def _cine_changed(self) -> None:
        self.list.show_open(self._session.path)
        self._say()
        if self._title == _RECENT and not self._feed.listing and self._session.path != self._sample:
            QTimer.singleShot(0, self._refresh_recent)  # after the workflow has noted it down

    def _refresh_recent(self) -> None:
        recent = tuple(path for path in self._workflow.settings.recent if path != self._sample)
        if recent and recent[0] not in self.model.rows and self._title == _RECENT:
            self._feed.list_recent(recent)

    def _forget_predictions(self) -> None:
        """Other weights: what was predicted with them before is found when the rows are looked at again."""
        self.model.forget_predictions()
        self._want()

    def _another_library(self) -> None:
        self._feed.forget()  # looks under way ask the former one
        self.model.forget_library()
        self._feed.read_standings()
        self._say()
        self._want()

    def _say(self) -> None:
        """What this session knows of the open cine goes into its row."""
        session = self._session
        cine, prediction, measured = session.cine, session.prediction, session.measurements
        if cine is None:
            return
        review = self._reviewing
        whole = prediction is not None and prediction.complete
        if not whole and session.label.empty and not (session.record.trail.acts or review.conflicts):
            return  # the library's word stands until the network has come to an end
        share = None
        if prediction is not None and whole and session.label.view is None and cine.info.view_hint is None:
            share = prediction.view_share
        growing = prediction is not None and not whole  # its EF is not the cine's yet
        ef = None if measured is None or growing else measured.ef_percent
        open_issues = sum(one.closed is None for one in review.comments)
        was = self.model.rows.get(session.path)
        status = None if was is None else was.status
        self.model.say(
            session.path, review.status, session.view, share, ef, len(cine), review.waits, open_issues,
            review.conflicts,
        )  # fmt: skip
        if status is not review.status:
            self._show_state()  # it counts what is approved

    def _told(self, path: str, told: Told) -> None:
        """The network has seen a cine that is not open."""
        self.model.say(path, told.status, told.view, told.share, told.ef_percent, told.frames)
        self._arrange_if_sorted()

    def _arrange_if_sorted(self) -> None:
        if self.model.order not in ("Name", "Date") or self.bar.refined:
            self._arrange_soon()

    def _stop_work(self) -> None:
        """The cross: first the listing, then the predictions, then the pictures of rows that nobody sees."""
        if self._feed.listing:
            self._feed.cancel_listing()
        elif self._ahead.left:
            self._ahead.stop()
        else:
            self._feed.stop_looking()
            self._show_state()

    def _choose(self, path: str) -> None:
        if path != self._session.path:
            self._workflow.open(path)

    def next_unreviewed(self) -> bool:
        """Open the next cine below the open one, or from the top, that waits for this person; False where none does."""
        rows = self.model.shown()
        at = next((i for i, row in enumerate(rows) if row.listed.path == self._session.path), -1)
        for row in (*rows[at + 1 :], *rows[: max(at, 0)]):
            if row.waits and not row.trouble:
                self._workflow.open(row.listed.path)
                return True
        self._state.setText("No other cine waits for review")
        return False

    def approve_and_next(self) -> bool:
        """The open cine is approved, or submitted; then the next one opens."""
        return self._reviewing.approve_cine() and self.next_unreviewed()

    # ---- the zone itself

    def focus_filter(self) -> None:
        self.set_folded(False)
        self.bar.focus_filter()

    def _into_list(self) -> None:
        """From the filter to the first row that it left."""
        self.list.setFocus(Qt.FocusReason.TabFocusReason)
        first = next((self.model.place(row.listed.path) for row in self.model.shown()), -1)
        if first >= 0 and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(first))

    def kept(self) -> dict[str, object]:
        """For the settings: `Workflow.remember(**worklist.kept())`."""
        return {"worklist_width": self.unfolded_width, "worklist_shown": not self.folded_by_hand}
