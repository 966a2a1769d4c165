"""Tables of a report, as HTML; all take the sheets of one data set, a model each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ral.evaluation.curves import CURVES
from ral.evaluation.frames import HIGHER_IS_BETTER, METRICS
from ral.report.words import DECIMALS, METRIC_NAMES, NOTHING, heading, mean_sd, number, percent, said

Sheet = dict[str, Any]
_QUANTITIES = {"edv_ml": "EDV (ml)", "esv_ml": "ESV (ml)", "ef_percent": "EF (points)"}
_SIZES = {"area_mm2": "area", "length_mm": "length", "base_mm": "annulus width"}


def table(head: Sequence[str], body: Sequence[Sequence[str]], caption: str = "", kind: str = "") -> str:
    """Cells of HTML; a body row of one cell is a heading over the rows below it.

    Columns without a value are left out.
    """
    whole = [cells for cells in body if len(cells) > 1]
    kept = [n for n in range(len(head)) if n == 0 or any(cells[n] != NOTHING for cells in whole)]
    head = [head[n] for n in kept]
    body = [cells if len(cells) == 1 else [cells[n] for n in kept] for cells in body]
    rows = []
    for cells in body:
        if len(cells) == 1:
            rows.append(f'<tr class="group"><td colspan="{len(head)}">{cells[0]}</td></tr>')
        else:
            rows.append("<tr>" + "".join(c if c.startswith("<t") else f"<td>{c}</td>" for c in cells) + "</tr>")
    top = "".join(f'<th scope="col">{h}</th>' for h in head)
    under = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="wide"><table class="{kind}">{under}<thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def glance(sheets: Sequence[Sheet]) -> str:
    """The first thing to read: a row for each model and data set."""
    head = [
        "Model",
        "Frames",
        "Empty",
        "Dice",
        "HD (mm)",
        "MAD (mm)",
        "EF MAE (points)",
        "View right",
        "Jumping frames",
    ]
    body: list[list[str]] = []
    for source in dict.fromkeys(s["source"] for s in sheets):
        body.append([said(source)])
        for sheet in (s for s in sheets if s["source"] == source):
            whole, clinical = sheet["summary"]["all"], sheet["clinical"]
            body.append([
                said(sheet["model"]), str(whole["frames"]), _warned(whole["empty"]),
                *(mean_sd(whole[metric], metric) for metric in ("dice", "hd_mm", "mad_mm")),
                number(clinical["ef_percent"]["mae"], 1) if clinical else NOTHING,
                percent(sheet["views"]["right"], 0) if sheet["views"] else NOTHING,
                percent(sheet["temporal"]["found"]["share"]) if sheet["temporal"] else NOTHING,
            ])  # fmt: skip
    return table(head, body, "Mean ± SD over frames. An empty prediction counts with Dice 0; it has no distance.")


def accuracy(sheets: Sequence[Sheet]) -> str:
    """Methods by metrics, for all frames and by instant or view."""
    head = ["Model", "n", "Empty", *(heading(m, " ↑" if m in HIGHER_IS_BETTER else " ↓") for m in METRICS)]
    groups = list(dict.fromkeys(group for sheet in sheets for group in sheet["summary"]))
    body: list[list[str]] = []
    for group in groups:
        there = [sheet for sheet in sheets if group in sheet["summary"]]
        best = {m: _best([s["summary"][group][m]["mean"] for s in there], m in HIGHER_IS_BETTER) for m in METRICS}
        body.append(["All labelled frames" if group == "all" else said(group)])
        for sheet in there:
            entry = sheet["summary"][group]
            cells = []
            for metric in METRICS:
                chosen = len(there) > 1 and entry[metric]["mean"] == best[metric] is not None
                cells.append(f'<td class="{"best" if chosen else ""}">{mean_sd(entry[metric], metric)}</td>')
            body.append([said(sheet["model"]), str(entry["frames"]), _warned(entry["empty"]), *cells])
    note = "Mean ± SD over frames; bold is the best mean. Annulus: mean distance of the two hinge points."
    return table(head, body, f"{note} {_pixel_sizes(sheets[0])}")


def _pixel_sizes(sheet: Sheet) -> str:
    """Distances are taken on each file's own grid: where the files differ, that is said."""
    sizes = sorted({tuple(round(mm, 2) for mm in cine["spacing_mm"]) for cine in sheet["cines"]})
    least, most = (" × ".join(f"{mm:.2g}" for mm in size) for size in (sizes[0], sizes[-1]))
    if len(sizes) == 1:
        return f"Pixels of {least} mm."
    return f"The files have {len(sizes)} sizes of pixels, {least} to {most} mm; each is measured on its own grid."


