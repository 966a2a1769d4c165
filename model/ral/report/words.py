"""How numbers and names are said in a report."""

from __future__ import annotations

import html
from typing import Any

METRIC_NAMES = {
    "dice": "Dice", "accuracy": "Accuracy", "hd_mm": "HD (mm)", "hd95_mm": "HD95 (mm)", "mad_mm": "MAD (mm)",
    "annulus_mm": "Annulus (mm)", "apex_mm": "Apex (mm)",
}  # fmt: skip
DECIMALS = {"dice": 3, "accuracy": 3, "hd_mm": 2, "hd95_mm": 2, "mad_mm": 2, "annulus_mm": 2, "apex_mm": 2}
NOTHING = "–"


def heading(metric: str, more: str = "") -> str:
    """A metric over its column, the unit below it; HTML."""
    name, _, unit = METRIC_NAMES[metric].partition(" ")
    return f"{name}{more}" + (f'<br><span class="sd">{unit.strip("()")}</span>' if unit else "")


def number(value: float | None, decimals: int, sign: bool = False) -> str:
    """A number as it stands in a table; a dash where there is none."""
    if value is None:
        return NOTHING
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    return text.replace("-", "−")


def percent(value: float | None, decimals: int = 1) -> str:
    return NOTHING if value is None else f"{number(100 * value, decimals)} %"


def mean_sd(entry: dict[str, Any], metric: str) -> str:
    """Mean ± SD as HTML."""
    decimals = DECIMALS[metric]
    spread = "" if entry["sd"] is None else f' <span class="sd">± {number(entry["sd"], decimals)}</span>'
    return number(entry["mean"], decimals) + spread


def said(value: object) -> str:
    """Text made safe for HTML."""
    return html.escape(str(value), quote=True)
