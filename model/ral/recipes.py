"""The runs whose weights ship: what they read, how long they train, under which terms their weights may be used."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ral.config import RAL_LITE, RALConfig
from ral.train import Plan, Stage

CAMUS_TERMS = (
    "Non-commercial scientific research only: trained on CAMUS (Leclerc et al., IEEE TMI 2019, "
    "doi 10.1109/TMI.2019.2900516), which is licensed CC BY-NC-SA 4.0. Not a medical device."
)
FREE_TERMS = "Free of terms: trained on simulated hearts alone. Not a medical device."


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to make a set of weights.

    Attributes:
        stages: see `ral.train.Stage`; camus: whether the CAMUS train split is read beside the phantom.
        phantoms: simulated cines; phantom_frames: frames in each.
    """

    name: str
    config: RALConfig
    stages: tuple[Stage, ...]
    camus: bool
    phantoms: int
    phantom_frames: int = 12

    @property
    def terms(self) -> str:
        return CAMUS_TERMS if self.camus else FREE_TERMS

    @property
    def data(self) -> str:
        phantom = f"{self.phantoms} simulated cines of {self.phantom_frames} frames in three views (ral.phantom)"
        if not self.camus:
            return phantom[0].upper() + phantom[1:] + "; no real frame."
        return (
            f"CAMUS A4C, end-diastole and end-systole of the 319 patients of the train split, and {phantom}. "
            "The view head learnt from simulated cines only."
        )

    def plan(self, seed: int, scale: float = 1.0) -> Plan:
        """The plan, its steps multiplied by `scale` (for a quick look, or a longer run)."""
        from dataclasses import replace

        stages = tuple(replace(stage, steps=max(round(stage.steps * scale), 2)) for stage in self.stages)
        return Plan(self.config, stages, seed)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "ral-lite-camus",
            RAL_LITE,
            (
                Stage(128, 1800, 2.5e-3, stills=18, real_share=0.67),
                Stage(256, 1300, 1.2e-3, stills=8, real_share=0.75),
                Stage(256, 440, 6e-4, stills=6, real_share=1.0, clips=1, drifts=1, clip_frames=8, window=8),
            ),
            camus=True,
            phantoms=480,
        ),
        Recipe(
            "ral-lite-phantom",
            RAL_LITE,
            (
                Stage(128, 1800, 2.5e-3, stills=16),
                Stage(256, 900, 1.2e-3, stills=8),
                Stage(256, 440, 6e-4, stills=4, clips=2, clip_frames=8, window=8),
            ),
            camus=False,
            phantoms=900,
        ),
    )
}


def data_folder() -> Path | None:
    """The folder of real data: `ECHOVIEW_DATA`, else `../shared/data` beside the checkout, else None."""
    named = os.environ.get("ECHOVIEW_DATA")
    path = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return path if path.is_dir() else None
