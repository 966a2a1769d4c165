"""How far the fine-tuning is, in the top bar, whatever else is on the screen."""

from __future__ import annotations

from typing import Any

from echoview.learning import Learning, Stage
from echoview.ui.widgets import ProgressLine

_RUNNING = (Stage.PREPARING, Stage.TRAINING, Stage.STOPPING)


class TrainingLine(ProgressLine):
    """Its cross stops the training and keeps the best so far; nothing is lost by a stray click."""

    def __init__(self, learning: Learning) -> None:
        super().__init__("Stop the training and keep the best so far")
        self._learning = learning
        self.cancelled.connect(learning.stop)
        learning.stage_changed.connect(self._show_stage)
        learning.event_read.connect(self._show_event)

    def _show_stage(self) -> None:
        stage = self._learning.stage
        texts = {Stage.PREPARING: "Preparing to learn", Stage.STOPPING: "Training, stopping"}
        if stage not in _RUNNING:
            self.show_progress("", -1.0)
        elif stage in texts:
            self.show_progress(texts[stage], 0.0)

    def _show_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "step" and self._learning.stage is Stage.TRAINING:
            self.show_progress(f"Training step {event['step']} of {event['of']}", event["step"] / max(event["of"], 1))
