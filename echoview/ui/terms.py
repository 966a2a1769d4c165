"""Under which terms the weights in use may be used: said in a quiet message until the person has understood it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from echoview.domain.weights import WeightsSet
from echoview.ui.widgets import Banner, Message
from echoview.workflow import Workflow


class Terms(QObject):
    """Between the workflow and the banner; what it said of one set goes when another comes into use."""

    def __init__(self, workflow: Workflow, banner: Banner) -> None:
        super().__init__(banner)
        self._workflow, self._banner = workflow, banner
        self._message: Message | None = None
        workflow.terms_due.connect(self._say)
        workflow.session.weights_changed.connect(self._withdraw)

    def _say(self, weights: WeightsSet) -> None:
        seen = partial(self._workflow.terms_seen, weights)
        self._message = Message(f"{weights.name} is for research only.", weights.terms, False, "Understood", seen)
        self._banner.say(self._message)

    def _withdraw(self) -> None:
        if self._message is not None:
            self._banner.withdraw(self._message)
            self._message = None
