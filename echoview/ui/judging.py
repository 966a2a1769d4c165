"""Review between the window and the workflow: what its actions do, and what is drawn of it over the picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from echoview.comparing import Comparing
from echoview.deciding import Choice, Deciding, Side
from echoview.domain.review import ActKind, Issue
from echoview.domain.study import Status
from echoview.reviewing import Reviewing
from echoview.ui.agreement_dialog import AgreementDialog
from echoview.ui.cine_view import CineView
from echoview.ui.player import Player
from echoview.ui.reader_dialog import ReaderDialog
from echoview.ui.reading_note import ReadingNote
from echoview.ui.review_panel import ReviewPanel
from echoview.ui.soon import Soon
from echoview.ui.timeline import Timeline
from echoview.ui.versions_item import VersionsItem
from echoview.ui.widgets import Banner, Message
from echoview.ui.worklist import Worklist
from echoview.workflow import Workflow

AsAnnotator = Callable[[Callable[[], object]], None]


class Judging(QObject):
    """Owns the REVIEW tab; `connect_window` once the other zones are there.

    Signals: approved(t, before): a person stands behind frame t, as it was just said; the numbers as they were before.
    """

    approved = Signal(int, object)

    def __init__(
        self, window: QWidget, workflow: Workflow, player: Player, view: CineView, as_annotator: AsAnnotator
    ) -> None:
        super().__init__(window)
        self._window, self._workflow, self._player, self._view = window, workflow, player, view
        self._as_annotator = as_annotator
        self.reviewing = Reviewing(workflow, self)
        self.deciding = Deciding(self.reviewing, self)
        self.panel = ReviewPanel(self.reviewing, self.deciding)
        self.note = ReadingNote(view, self.reviewing)
        self.versions = VersionsItem()
        self._passed: Message | None = None
        view.box.addItem(self.versions, ignoreBounds=True)

    def does(self) -> dict[str, Callable[[], object]]:
        """What the actions of the review do."""
        review = self.reviewing
        raised = {issue: partial(self._in_my_name, partial(self.raise_issue, issue)) for issue in Issue}
        return {
            "approve": self._to_frame(self._approve), "reject_frame": self._to_frame(review.reject_frame),
            "second_frame": self._to_frame(review.send_frame_to_second),
            "approve_cine": partial(self._in_my_name, self._approve_and_next),
            "reject_cine": partial(self._in_my_name, review.reject_cine),
            "second_cine": partial(self._in_my_name, review.send_to_second),
            "take_first": partial(self.panel.decisions.choose, 0),
            "take_second": partial(self.panel.decisions.choose, 1),
            "comment": self._write, "next_unreviewed": self._next, "agreement": self.show_agreement,
            **{f"issue_{number}": raised[issue] for number, issue in enumerate(Issue, 1)},
        }  # fmt: skip

    def connect_window(
        self, acts: dict[str, QAction], timeline: Timeline, worklist: Worklist, banner: Banner
    ) -> None:  # fmt: skip
        self._acts, self._timeline, self._worklist, self._banner = acts, timeline, worklist, banner
        panel = self.panel
        panel.give_actions(acts)
        panel.sought.connect(self._go)
        panel.withdrawn.connect(lambda t: self._in_my_name(lambda: self.reviewing.withdraw(t)))
        panel.commented.connect(lambda text, t: self._in_my_name(lambda: self.reviewing.comment(text, t)))
        panel.closed.connect(lambda comment: self._in_my_name(lambda: self._close(comment)))
        panel.wanted_back.connect(lambda entry: self._in_my_name(lambda: self.reviewing.bring_back(entry)))
        panel.chosen.connect(self._choose)
        panel.newest_kept.connect(lambda: self._in_my_name(self.deciding.keep_newest))
        panel.adjudicated.connect(lambda other: self._in_my_name(lambda: self.deciding.adjudicate(other)))
        panel.first_wanted.connect(lambda: self._in_my_name(self.reviewing.show_first))
        panel.reader_wanted.connect(self.ask_reader)
        panel.agreement_wanted.connect(acts["agreement"].trigger)
        self._soon = Soon(self.refresh, self)
        self.reviewing.changed.connect(self._soon.ask)
        self.reviewing.passed.connect(self._tell_passed)
        self.deciding.changed.connect(self._soon.ask)
        self._player.frame_changed.connect(self.show_frame)
        self._player.playing_changed.connect(lambda _: self.show_frame(self._player.t))
        self._workflow.session.cine_changed.connect(self._another_cine)
        self.refresh()

    def raise_issue(self, issue: Issue) -> None:
        self.reviewing.raise_issue(issue, self.panel.comments.scope(self._player.t))

    def ask_reader(self) -> None:
        """Who sits here, in which role, with which shares."""
        self._player.pause()
        dialog = ReaderDialog(self._window, self._workflow)
        if dialog.exec():
            self.reviewing.set_reader(**dialog.known)

    def show_agreement(self) -> None:
        """How well the readings in the library agree."""
        self._player.pause()
        dialog = AgreementDialog(self._window, self.comparing())
        dialog.opened.connect(self._workflow.open)
        dialog.exec()

    def comparing(self) -> Comparing:
        """Reads the library anew each time that somebody asks."""
        return Comparing(self._workflow, self)

    # ---- showing

    def refresh(self) -> None:
        for name, kind in _KINDS.items():
            reason = self.reviewing.why_not(kind) if self._workflow.session.cine is not None else ""
            self._acts[name].setEnabled(not reason)
        self._acts["predict"].setEnabled(not (self._workflow.review_only or self._workflow.session.blind))
        open_on = {one.act.t for one in self.reviewing.comments if one.closed is None and one.act.t is not None}
        waiting = {one.key: Status.IN_CONFLICT for one in self.deciding.conflicts if isinstance(one.key, int)}
        self._timeline.set_review(frozenset(open_on), {**self.reviewing.judged_frames, **waiting})
        self.note.refresh()
        self.show_frame(self._player.t)

    def show_frame(self, t: int) -> None:
        self.panel.set_frame(t)
        choice = None if self._player.playing else self.deciding.current(t)
        self.versions.show_choice(choice if choice is not None and isinstance(choice.key, int) else None)

    def _another_cine(self) -> None:
        cine = self._workflow.session.cine
        self.versions.set_bounds(cine.size if cine is not None else (0, 0))

    # ---- doing

    def _in_my_name(self, act: Callable[[], object]) -> None:
        self._as_annotator(act)

    def _to_frame(self, act: Callable[[int], object]) -> Callable[[], None]:
        def do() -> None:
            t = self._player.t
            if self._workflow.session.cine is not None:
                self._player.pause()
                self._as_annotator(lambda: act(t))

        return do

    def _approve(self, t: int) -> None:
        before = self._workflow.session.measurements
        if self.reviewing.approve_frame(t):
            self.approved.emit(t, before)

    def _next(self) -> None:
        self._worklist.next_unreviewed()

    def _approve_and_next(self) -> None:
        self._worklist.approve_and_next()

    def _tell_passed(self, what: str, seen: str) -> None:
        """The next cine opens meanwhile, so the message has the way back; only the newest one is shown."""
        path = self._workflow.session.path
        if self._passed is not None:
            self._banner.withdraw(self._passed)
        together = seen.replace(" ", "\u00a0")  # on one line
        self._passed = Message(what, f"{together}.", False, "Take back", partial(self._take_back, path))
        self._banner.say(self._passed)

    def _take_back(self, path: str) -> None:
        """The verdict on that cine, which is opened again for it."""
        session = self._workflow.session
        if session.path == path:
            self.reviewing.withdraw()
            return

        def opened() -> None:
            session.cine_changed.disconnect(opened)
            if session.path == path:
                self.reviewing.withdraw()

        session.cine_changed.connect(opened)
        self._workflow.open(path)

    def _write(self) -> None:
        """The cursor goes where a comment is written."""
        self._player.pause()
        self.panel.comments.write()

    def _close(self, comment) -> None:
        self.reviewing.resolve(comment) if comment.closed is None else self.reviewing.reopen(comment)

    def _go(self, t: int) -> None:
        self._player.pause()
        self._player.seek(t)

    def _choose(self, choice: Choice, side: Side) -> None:
        self._in_my_name(lambda: self.deciding.choose(choice, side))
        frames = [one.key for one in self.deciding.conflicts if isinstance(one.key, int)]
        if isinstance(choice.key, int) and frames and choice.conflict is not None:
            at = choice.key
            self._go(min(frames, key=lambda t: (t < at, t)))


_KINDS = {
    "reject_frame": ActKind.REJECT, "second_frame": ActKind.SECOND_READ, "reject_cine": ActKind.REJECT,
    "second_cine": ActKind.SECOND_READ, "comment": ActKind.COMMENT,
    **{f"issue_{number}": ActKind.COMMENT for number in range(1, len(Issue) + 1)},
}  # fmt: skip
