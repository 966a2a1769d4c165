"""The top bar: whose heart, which view, which weights on which device, and whether all is saved."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton

from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.measure.effort import in_words
from echoview.session import Session
from echoview.ui.soon import Soon
from echoview.ui.theme import put_icon, tabular
from echoview.ui.widgets import ProgressLine, chip, set_narrow

DEVICES = {
    "auto": "Fastest available",
    "cpu": "Processor (CPU)",
    "cuda": "NVIDIA graphics (CUDA)",
    "mps": "Apple graphics (MPS)",
}

SURE_OF_VIEW = 0.6
_NARROW = 1100  # px


class TopBar(QFrame):
    """Signals: view_chosen(View or None), weights_chosen(identity), device_chosen(name), save_wanted()."""

    view_chosen = Signal(object)
    weights_chosen = Signal(str)
    device_chosen = Signal(str)
    save_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self._session = session
        self._device = "auto"
        self._review_only = False
        self.open_button = chip("Open", "Open a cine or a folder (Ctrl+O)")
        self.open_button.setText(" Open")
        put_icon(self.open_button, "folder-open")
        self.title = QLabel("EchoView")
        self.title.setObjectName("title")
        self.title.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)  # never cut: a wrong patient
        self.view_button = chip("View", "The view that the file or the network names; choose another to overrule it")
        self.progress = ProgressLine()
        self.weights_button = chip("Weights", "Weights in use")
        self.device_button = chip("Device", "Where the network runs")
        put_icon(self.device_button, "cpu", "quiet")
        self.device_button.setFont(tabular(self.device_button.font()))
        self.saved = QToolButton()
        self.saved.setAccessibleName("Saved state")
        self.saved.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.saved.clicked.connect(self._press_saved)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 12, 6)
        row.setSpacing(8)
        for widget in (self.open_button, self.title, self.view_button):
            row.addWidget(widget)
        row.addStretch(1)
        self._row = row
        for widget in (self.progress, self.weights_button, self.device_button, self.saved):
            row.addWidget(widget)
        self._fill_view_menu()
        self._fill_device_menu()
        session.cine_changed.connect(self._show_cine)
        session.prediction_changed.connect(self._show_prediction)
        session.label_changed.connect(self._show_prediction)
        session.saved_changed.connect(self._show_saved)
        self._soon = Soon(self._show_saving, self)
        session.label_edited.connect(self._soon.ask)
        self._show_cine()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, words that an icon or the panel says too are left out; never the patient's."""
        if set_narrow(self, self.width() < _NARROW):
            narrow = bool(self.property("narrow"))
            only, beside = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            for button in (self.open_button, self.device_button, self.saved):
                button.setToolButtonStyle(only if narrow else beside)
            self._name_weights()
        super().resizeEvent(event)

    def add_progress(self, line: ProgressLine) -> None:
        """Another thing that runs, beside the prediction."""
        self._row.insertWidget(self._row.indexOf(self.progress) + 1, line)

    def show_device(self, device: str) -> None:
        """The device that is wished for, until a prediction says which it is."""
        self._device = device
        for action in self.device_button.menu().actions():
            action.setChecked(action.data() == device)
        self._show_prediction()

    def show_weights(self, sets: list[WeightsSet]) -> None:
        """Fill the menu of weights; the one in use stands on the button."""
        used = self._session.weights
        menu = QMenu(self.weights_button)
        group = QActionGroup(menu)
        for weights in sets:
            action = menu.addAction(describe(weights))
            action.setCheckable(True)
            action.setChecked(used is not None and weights.identity == used.identity)
            action.setToolTip(weights.terms)
            action.triggered.connect(lambda _=False, w=weights: self.weights_chosen.emit(w.identity))
            group.addAction(action)
        menu.setToolTipsVisible(True)
        self.weights_button.setMenu(menu)
        self._name_weights()

    def show_review_only(self) -> None:
        """No network is there: nothing to choose, and the bar says so."""
        self._review_only = True
        self._name_weights()
        self.device_button.hide()

    def _name_weights(self) -> None:
        if self._review_only:
            self.weights_button.setText("Review only  ·  no network")
            self.weights_button.setToolTip("Started without the network: labels are shown and reviewed")
            return
        used = self._session.weights
        research = used is not None and used.research_only and not self.property("narrow")
        self.weights_button.setToolTip(f"Weights in use\n{used.terms}" if used else "No weights could be loaded")
        self.weights_button.setText(used.name + ("  ·  research only" if research else "") if used else "no weights")

    def _fill_view_menu(self) -> None:
        menu = QMenu(self.view_button)
        for view in View:
            action = menu.addAction(f"{view.value}   {view.walls[0]} – {view.walls[1]}")
            action.triggered.connect(lambda _=False, v=view: self.view_chosen.emit(v))
        menu.addSeparator()
        menu.addAction("As the file or the network says").triggered.connect(lambda: self.view_chosen.emit(None))
        self.view_button.setMenu(menu)

    def _fill_device_menu(self) -> None:
        menu = QMenu(self.device_button)
        group = QActionGroup(menu)
        for name, text in DEVICES.items():
            action = QAction(text, menu, checkable=True)
            action.setData(name)
            action.triggered.connect(lambda _=False, n=name: self.device_chosen.emit(n))
            group.addAction(action)
            menu.addAction(action)
        self.device_button.setMenu(menu)

    def _show_cine(self) -> None:
        cine = self._session.cine
        if cine is None:
            self.title.setText("EchoView")
        else:
            known = [part for part in (cine.info.patient_label, cine.info.study_date) if part]
            file = self._session.path.replace("\\", "/").rsplit("/", 1)[-1]
            self.title.setText("  ·  ".join(known) or self._session.name)
            self.title.setToolTip(f"{cine.info.title} ({file})" if cine.info.title else file)
        self._show_prediction()
        self._show_saved()

    def _show_prediction(self, *_: object) -> None:
        session = self._session
        prediction = session.prediction
        self.view_button.setVisible(session.cine is not None)
        if session.label.view is not None:
            text = f"{session.label.view.value}  ·  set by hand"
        elif session.cine is not None and (named := session.cine.info.view_hint) is not None:
            seen = prediction.view if prediction is not None and prediction.complete else None
            other = seen.value if seen is not None and seen is not named else ""
            text = f"{named.value}  ·  from the file{f', network {other} ?' if other else ''}"
        elif prediction is not None and prediction.view is not None:
            sure = prediction.view_probabilities.max()
            text = f"{prediction.view.value}{'' if sure >= SURE_OF_VIEW else ' ?'}  {100 * sure:.0f} %"
        else:
            text = "view unknown"
        self.view_button.setText(text)
        if prediction is not None and prediction.device:
            self.device_button.setText(f" {prediction.device.upper()}  {prediction.fps:.0f} fps")
        else:
            self.device_button.setText(f" {self._device.upper()}" if self._device != "auto" else " Auto")

    def _press_saved(self) -> None:
        if self._session.unsaved:
            self.save_wanted.emit()

    def _show_saving(self) -> None:
        self.saved.setText(" Saving")
        self.saved.setToolTip("The last corrections are being written into the label library.")

    def _show_saved(self) -> None:
        self._soon.stop()  # it was written before there was time to say so
        session = self._session
        self.saved.setVisible(session.cine is not None)  # untouched too: the buttons beside it keep their places
        self.saved.setText(" Not saved – try again" if session.unsaved else " Saved")
        picture = ("triangle-alert", "error") if session.unsaved else ("circle-check", "approved")
        put_icon(self.saved, *picture)
        effort = f"Every correction is in the label library. This cine: {in_words(session.meter.total)}"
        self.saved.setToolTip(session.unsaved or ("Nothing was corrected yet." if session.label.empty else effort))


def describe(weights: WeightsSet) -> str:
    """A set of weights in one line of a menu."""
    kind = "fine-tuned here, " + weights.created.replace("T", " ") if weights.tuned else "shipped"
    return f"{weights.name}   {weights.identity[:6]}   {kind}" + ("   research only" if weights.research_only else "")
