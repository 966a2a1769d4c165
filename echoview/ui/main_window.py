"""The window: puts its zones together and wires them to the session and the workflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
    QUndoStack,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from echoview.errors import EchoViewError, LabelError, LibraryError
from echoview.learning import Learning
from echoview.session import Session
from echoview.ui import dialogs, theme
from echoview.ui.actions import make_actions, say_key
from echoview.ui.backups_dialog import show_backups
from echoview.ui.cine_view import CineView
from echoview.ui.control_keys import ControlKeys
from echoview.ui.correcting import Correcting
from echoview.ui.exchanging import Exchanging
from echoview.ui.findings_panel import FindingsPanel
from echoview.ui.geometry import geometry_of, restore_geometry
from echoview.ui.going_on import GoingOn
from echoview.ui.judging import Judging
from echoview.ui.keymap import KeyMap
from echoview.ui.keys_overlay import KeysOverlay
from echoview.ui.learn_panel import LearnPanel
from echoview.ui.loops import Loops
from echoview.ui.measure_panel import MeasurePanel
from echoview.ui.news import Told
from echoview.ui.opening import Opening
from echoview.ui.peek import Peek
from echoview.ui.picture_zone import PictureZone
from echoview.ui.player import Player
from echoview.ui.reading import Reading
from echoview.ui.soon import Soon
from echoview.ui.terms import Terms
from echoview.ui.tool_strip import ToolStrip, under
from echoview.ui.tools import Tool
from echoview.ui.top_bar import TopBar
from echoview.ui.training_line import TrainingLine
from echoview.ui.transport import Transport
from echoview.ui.widgets import Banner, Message, column
from echoview.ui.worklist import Worklist
from echoview.ui.zones import Inspector, Zones, focus_next
from echoview.workflow import Workflow

if TYPE_CHECKING:
    from echoview.services.frames import FrameFeeder

_SMALLEST = QSize(760, 420)  # a full-HD screen at 250 %
_NARROW = 980  # px; the list folds below that


class MainWindow(QMainWindow):
    """Draws; every decision is the workflow's.

    Args:
        feeder: decodes ahead of the playhead; ended with the window.
        sample: path of the sample cine, opened from the menu, or None.
    """

    def __init__(self, workflow: Workflow, learning: Learning, feeder: FrameFeeder, sample: Path | None = None) -> None:
        super().__init__()
        self.workflow, self.learning = workflow, learning
        self.session: Session = workflow.session
        self.player = Player(self)
        self.loops = Loops(self.session, self.player, self)
        self.feeder = feeder
        self.banner, self.view = Banner(), CineView()
        self.picture = PictureZone(workflow, self.player, self.view, feeder)
        self.reading = Reading(self.session, self.player, self.view, feeder)
        self.opening = Opening(self, workflow, sample)
        self.correcting = Correcting(self, workflow, self.player, self.view)
        self.exchanging = Exchanging(self, workflow, self.banner)
        self.judging = Judging(self, workflow, self.player, self.view, self.correcting.as_annotator)
        self.watching = Told(workflow, self.judging, self.banner).watching
        self.acts = make_actions(self, self._does())
        self.keys = KeyMap(workflow.settings.keys)
        self.keys.apply(self.acts)
        self.picture.give_tools(self.acts, self.correcting.as_annotator)
        self.top_bar = TopBar(self.session)
        for line in (TrainingLine(learning), self.exchanging.progress, self.picture.layouts.weights.progress):
            self.top_bar.add_progress(line)
        self.measure_panel = MeasurePanel(self.session)
        self.findings = FindingsPanel(self.correcting.correction)
        kept = workflow.keeping
        self.learn_panel = LearnPanel(
            learning, self.session, lambda: (*kept.corrected, kept.disputed), kept.count
        )  # fmt: skip
        self.transport = Transport(self.session, self.player, self.loops, self.acts)
        self.cines = Worklist(workflow, self.judging.reviewing, sample)
        self.going_on = GoingOn(
            workflow, self.player, self.view, self.reading, self.cines.model, self.banner, self.acts["approve_cine"]
        )
        self.judging.approved.connect(self.going_on.approved)
        self._narrow = False
        self.setWindowTitle("EchoView")
        self.setAcceptDrops(True)
        self._lay_out()
        self.opening.give_menu(self.top_bar.open_button, self.acts, self.cines.model.names)
        self._connect()
        restore_geometry(self, workflow.settings.geometry)
        self._show_weights()
        self.top_bar.show_device(workflow.settings.device)
        self.acts["loop"].setChecked(True)
        self.acts["point"].setChecked(True)
        self.acts["go_on"].setChecked(workflow.settings.go_on)
        self.acts["theme"].setChecked(theme.current() is theme.LIGHT)
        self.control_keys = ControlKeys(self)
        self.view.setFocus()

    # ---- building

    def _does(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        player, view, edit, opening = self.player, self.view, self.correcting, self.opening
        controls = self.picture.controls
        return {
            "open": opening.ask_cine, "open_folder": opening.ask_folder, "sample": opening.open_sample,
            "export": self.exchanging.export, "import": self.exchanging.take,
            "import_folder": self.exchanging.take_folder,
            "backups": lambda: show_backups(self, self.workflow, self.banner),
            "play": player.toggle, "back": lambda: player.step(-1), "forward": lambda: player.step(1),
            "back_five": lambda: player.step(-5), "forward_five": lambda: player.step(5),
            "first": lambda: player.seek(0), "last": lambda: player.seek(1 << 30),
            "slower": lambda: player.faster(-1), "faster": lambda: player.faster(1),
            "loop": lambda: player.set_loop(self.acts["loop"].isChecked()),
            "loop_over": self.loops.cycle, "frame_rate": edit.ask_frame_rate,
            "every_frame": lambda: player.set_every_frame(self.acts["every_frame"].isChecked()),
            "beat_back": lambda: self.loops.to_beat(-1), "beat_on": lambda: self.loops.to_beat(1),
            "to_ed": lambda: self.reading.go_to("ed"), "to_es": lambda: self.reading.go_to("es"),
            "mark_ed": lambda: edit.mark(self.workflow.mark_ed), "mark_es": lambda: edit.mark(self.workflow.mark_es),
            **dict.fromkeys(("caliper", "caliper_area", "mmode"), lambda: view.set_tool(Tool.POINT)),
            "delete": view.hand.delete_under_pointer,
            "revert": edit.revert, "revert_range": lambda: edit.revert_range(self.loops.range),
            "undo": lambda: edit.as_annotator(self.session.undo_stack.undo),
            "redo": lambda: edit.as_annotator(self.session.undo_stack.redo),
            "hide": lambda: view.hide_overlay(self.acts["hide"].isChecked()),
            "flicker": lambda: edit.flicker(self.acts["flicker"].isChecked()),
            "picture": controls.toggle, "invert": controls.invert,
            "contrast": controls.reset_look, "fit": view.fit, "predict": self.workflow.predicting.predict,
            "zoom_in": lambda: view.zoom(1.25), "zoom_out": lambda: view.zoom(0.8),
            "next_zone": self._next_zone, "keys": self._show_keys,
            "go_on": lambda: self.workflow.remember(go_on=self.acts["go_on"].isChecked()),
            "theme": self._change_theme, "quit": self.close, **self.picture.layouts.does(),
        } | edit.does() | self.judging.does() | {
            "finish": lambda: self.picture.finish() or edit.enter(),
            "cancel": lambda: edit.escape() or controls.close_over() or self.banner.dismiss(),
        }  # fmt: skip

    def _lay_out(self) -> None:
        self.inspector = Inspector()
        measure = QWidget()
        measure.setObjectName("panel")
        measure.setLayout(column(self.measure_panel, self.findings, margin=0, spacing=0))
        self.inspector.add(measure, "MEASURE")
        self.inspector.add(self.judging.panel, "REVIEW")
        if self.workflow.review_only:
            self.learn_panel.setParent(self)
            self.learn_panel.hide()
        else:
            self.inspector.add(self.learn_panel, "LEARN")
        picture = under(self.picture, ToolStrip(self.acts, self.correcting.correction))
        self.zones = Zones(self.cines, picture, self.inspector)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        layout.addWidget(self.zones, 1)
        layout.addWidget(self.transport)
        self.setCentralWidget(body)
        pictures = self.picture.widget(0)
        assert pictures is not None
        self.banner.lie_over(pictures, body)
        self.banner.covers.connect(self.picture.steps.stand_above)
        self.picture.let_controls_lie_over(body, self.inspector, self.banner)
        self.keys_overlay = KeysOverlay(body, self.top_bar, self.keys, self.acts, self._keep_keys)
        self.setMinimumSize(_SMALLEST)

    def _connect(self) -> None:
        session, player, view, workflow = self.session, self.player, self.view, self.workflow
        session.cine_changed.connect(self._show_cine)
        session.prediction_changed.connect(self._prediction_grew)
        session.label_changed.connect(self.correcting.show_contour)
        session.measured.connect(self._show_marks)
        session.weights_changed.connect(self._show_weights)
        self._connect_undo(session.undo_stack)
        self.reading.frame_shown.connect(self._show_frame)
        self.reading.failed.connect(self.banner.say)
        self.reading.over.connect(self.banner.withdraw)
        player.playing_changed.connect(lambda playing: view.set_handles_shown(not playing))
        self.correcting.connect_view(self.measure_panel, self.acts)
        self.judging.connect_window(self.acts, self.transport.timeline, self.cines, self.banner)
        self.findings.wanted.connect(self.correcting.show_finding)
        self.findings.mend_wanted.connect(self.correcting.mend)
        self.findings.left.connect(view.setFocus)
        view.stepped.connect(player.step)
        view.play_toggled.connect(player.toggle)
        view.touched.connect(player.pause)
        for name in ("hide", "flicker"):
            Peek(self.acts[name], self)
        self.transport.timeline.sought.connect(self.reading.scrub)
        self.transport.timeline.stepped.connect(player.step)
        self.transport.timeline.ranged.connect(self.loops.set_range)
        self.transport.timeline.marked.connect(self._mark)
        correction = self.correcting.correction
        correction.proposed.connect(lambda: self.transport.timeline.show_proposal(correction.proposal))
        self.picture.calibrating.offered.connect(self.banner.say)
        self.picture.calibrating.withdrawn.connect(self.banner.withdraw)
        layouts = self.picture.layouts
        layouts.give(self.acts, self.cines.model, self.reading.begin_at)
        layouts.ed_es.sought.connect(self.reading.scrub)
        layouts.weights.curve_changed.connect(self.transport.timeline.show_other)
        self.picture.controls.opened.connect(self.acts["picture"].setChecked)
        self.picture.mmode.strip.sought.connect(self.reading.scrub)
        workflow.refused.connect(self._refused)
        workflow.progressed.connect(self.top_bar.progress.show_progress)
        workflow.predicting.device_kept.connect(self.top_bar.show_device)
        workflow.keeping.counted.connect(self.learn_panel.refresh)
        self.terms = Terms(workflow, self.banner)
        self.top_bar.progress.cancelled.connect(workflow.predicting.cancel)
        self.top_bar.view_chosen.connect(lambda v: self.correcting.as_annotator(lambda: workflow.overrule_view(v)))
        self.top_bar.weights_chosen.connect(workflow.choose_weights)
        self.top_bar.device_chosen.connect(self._choose_device)
        self.top_bar.save_wanted.connect(workflow.keeping.save_again)
        self.measure_panel.calibrate_wanted.connect(self.acts["calibrate"].trigger)
        self.measure_panel.approve_wanted.connect(self.acts["approve"].trigger)
        self.measure_panel.revert_wanted.connect(self.acts["revert"].trigger)
        self.measure_panel.draw_wanted.connect(self.acts["draw"].trigger)
        tools = QActionGroup(self)
        for name in (*(tool.value for tool in Tool), "caliper", "caliper_area", "mmode"):
            tools.addAction(self.acts[name])
        self.learning.stage_changed.connect(self._show_weights)
        self.watching.start()

    def _connect_undo(self, stack: QUndoStack) -> None:
        for name, possible in (("undo", stack.canUndoChanged), ("redo", stack.canRedoChanged)):
            self.acts[name].setEnabled(False)
            possible.connect(self.acts[name].setEnabled)
        name_steps = Soon(self._name_steps, self)
        stack.undoTextChanged.connect(name_steps.ask)
        stack.redoTextChanged.connect(name_steps.ask)

    # ---- showing

    def _show_cine(self) -> None:
        self.picture.hint.setVisible(self.session.cine is None)
        self.banner.leave_cine()
        self.acts["hide"].setChecked(False)
        self.view.hide_overlay(False)
        self.acts["flicker"].setChecked(False)
        self.correcting.flickered = False
        self.correcting.take(Tool.POINT)
        self.reading.show_cine()
        self.correcting.show_contour()

    def _show_frame(self, t: int) -> None:
        self.correcting.show_contour()
        self.transport.set_frame(t)
        self.measure_panel.set_frame(t)

    def _prediction_grew(self, t: int) -> None:
        if t in (-1, self.player.t):
            self.correcting.show_contour()

    def _show_marks(self) -> None:
        measured = self.session.measurements
        self.acts["to_ed"].setEnabled(measured is not None and measured.ed is not None)
        self.acts["to_es"].setEnabled(measured is not None and measured.es is not None)

    def _name_steps(self) -> None:
        """What undo and redo would do stands in their tooltips."""
        _name(self.acts["undo"], f"Undo {self.session.undo_stack.undoText()}")
        _name(self.acts["redo"], f"Redo {self.session.undo_stack.redoText()}")

    def _show_weights(self) -> None:
        if self.workflow.review_only:
            self.top_bar.show_review_only()
            return
        self.top_bar.show_weights(self.workflow.registry.sets())

    def _refused(self, error: EchoViewError) -> None:
        if isinstance(error, LibraryError) and not isinstance(error, LabelError):
            self.banner.say(Message(error.message, error.hint, True, "Open another library…", self.opening.ask_library))
        else:
            self.banner.say(Message(error.message, error.hint, of_cine=isinstance(error, LabelError)))

    def _mark(self, name: str, t: int) -> None:
        """A flag of the timeline was dragged to frame t."""
        mark = {"ED": self.workflow.mark_ed, "ES": self.workflow.mark_es}[name]
        self.correcting.as_annotator(lambda: mark(t))

    def _show_keys(self) -> None:
        self.keys_overlay.toggle()

    def _keep_keys(self, chosen: tuple[str, ...]) -> None:
        self.workflow.remember(keys=chosen)

    def _change_theme(self) -> None:
        light = self.acts["theme"].isChecked()
        self.workflow.remember(daylight=light)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, theme.LIGHT if light else theme.DARK)

    def _choose_device(self, device: str) -> None:
        self.top_bar.show_device(device)
        self.workflow.predicting.choose_device(device)

    # ---- the window itself

    def _next_zone(self) -> None:
        zones = [self.cines, self.view, self.inspector, self.transport.timeline, self.top_bar.open_button]
        focus_next(zones, self.focusWidget())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.opening.open_dropped(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = event.size().width() < _NARROW
        if narrow is not self._narrow:
            self._narrow = narrow
            self.cines.make_room(narrow)
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Saves end, the training child ends, then the window; a correction that is not saved is not lost unasked."""
        if self.workflow.keeping.saving:  # come back when it is known how the saves ended
            event.ignore()
            QTimer.singleShot(20, self.close)
            return
        unsaved = self.workflow.keeping.unsaved_cines and not dialogs.ask_close_unsaved(self, self.session.unsaved)
        if unsaved or self.correcting.drafts.hold(self.banner, self.close):
            event.ignore()
            return
        self.player.pause()
        self.workflow.remember(geometry=geometry_of(self), **self.cines.kept())
        self.learning.cancel()
        self.exchanging.exchange.cancel()
        self.correcting.correction.end()
        self.watching.end()
        self.control_keys.end()
        self.workflow.jobs.shut_down()
        self.picture.layouts.end()
        self.feeder.end()
        super().closeEvent(event)


def _name(action: QAction, text: str) -> None:
    """The action says what it would do, its tooltip the key too."""
    action.setText(text.strip())
    say_key(action)
