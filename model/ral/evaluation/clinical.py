"""Volumes and ejection fraction against the reference's, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ral.evaluation.frames import Row
from ral.geometry import Disks, simpson_ase, simpson_camus

LIMITS_SD = 1.96
_QUANTITIES = ("edv_ml", "esv_ml", "ef_percent")

_Volumes = dict[str, float | None]  # of one patient, by _QUANTITIES


def volumes_by_patient(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """EDV, ESV and EF of every patient who has both instants, predicted and reference.

    Volumes are `ral.geometry.simpson_ase`: biplane where rows of A4C and A2C are there, else the one plane that is
    there, said in "planes"; an A3C stands in for an A4C that is missing, as a single plane. With both apical views
    "camus" holds the same by `simpson_camus`.

    Returns:
        One dict a patient: patient, planes, found {edv_ml, esv_ml, ef_percent}, reference {...}. An instant without
        a predicted contour leaves `found` None, and an ESV that is no smaller than the EDV its EF: the patient is
        counted, and no number is made up.
    """
    patients: dict[str, dict[str, dict[str, Row]]] = {}
    for row in rows:
        if "disks" in row:
            patients.setdefault(row["patient"], {}).setdefault(row["view"], {})[row["instant"]] = row
    made = []
    for patient, views in patients.items():
        whole = {view: pair for view, pair in views.items() if {"ED", "ES"} <= set(pair)}
        if not whole:
            continue
        found, planes = _beat(whole, "found")
        reference, _ = _beat(whole, "reference")
        entry = {"patient": patient, "planes": planes, "found": found, "reference": reference}
        if {"A4C", "A2C"} <= set(whole):
            entry["camus"] = {who: _camus(whole, who) for who in ("found", "reference")}
        made.append(entry)
    return made


def agreement(found: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """Pearson r, bias (found - reference), its SD (n - 1), MAE, and the Bland-Altman limits with the share inside.

    Returns:
        {"n", "r", "bias", "sd", "mae", "low", "high", "inside"}; r is None where one side does not vary, all but n are
        None below two pairs.

    Reference: Bland & Altman, Lancet 1986; limits = bias +- 1.96 SD.
    """
    a, b = np.asarray(found, float), np.asarray(reference, float)
    if len(a) < 2:
        return {"n": len(a)} | dict.fromkeys(("r", "bias", "sd", "mae", "low", "high", "inside"))
    difference = a - b
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    low, high = bias - LIMITS_SD * sd, bias + LIMITS_SD * sd
    varies = np.ptp(a) > 0 and np.ptp(b) > 0
    return {
        "n": len(a), "r": float(np.corrcoef(a, b)[0, 1]) if varies else None, "bias": bias, "sd": sd,
        "mae": float(np.abs(difference).mean()), "low": low, "high": high,
        "inside": float(((difference >= low) & (difference <= high)).mean()),
    }  # fmt: skip


def clinical(rows: Sequence[Row]) -> dict[str, Any]:
    """Agreement of EDV, ESV and EF over the patients: {} where none has both instants.

    Returns:
        {"patients": as `volumes_by_patient`, "without": how many lack a predicted volume, "turned": how many have no
        EF, as their predicted ESV is no smaller than the EDV, "planes": patients by what their volumes rest on,
        "edv_ml" | "esv_ml" | "ef_percent": `agreement`, and "camus": the same three by the benchmark's volumes where
        both views are there}.
    """
    patients = volumes_by_patient(rows)
    if not patients:
        return {}
    kinds = [p["planes"] for p in patients]
    both = [p for p in patients if p["found"] is not None]
    result: dict[str, Any] = {
        "patients": patients, "without": len(patients) - len(both),
        "turned": sum(p["found"]["ef_percent"] is None for p in both),
        "planes": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
    }  # fmt: skip
    result |= {key: _agree([(p["found"], p["reference"]) for p in both], key) for key in _QUANTITIES}
    pairs = [(p["camus"]["found"], p["camus"]["reference"]) for p in both if "camus" in p]
    if pairs:
        result["camus"] = {key: _agree(pairs, key) for key in _QUANTITIES}
    return result


def _agree(pairs: Sequence[tuple[_Volumes, _Volumes]], key: str) -> dict[str, Any]:
    both = ((found[key], reference[key]) for found, reference in pairs)
    known = [(a, b) for a, b in both if a is not None and b is not None]
    return agreement([a for a, _ in known], [b for _, b in known])


def _beat(views: dict[str, dict[str, Row]], who: str) -> tuple[_Volumes | None, str]:
    """EDV, ESV, EF of one patient, and the planes; None where a contour is missing."""
    four = "A4C" if "A4C" in views else "A3C"
    planes = [view for view in (four, "A2C") if view in views]
    volumes, said = [], "biplane" if planes == ["A4C", "A2C"] else planes[0]
    for instant in ("ED", "ES"):
        disks = {view: _disks(views[view][instant], who) for view in planes}
        if None in disks.values():
            return None, said
        pair = (disks.get("A4C"), disks.get("A2C")) if said == "biplane" else (disks[said], None)
        volumes.append(simpson_ase(*pair).ml)
    return _with_ef(*volumes), said


def _camus(views: dict[str, dict[str, Row]], who: str) -> _Volumes | None:
    disks = [_disks(views[view][instant], who) for view in ("A4C", "A2C") for instant in ("ED", "ES")]
    return None if None in disks else _with_ef(*simpson_camus(*[d for d in disks if d is not None]))


def _with_ef(edv: float, esv: float) -> _Volumes:
    return {"edv_ml": edv, "esv_ml": esv, "ef_percent": 100 * (edv - esv) / edv if edv > esv else None}


def _disks(row: Row, who: str) -> Disks | None:
    kept = row["disks"][who]
    return None if kept is None else Disks(np.array(kept["widths_mm"]), kept["length_mm"])
