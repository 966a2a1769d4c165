"""Plots as SVG that stands in the page; every function gives one figure, or "" where there is nothing to show."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ral.evaluation.clinical import LIMITS_SD
from ral.evaluation.curves import CURVES
from ral.report.style import COLOURS, DASHES, INK, LINE, MARKERS, QUIET
from ral.report.words import METRIC_NAMES, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Sheet = dict[str, Any]
_QUANTITIES = {"edv_ml": "EDV (ml)", "esv_ml": "ESV (ml)", "ef_percent": "EF (%)"}
_WIDTH = 9.8  # inches at 100 px


def boxes(sheets: Sequence[Sheet]) -> str:
    """Dice, HD and MAD by ED and ES, a box a model: quartiles, whiskers to 1.5 IQR, every outlier a dot."""
    instants = [i for i in ("ED", "ES") if any(row["instant"] == i for s in sheets for row in s["rows"])]
    if not instants:
        return ""
    figure, axes = _figure(1, 3, 3.3)
    gap = len(sheets) + 1
    for axis, metric in zip(axes, ("dice", "hd_mm", "mad_mm"), strict=True):
        for n, sheet in enumerate(sheets):
            for k, instant in enumerate(instants):
                values = [row[metric] for row in sheet["rows"] if row["instant"] == instant]
                known = [v for v in values if v is not None]
                if known:
                    _box(axis, k * gap + n, known, n)
        centres = [k * gap + (len(sheets) - 1) / 2 for k in range(len(instants))]
        axis.set_xticks(centres, instants)
        _title(axis, METRIC_NAMES[metric])
        axis.grid(axis="x", visible=False)
    return _svg(figure, f"Boxplots of Dice, HD and MAD at {' and '.join(instants)}", _names(sheets))


def curves(sheets: Sequence[Sheet]) -> str:
    """Accuracy, Dice, HD and MAD over the phase of the cycle, ED at 0."""
    there = [(n, sheet) for n, sheet in enumerate(sheets) if sheet["curves"]]
    if not there:
        return ""
    figure, axes = _figure(2, 2, 5.4)
    for axis, metric in zip(axes, CURVES, strict=True):
        for n, sheet in there:
            phase = np.array(sheet["curves"]["phase"])
            mean = np.array(sheet["curves"][metric]["mean"], float)
            known = np.isfinite(mean)
            axis.plot(phase[known], mean[known], color=_colour(n), linestyle=DASHES[n % len(DASHES)], linewidth=1.8)
        axis.set_xlim(0, 1)
        _title(axis, METRIC_NAMES[metric])
    for axis in axes[2:]:
        axis.set_xlabel("phase (0 = ED)")
    return _svg(figure, "Accuracy, Dice, HD and MAD over the cycle", _names(sheets))


def bland_altman(sheet: Sheet, n: int) -> str:
    """Difference against mean for EDV, ESV and EF of one model, with bias and 1.96 SD limits."""
    clinical = sheet["clinical"]
    if not clinical or clinical["edv_ml"]["bias"] is None:
        return ""
    figure, axes = _figure(1, 3, 3.2)
    pairs = [(p["found"], p["reference"]) for p in clinical["patients"] if p["found"] is not None]
    for axis, (key, words) in zip(axes, _QUANTITIES.items(), strict=True):
        numbers = clinical[key]
        _title(axis, words)
        if numbers["bias"] is None:
            continue
        known = [(a[key], b[key]) for a, b in pairs if None not in (a[key], b[key])]
        found, reference = np.array(known).T
        axis.scatter((found + reference) / 2, found - reference, s=16, color=_colour(n), alpha=0.75, linewidths=0)
        axis.axhline(0, color=LINE, linewidth=1)
        for value, dash in ((numbers["bias"], "-"), (numbers["low"], "--"), (numbers["high"], "--")):
            axis.axhline(value, color=INK, linewidth=1.2, linestyle=dash)
            axis.annotate(number(value, 1, sign=True), (1, value), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                          textcoords="offset points", ha="right", va="bottom", fontsize=8.5, color=INK,
                          bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.5})  # fmt: skip
        reach = 1.25 * max(np.abs(found - reference).max(), abs(numbers["low"]), abs(numbers["high"]), 1e-6)
        axis.set_ylim(-reach, reach)
        axis.set_xlabel("mean of both")
    axes[0].set_ylabel("predicted − reference")
    return _svg(figure, f"Bland–Altman plots of EDV, ESV and EF, {sheet['model']}; limits at ±{LIMITS_SD} SD")


def reliability(sheets: Sequence[Sheet]) -> str:
    """Confidence against mean Dice, against the share of good frames, and pixel probability against what was so."""
    panels = (
        ("confidence", "confidence", "dice", "Dice by confidence", "mean Dice"),
        ("confidence", "confidence", "good", "Good frames by confidence", "share with Dice ≥ .9"),
        ("pixels", "probability", "share", "Pixels", "share in the cavity"),
    )
    figure, axes = _figure(1, 3, 3.5)
    for axis, (part, x, y, title, up) in zip(axes, panels, strict=True):
        axis.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":")
        for n, sheet in enumerate(sheets):
            bins = _bins(sheet, part)
            axis.plot([b[x] for b in bins], [b[y] for b in bins], color=_colour(n), linestyle=DASHES[n % len(DASHES)],
                      marker=MARKERS[n % len(MARKERS)], markersize=5, linewidth=1.6)  # fmt: skip
        for limit, key in ((axis.set_xlim, x), (axis.set_ylim, y)):
            low = 0.0 if part == "pixels" else _floor([b[key] for s in sheets for b in _bins(s, part)])
            limit(low - 0.02 * (1 - low), 1 + 0.02 * (1 - low))
        axis.set(xlabel=f"predicted {x}", ylabel=up)
        _title(axis, title)
    return _svg(figure, "Reliability of confidence and of pixel probabilities", _names(sheets))


def learning(runs: Sequence[dict[str, Any]]) -> str:
    """Loss and validation Dice over the steps of runs [{"name", "events"}]."""
    figure, axes = _figure(1, 2, 3.3)
    drawn = False
    for n, run in enumerate(runs):
        for axis, event, key in ((axes[0], "step", "loss"), (axes[1], "validated", "dice")):
            points = [(e["step"], e[key]) for e in run["events"] if e.get("event") == event and key in e]
            if points:
                drawn = True
                axis.plot(*zip(*points, strict=True), color=_colour(n), linestyle=DASHES[n % len(DASHES)],
                          marker="." if event == "validated" else "", linewidth=1.5)  # fmt: skip
    for axis, words in zip(axes, ("training loss", "validation Dice"), strict=True):
        _title(axis, words)
        axis.set_xlabel("step")
    return _svg(figure, "Learning curves", [run["name"] for run in runs]) if drawn else ""


def changes(rows: Sequence[tuple[str, Sequence[tuple[dict[str, Any], dict[str, Any]]]]], keys: dict[str, str]) -> str:
    """How far each variant lies from the plain network: a line a variant, a dot a seed, a panel a figure.

    Args:
        rows: name and [(result, the plain network's of the same seed)] of each variant.
        keys: the figures that are shown and what they are called.
    """
    if not any(pairs for _, pairs in rows):
        return ""
    drawn, axes = _figure(1, len(keys), 1.2 + 0.24 * len(rows))
    for n, (axis, key) in enumerate(zip(axes, keys, strict=True)):
        axis.axvline(0, color=INK, linewidth=1)
        for line, (_, pairs) in enumerate(rows):
            far = [one[key] - plain[key] for one, plain in pairs if None not in (one[key], plain[key])]
            axis.plot(far, [line] * len(far), "o", color=_colour(0), markersize=5, alpha=0.8)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        axis.set_yticks(range(len(rows)), [name for name, _ in rows] if n == 0 else [""] * len(rows))
        _title(axis, keys[key])
    return _svg(drawn, f"Change of {', '.join(keys.values())} against the plain network")


def _figure(rows: int, columns: int, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), dpi=100, layout="constrained")
    axes = list(np.atleast_1d(np.asarray(figure.subplots(rows, columns))).ravel())
    for axis in axes:
        axis.set_axisbelow(True)
        axis.grid(color=LINE, linewidth=0.7)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(QUIET)
        axis.tick_params(colors=QUIET, labelsize=9)
        axis.xaxis.label.set(fontsize=9.5, color=QUIET)
        axis.yaxis.label.set(fontsize=9.5, color=QUIET)
    return figure, axes


def _box(axis: Axes, at: float, values: list[float], n: int) -> None:
    line = {"color": _colour(n), "linewidth": 1.4}
    axis.boxplot(
        values, positions=[at], widths=0.62, patch_artist=True, whiskerprops=line, capprops=line,
        boxprops={"facecolor": _colour(n) + "30", "edgecolor": _colour(n), "linewidth": 1.4},
        medianprops={"color": INK, "linewidth": 1.8},
        flierprops={"marker": MARKERS[n % len(MARKERS)], "markersize": 3.5, "markerfacecolor": _colour(n),
                    "markeredgewidth": 0},
        manage_ticks=False,
    )  # fmt: skip


def _title(axis: Axes, words: str) -> None:
    axis.set_title(words, loc="left", fontsize=11, color=INK, fontweight="bold")


def _bins(sheet: Sheet, part: str) -> list[dict[str, float]]:
    return sheet["reliability"][part].get("bins", [])


def _floor(values: Sequence[float]) -> float:
    """The tenth below all values: where the axes of a panel begin."""
    return min(float(np.floor(10 * min(values, default=0.0)) / 10), 0.9)


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def _names(sheets: Sequence[Sheet]) -> list[str]:
    return [sheet["model"] for sheet in sheets]


def _svg(figure: Figure, words: str, names: Sequence[str] = ()) -> str:
    """The figure as an <svg> element that names nothing outside the page; with a legend where names are given."""
    import matplotlib
    from matplotlib.lines import Line2D

    if names:
        handles = [
            Line2D([], [], color=_colour(n), linestyle=DASHES[n % len(DASHES)], marker=MARKERS[n % len(MARKERS)],
                   markersize=5, label=name)
            for n, name in enumerate(names)
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside upper left", ncols=4, frameon=False, fontsize=9.5, handlelength=3)
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = drawn.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)  # a page in HTML knows both name spaces
    text = re.sub(r" ?font-family: [^;\"]*;?", "", text)  # the page's own
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(r'\sid="([^"]*)"', lambda m: m[0] if m[1] in used else "", text)  # else every figure has an axes_1
    label = html.escape(words, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
