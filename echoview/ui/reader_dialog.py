"""Who sits at the window, what they may do, and how their eye is kept honest."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from echoview.domain.review import Role
from echoview.ui.widgets import off, quiet, rule
from echoview.workflow import Workflow

_ROLES = {
    Role.ANNOTATOR: "Annotator: corrects, comments, submits",
    Role.REVIEWER: "Reviewer: also approves and rejects",
    Role.LEAD: "Lead: also decides between two readings",
}
_SHARES = {0: "none", 5: "5 % of the cines", 10: "10 % of the cines", 20: "20 % of the cines",
           50: "50 % of the cines", 100: "every cine"}  # fmt: skip
_DAYS = {0: "at once", 1: "1 day", 7: "7 days", 14: "14 days", 30: "30 days", 90: "90 days"}
_WIDTH, _LONGEST_NAME = 460, 100


class ReaderDialog(QDialog):
    """Asks; `known` is what the settings then hold."""

    def __init__(self, parent: QWidget, workflow: Workflow) -> None:
        super().__init__(parent)
        settings = workflow.settings
        self.setWindowTitle("Reader")
        self.name = QLineEdit(settings.annotator)
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setPlaceholderText("Your name or initials")
        self.name.setAccessibleName("Your name or initials")
        self.role = QComboBox()
        self.role.setAccessibleName("Role")
        self.role.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for role, words in _ROLES.items():
            self.role.addItem(words, role.value)
        self.role.setCurrentIndex(self.role.findData(workflow.reader.role.value))
        self.blind = _choice("Cines traced without the prediction", settings.blind_share, _SHARES)
        self.repeat = _choice("Cines read once more", settings.repeat_share, _SHARES)
        self.days = _choice("When a cine is read once more", settings.repeat_days, _DAYS)
        self.second = QCheckBox("Second readings too")
        self.second.setChecked(settings.second_blind)
        self.review_only = QCheckBox("Review only: start without the network")
        self.review_only.setChecked(settings.review_only)
        self._lay_out()

    def _lay_out(self) -> None:
        who, guard = QFormLayout(), QFormLayout()
        for form in (who, guard):
            form.setSpacing(8)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        who.addRow("Name", self.name)
        who.addRow("Role", self.role)
        guard.addRow("Traced without the prediction", self.blind)
        guard.addRow("", self.second)
        guard.addRow("Read once more, blinded", self.repeat)
        guard.addRow("At the earliest after", self.days)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        keep = buttons.button(QDialogButtonBox.StandardButton.Ok)
        keep.setText("Keep")
        keep.setObjectName("primary")
        self.name.textChanged.connect(lambda text: off(keep, "" if text.strip() else "Write a name first.", ""))
        off(keep, "" if self.name.text().strip() else "Write a name first.", "")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addLayout(who)
        layout.addWidget(quiet("The name and the role stand beside everything that you correct and say."))
        layout.addWidget(rule())
        layout.addLayout(guard)
        layout.addWidget(quiet("Which cines those are is drawn by a secret of this computer, alike after every start."))
        layout.addWidget(rule())
        layout.addWidget(self.review_only)
        layout.addWidget(buttons)
        self.setFixedWidth(_WIDTH)

    @property
    def known(self) -> dict[str, object]:
        return {
            "annotator": self.name.text().strip(), "role": str(self.role.currentData()),
            "blind_share": self.blind.currentData(), "repeat_share": self.repeat.currentData(),
            "repeat_days": self.days.currentData(),
            "second_blind": self.second.isChecked(), "review_only": self.review_only.isChecked(),
        }  # fmt: skip


def _choice(name: str, value: int, known: dict[int, str]) -> QComboBox:
    """The usual values, and whatever the settings hold."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for number, words in sorted({value: str(value), **known}.items()):
        box.addItem(words, number)
    box.setCurrentIndex(box.findData(value))
    return box
