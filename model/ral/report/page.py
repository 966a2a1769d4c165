"""The sections of a report and the page around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ral.evaluation.summary import view_table
from ral.report import plots, tables
from ral.report.style import COLOURS, PAGE
from ral.report.words import NOTHING, number, said

Sheet = dict[str, Any]
SIMULATED = (
    '<p class="notice"><strong>These hearts were drawn by a program.</strong> Their contours are known exactly, '
    "their pictures are easier or harder than a patient's in ways nobody has measured. Figures here are not to be "
    "set beside those of patients.</p>"
)
_FOUND, _REFERENCE = COLOURS[4], COLOURS[5]  # both stand out on grey; dashed and solid tell them apart as well


def page(report: dict[str, Any]) -> str:
    """The whole HTML of a report (see `ral.report.write`)."""
    sheets = report["sheets"]
    real = [s for s in sheets if not s["simulated"]]
    simulated = [s for s in sheets if s["simulated"]]
    parts = [
        ("patients", "Patients", _data_sets(real)),
        ("simulated", "Simulated hearts", _simulated(simulated)),
        ("unlabelled", "Steadiness on cines without labels", _unlabelled(report.get("unlabelled", []))),
        ("comparisons", "Comparisons", _comparisons(report.get("comparisons", []))),
        ("training", "Training", plots.learning(report.get("training", []))),
        ("made", "How this was made", _made(report)),
    ]
    return frame(report["title"], report["provenance"], parts)


def frame(title: str, made: dict[str, Any], parts: Sequence[tuple[str, str, str]]) -> str:
    """A page around sections (mark, title, HTML), the empty ones left out; `made` is of `ral.report.provenance`."""
    parts = [part for part in parts if part[2]]
    links = "".join(f'<a href="#{mark}">{said(name)}</a>' for mark, name, _ in parts)
    body = "".join(f'<section><h2 id="{mark}">{said(name)}</h2>{inner}</section>' for mark, name, inner in parts)
    under = f"{said(made['written'])} · code {said(made['revision'] or 'unknown')}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{said(title)}</title><style>{PAGE}</style></head><body><main>"
        f'<header><h1>{said(title)}</h1><p class="quiet">{under}</p><nav>{links}</nav></header>'
        f"{body}</main></body></html>\n"
    )


def _data_sets(sheets: Sequence[Sheet]) -> str:
    """A summary of all, then each data set with its models side by side."""
    if not sheets:
        return ""
    made = [tables.glance(sheets)]
    for source in dict.fromkeys(s["source"] for s in sheets):
        made.append(f"<h3>{said(source)}</h3>" + _data_set([s for s in sheets if s["source"] == source]))
    return "".join(made)


def _simulated(sheets: Sequence[Sheet]) -> str:
    return SIMULATED + _data_sets(sheets) if sheets else ""


def _data_set(sheets: Sequence[Sheet]) -> str:
    blocks = [
        ("Contours", tables.accuracy(sheets) + figure(plots.boxes(sheets))),
        ("Over the cycle", figure(plots.curves(sheets)) + tables.cycle(sheets)),
        ("Steadiness", tables.steadiness(sheets)),
        ("Volumes and ejection fraction", tables.volumes(sheets) + "".join(
            figure(plots.bland_altman(sheet, n), f"{said(sheet['model'])}. Solid: bias; dashed: ±1.96 SD.")
            for n, sheet in enumerate(sheets)
        )),
        ("Views, decided once a cine", _side_by_side([tables.confusion(sheet) for sheet in sheets])),
        ("One corrected frame steers its neighbours", tables.steering(sheets)),
        ("Does it know when it is wrong?", figure(plots.reliability(sheets)) + tables.reliability(sheets)),
    ]  # fmt: skip
    blocks += [(f"Worst frames, {said(sheet['model'])}", _pictures(sheet)) for sheet in sheets]
    return "".join(f"<h4>{title}</h4>{inner}" for title, inner in blocks if inner)


def figure(svg: str, caption: str = "") -> str:
    """A plot of `ral.report.plots` and the words under it."""
    if not svg:
        return ""
    return f"<figure>{svg}" + (f"<figcaption>{caption}</figcaption>" if caption else "") + "</figure>"


def _pictures(sheet: Sheet) -> str:
    if not sheet["worst"]:
        return ""
    legend = (
        f'<p class="quiet">{_key(_FOUND, dashed=True)}predicted &emsp; '
        f"{_key(_REFERENCE, dashed=False)}reference &emsp; Of each cine only its worst frame.</p>"
    )
    return legend + f'<div class="pictures">{"".join(_picture(entry) for entry in sheet["worst"])}</div>'


def _picture(entry: dict[str, Any]) -> str:
    name = entry["case"] if entry["frames"] == 1 else f"{entry['case']}, frame {entry['t'] + 1}"
    distance = NOTHING if entry["hd_mm"] is None else f"{number(entry['hd_mm'], 1)} mm"
    words = f"Dice {number(entry['dice'], 3)} · HD {distance} · confidence {number(entry['confidence'], 2)}"
    alt = said(f"{name}: {words}" + ("" if entry["found"] else "; no contour was found"))
    lines = _line(entry["reference"], _REFERENCE, dashed=False) + _line(entry["found"], _FOUND, dashed=True)
    return (
        f'<figure><svg role="img" aria-label="{alt}" viewBox="0 0 {entry["width"]} {entry["height"]}">'
        f'<image width="{entry["width"]}" height="{entry["height"]}" href="data:image/png;base64,{entry["png"]}"/>'
        f"{lines}</svg><figcaption>{said(name)}<br>{words}</figcaption></figure>"
    )


def _line(points: Sequence[Sequence[float]], colour: str, dashed: bool) -> str:
    if not points:
        return ""
    at = " ".join(f"{x:g},{y:g}" for x, y in points)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polygon points="{at}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _key(colour: str, dashed: bool) -> str:
    """A piece of line for the legend."""
    line = _line([(0, 5), (34, 5)], colour, dashed)
    return f'<svg class="key" width="34" height="10" aria-hidden="true">{line}</svg>'


def _side_by_side(parts: Sequence[str]) -> str:
    there = "".join(part for part in parts if part)
    return f'<div class="side">{there}</div>' if there else ""


def _unlabelled(entries: Sequence[dict[str, Any]]) -> str:
    """Steadiness of each cine and, where their views are known, which were named."""
    if not entries:
        return ""
    views = []
    for model in dict.fromkeys(entry["model"] for entry in entries):
        cines = [{"view": e["true"], "view_found": e["view"]} for e in entries if e["model"] == model]
        views.append(tables.confusion({"model": model, "views": view_table(cines)}))
    return tables.unlabelled(entries) + _side_by_side(views)


def _comparisons(made: Sequence[dict[str, Any]]) -> str:
    return "".join(
        f"<h3>{said(c['b'])} against {said(c['a'])}, on {said(c['source'])}"
        f"{' (simulated hearts)' if c['simulated'] else ''}</h3>{tables.comparison(c)}{tables.regressions(c)}"
        for c in made
    )


def _made(report: dict[str, Any]) -> str:
    return pairs([
        *machine(report["provenance"]),
        ("Seed", NOTHING if report.get("seed") is None else report["seed"]),
        *((f"Data, {source}", mark) for source, mark in report.get("data", {}).items()),
        *((f"Weights, {s['model']}", s["weights"] or NOTHING) for s in _once(report["sheets"])),
        *((f"Weights {identity} made by", command) for identity, command in report.get("commands", {}).items()),
    ])  # fmt: skip


def machine(made: dict[str, Any]) -> list[tuple[str, object]]:
    """Code, time and machine of a report; `made` is of `ral.report.provenance`."""
    on = made["machine"]
    load = NOTHING if on["load"] is None else ", ".join(str(x) for x in on["load"])
    return [
        ("Code", made["revision"] or "unknown"), ("Written", made["written"]),
        ("Machine", f"{on['system']} {on['processor']}, {on['processors']} processors, load {load}"),
        ("Python", on["python"]),
    ]  # fmt: skip


def pairs(known: Sequence[tuple[str, object]]) -> str:
    """What is known, a line each."""
    return "<dl>" + "".join(f"<dt>{said(k)}</dt><dd>{said(v)}</dd>" for k, v in known) + "</dl>"


def _once(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The first sheet of each set of weights."""
    return list({(s["model"], s["weights"]): s for s in reversed(sheets)}.values())[::-1]