def volumes(sheets: Sequence[Sheet]) -> str:
    """EDV, ESV and EF: correlation, bias, error, Bland-Altman limits."""
    there = [sheet for sheet in sheets if sheet["clinical"]]
    if not there:
        return ""
    head = ["Model", "n", "r", "Bias ± SD", "MAE", "95 % limits", "Inside"]
    body: list[list[str]] = []
    for title, of in (("", _plain), (", volumes as the CAMUS benchmark computes them", _camus)):
        for key, words in _QUANTITIES.items():
            rows = [(sheet, of(sheet, key)) for sheet in there]
            rows = [(sheet, numbers) for sheet, numbers in rows if numbers is not None and numbers["n"]]
            if rows:
                body.append([words + title])
            body += [[said(sheet["model"]), *_agreement(numbers)] for sheet, numbers in rows]
    planes = "; ".join(
        f"{said(s['model'])}: "
        + ", ".join(f"{count} {kind}" if kind == "biplane" else f"{count} from {kind} alone"
                    for kind, count in s["clinical"]["planes"].items())
        + (f", {s['clinical']['without']} without a predicted volume" if s["clinical"]["without"] else "")
        + (f", {s['clinical']['turned']} without an EF (predicted ESV no smaller than EDV)"
           if s["clinical"].get("turned") else "")
        for s in there
    )  # fmt: skip
    return table(head, body, f"Method of disks, predicted against reference contours. Patients: {planes}.")


def cycle(sheets: Sequence[Sheet]) -> str:
    """How much each metric varies and drifts over the cycle."""
    there = [sheet for sheet in sheets if sheet["curves"]]
    if not there:
        return ""
    head = ["Model", *(f"{METRIC_NAMES[m]}<br>{kind}" for m in CURVES for kind in ("max − min", "slope"))]
    body = [
        [said(sheet["model"]), *(
            number(sheet["curves"][m][key], DECIMALS[m], sign=key == "slope")
            for m in CURVES for key in ("max_minus_min", "slope")
        )]
        for sheet in there
    ]  # fmt: skip
    return table(head, body, "Over the means of 30 bins; slope is the change from phase 0 to 1 along a straight line.")


def steadiness(sheets: Sequence[Sheet]) -> str:
    """Share of frames that jump, and mean bend of each size."""
    there = [sheet for sheet in sheets if sheet["temporal"]]
    if not there:
        return ""
    head = ["Contours", "Cines", "Frames judged", "Jumping", *(f"Bend of {words}" for words in _SIZES.values())]
    body = [_bends(said(sheet["model"]), sheet["temporal"]["found"]) for sheet in there]
    if "reference" in there[0]["temporal"]:
        body.append(_bends("<em>reference</em>", there[0]["temporal"]["reference"]))
    return table(head, body, steadiness_note())


def steadiness_note() -> str:
    from ral.evaluation.temporal import LIMITS

    limits = ", ".join(f"{_SIZES[key]} {percent(limit, 0)}" for key, limit in LIMITS.items())
    return (
        "Bend: how far a frame's size lies from the mean of its two neighbours, as a share of the cine's median. "
        f"A frame jumps where a bend passes its limit ({limits}) or no contour was found."
    )


def unlabelled(entries: Sequence[dict[str, Any]]) -> str:
    """Steadiness on cines without labels: [{"cine", "model"} | `ral.evaluation.sheet.steadiness`]."""
    head = ["Model", "View named", "Frames judged", "Jumping", *(f"Bend of {words}" for words in _SIZES.values())]
    body: list[list[str]] = []
    for cine in dict.fromkeys(e["cine"] for e in entries):
        body.append([said(cine)])
        for entry in (e for e in entries if e["cine"] == cine):
            flags = entry["temporal"]
            bends = [percent(flags["bend"][key], 2) for key in _SIZES]
            view = NOTHING if entry["view"] is None else f"{entry['view']}, {percent(entry['view_share'], 0)}"
            jumping = f"{sum(flags['flagged'])} ({percent(flags['share'])})"
            body.append([said(entry["model"]), view, str(flags["judged"]), jumping, *bends])
    return table(head, body, steadiness_note())


def confusion(sheet: Sheet) -> str:
    views = sheet["views"]
    if not views:
        return ""
    body = []
    for row, (true, counts) in enumerate(zip(views["views"], views["counts"], strict=True)):
        cells = []
        for column, count in enumerate(counts):
            shade = count / max(sum(counts), 1)
            css = f"background: rgba(0,114,178,{0.45 * shade:.2f})"
            cells.append(f'<td class="{"right" if row == column else ""}" style="{css}">{count}</td>')
        body.append([f'<th scope="row">{true}</th>', *cells])
    caption = (
        f"{said(sheet['model'])}: {percent(views['right'])} of {views['n']} cines right; rows true, columns found."
    )
    return table(["", *views["views"]], body, caption, "confusion")


