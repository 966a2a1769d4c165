"""RAL, Recurrent Aggregation Learning (Li et al., MICCAI 2019): the left ventricle in every frame, and the view.

Importing this package loads no torch; `ral.Predictor` does, at its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ral.predict import Predictor

__all__ = ["Predictor"]


def __getattr__(name: str) -> object:
    if name == "Predictor":
        from ral.predict import Predictor

        return Predictor
    raise AttributeError(f"module 'ral' has no attribute {name!r}")
