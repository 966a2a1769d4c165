"""The runs whose weights ship: what they read, how long they train, under which terms their weights may be used."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from ral.config import BASELINES, RAL_BASE, RAL_LITE, NetConfig
from ral.plan import Plan, Stage

CAMUS_TERMS = (
    "Non-commercial scientific research only: trained on CAMUS (Leclerc et al., IEEE TMI 2019, "
    "doi 10.1109/TMI.2019.2900516), which is licensed CC BY-NC-SA 4.0. Not a medical device."
)
FREE_TERMS = "Free of terms: trained on simulated hearts alone. Not a medical device."


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to make a set of weights.

    Attributes:
        stages: see `ral.plan.Stage`; camus: whether the CAMUS train split is read beside the phantom.
        phantoms: simulated cines; phantom_frames: frames in each;
        pair_frames: frames of a warped real systole, 0 = none; ema, decay, weight_decay: see `ral.plan.Plan`.
    """

    name: str
    config: NetConfig
    stages: tuple[Stage, ...]
    camus: bool
    phantoms: int
    phantom_frames: int = 12
    pair_frames: int = 0
    ema: float = 0.998
    decay: str = "cosine"
    weight_decay: float = 1e-4

    @property
    def terms(self) -> str:
        return CAMUS_TERMS if self.camus else FREE_TERMS

    @property
    def data(self) -> str:
        phantom = f"{self.phantoms} simulated cines of {self.phantom_frames} frames in three views (ral.phantom)"
        if not self.camus:
            return phantom[0].upper() + phantom[1:] + "; no real frame."
        return (
            "CAMUS A4C, end-diastole and end-systole of the 319 patients of the train split, the systole between them "
            f"by warping, and {phantom}. "
            "The view head learnt from simulated cines only."
        )

    def plan(self, seed: int, scale: float = 1.0, bfloat16: bool = True) -> Plan:
        """The plan, its steps multiplied by `scale` (for a quick look, or a longer run)."""
        stages = tuple(replace(stage, steps=max(round(stage.steps * scale), 2)) for stage in self.stages)
        return Plan(self.config, stages, seed, self.weight_decay, self.ema, self.decay, bfloat16=bfloat16)


# With a growth of 8 what there is to learn does not fit in: such a set reads the patients that it learnt from no better
# than others.
LITE = replace(RAL_LITE, growth=12, mask_hint=True, deep_supervision=True)

# Still accuracy comes first and cheap at 128 px; then the recurrence, the other views and the hints, at full size; then
# both, mostly on real frames: the small network forgets a little of them while it learns the others. At last real
# stills change only a little (200 such steps gave .002 of Dice where wide changes gave .000), beside many simulated
# hearts, which alone teach the views; and then hardly any of these beside them, in looks that no scanner has.
_REAL_STILLS = (
    Stage(128, 5000, 2.5e-3, stills=16, real_share=1.0),
    Stage(256, 2500, 1.5e-3, stills=8, real_share=1.0),
)
_MOTION = Stage(256, 1600, 8e-4, stills=8, real_share=0.5, clips=1, pairs=1, clip_frames=8, window=8)
_BOTH = Stage(256, 1000, 1e-3, stills=14, real_share=5 / 7, clips=1, pairs=1, clip_frames=6, window=6)
_CALM = Stage(256, 1400, 1.2e-3, stills=16, real_share=0.5, clips=1, pairs=1, clip_frames=5, window=5, calm=True)
_LAST = Stage(
    256, 1500, 1.2e-3, stills=14, real_share=6 / 7, clips=1, pairs=1, clip_frames=4, window=4, calm=True, wild_share=0.5
)
# Then the view branch alone, on simulated hearts: contours, and real stills, which say no view, have crowded it out.
_VIEWS = Stage(
    256, 900, 1.5e-3, stills=16, clips=5, clip_frames=12, window=12, hint_share=0.1, wild_share=0.5, views_only=True
)
_CAMUS_COURSE = (*_REAL_STILLS, _MOTION, _BOTH, _CALM, _LAST)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("ral-lite-camus", LITE, (*_CAMUS_COURSE, _VIEWS), camus=True, phantoms=900, pair_frames=10),
        Recipe(
            "ral-base-camus",  # for a GPU: a step takes a processor fifteen times as long
            replace(RAL_BASE, mask_hint=True, deep_supervision=True),
            (*_CAMUS_COURSE, _VIEWS),
            camus=True,
            phantoms=900,
            pair_frames=10,
        ),
        Recipe(
            "ral-base-paper",  # nothing but what the paper has: clips, Adam at 1e-3, halved by the Dice, no average
            replace(RAL_BASE, literal_inputs=True),
            (Stage(256, 10_000, 1e-3, clips=1, pairs=1, clip_frames=10, window=10, hint_share=0.0),),
            camus=True,
            phantoms=900,
            pair_frames=10,
            ema=0.0,
            decay="dice",
            weight_decay=0.0,
        ),
        Recipe(
            "unet1-camus",  # the peer, with at least the same minutes: a step takes it 1.5 times as long
            BASELINES["unet1"],
            tuple(replace(s, steps=round(s.steps * 0.7), rate=s.rate * 0.4) for s in _CAMUS_COURSE),
            camus=True,
            phantoms=900,
            pair_frames=10,
        ),
        Recipe(
            "ral-lite-phantom",
            LITE,
            (
                Stage(128, 4000, 2.5e-3, stills=16),
                Stage(256, 1500, 1.5e-3, stills=8),
                Stage(256, 1600, 8e-4, stills=4, clips=2, clip_frames=8, window=8),
                Stage(256, 1200, 8e-4, stills=4, clips=2, clip_frames=8, window=8),
                Stage(256, 1600, 1.2e-3, stills=6, clips=2, clip_frames=6, window=6, wild_share=0.6),
                Stage(256, 700, 6e-4, stills=6, clips=2, clip_frames=6, window=6, wild_share=0.25),
                Stage(256, 1700, 1.2e-3, stills=10, clips=1, clip_frames=8, window=8, wild_share=0.4),
                Stage(256, 900, 1e-3, stills=10, clips=1, clip_frames=8, window=8, wild_share=0.5),
                _VIEWS,
            ),
            camus=False,
            phantoms=1500,
        ),
    )
}


def data_folder() -> Path | None:
    """The folder of real data: `ECHOVIEW_DATA`, else `../shared/data` beside the checkout, else None."""
    named = os.environ.get("ECHOVIEW_DATA")
    path = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return path if path.is_dir() else None