def steering(sheets: Sequence[Sheet]) -> str:
    """Dice of the neighbours of a corrected frame, without and with the correction as a hint."""
    there = [sheet for sheet in sheets if sheet["steering"]]
    if not there:
        return ""
    steps = [row["distance"] for row in there[0]["steering"]["by_distance"]]
    head = ["Model", "Hint", "All neighbours", *(f"{n} frame{'s' if n > 1 else ''} away" for n in steps)]
    body = []
    for sheet in there:
        rows = {row["distance"]: row for row in sheet["steering"]["by_distance"]}
        for when, words in (("before", "without"), ("again", "without, read again"), ("after", "with")):
            cells = [number(rows[n][when], 3) if n in rows else NOTHING for n in steps]
            body.append([said(sheet["model"]), words, number(sheet["steering"][when], 3), *cells])
    note = (
        "Dice. The worst frame of each cine is corrected to its reference; the network reads on from it both ways. "
        "Read again: from the same frame in the same order, without the correction."
    )
    return table(head, body, note)


def reliability(sheets: Sequence[Sheet]) -> str:
    head = ["Model", "ECE, confidence", "ECE, pixels", "ECE, doubtful pixels", "Border within 1 σ", "within 2 σ"]
    body = []
    for sheet in sheets:
        parts = sheet["reliability"]
        covered = parts["coverage"]
        body.append([
            said(sheet["model"]), number(parts["confidence"].get("ece"), 3), number(parts["pixels"].get("ece"), 4),
            number(parts["pixels"].get("ece_border"), 3),
            *(percent(covered.get(key)) for key in ("within_1s", "within_2s")),
        ])  # fmt: skip
    note = "ECE: mean gap between what was said and what was so. Doubtful: probability between .1 and .9."
    if any(sheet["reliability"]["coverage"] for sheet in sheets):
        note += " Of a border that strays normally, 68 % lie within 1 σ and 95 % within 2 σ."
    return table(head, body, note)


def comparison(made: dict[str, Any]) -> str:
    """What changes from one model to another, on the same frames."""
    a, b = said(made["a"]), said(made["b"])
    head = ["Metric", "n", f"{b} − {a}", "95 % interval", "p", "Better", "Worse", "Equal"]
    body = []
    for metric, numbers in made["metrics"].items():
        if not numbers["n"]:
            continue
        d = DECIMALS[metric] + 1
        p = numbers["p"]
        body.append([
            METRIC_NAMES[metric], str(numbers["n"]), number(numbers["difference"], d, sign=True),
            f"{number(numbers['low'], d, sign=True)} … {number(numbers['high'], d, sign=True)}",
            NOTHING if p is None else "&lt; .001" if p < 0.001 else number(p, 3),
            *(str(numbers[key]) for key in ("wins", "losses", "ties")),
        ])  # fmt: skip
    unshared = made["only_a"] + made["only_b"]
    left = f" {unshared} frames without a partner were left out." if unshared else ""
    return table(
        head, body,
        f"{made['frames']} frames of {made['patients']} {'hearts' if made['simulated'] else 'patients'}. "
        f"Interval: bootstrap over them; p: Wilcoxon signed rank over their means. Better, worse: frames.{left}",
    )  # fmt: skip


def regressions(made: dict[str, Any]) -> str:
    if not made["regressions"]:
        return ""
    body = [
        [said(r["case"]), str(r["t"] + 1), r["instant"] or NOTHING, number(r["dice_a"], 3), number(r["dice_b"], 3),
         number(r["dice_b"] - r["dice_a"], 3, sign=True)]
        for r in made["regressions"]
    ]  # fmt: skip
    head = ["Cine", "Frame", "Instant", f"Dice, {said(made['a'])}", f"Dice, {said(made['b'])}", "Change"]
    return table(head, body, "Where the second model lost most.")


def _plain(sheet: Sheet, key: str) -> dict[str, Any] | None:
    return sheet["clinical"][key]


def _camus(sheet: Sheet, key: str) -> dict[str, Any] | None:
    return sheet["clinical"].get("camus", {}).get(key)


def _agreement(numbers: dict[str, Any]) -> list[str]:
    if numbers["bias"] is None:
        return [str(numbers["n"]), *[NOTHING] * 5]
    return [
        str(numbers["n"]), number(numbers["r"], 3),
        f'{number(numbers["bias"], 1, sign=True)} <span class="sd">± {number(numbers["sd"], 1)}</span>',
        number(numbers["mae"], 1),
        f"{number(numbers['low'], 1, sign=True)} … {number(numbers['high'], 1, sign=True)}",
        percent(numbers["inside"], 0),
    ]  # fmt: skip


def _bends(name: str, flags: dict[str, Any]) -> list[str]:
    bends = [percent(flags["bend"][key], 2) for key in _SIZES]
    return [name, str(flags["cines"]), str(flags["judged"]), percent(flags["share"]), *bends]


def _best(means: Sequence[float | None], higher: bool) -> float | None:
    known = [m for m in means if m is not None]
    choose: Callable[[list[float]], float] = max if higher else min
    return choose(known) if known else None


def _warned(empty: int) -> str:
    return f'<td class="warn">{empty}</td>' if empty else "0"
