"""Reports of a tiny real evaluation, read back: nothing from elsewhere, and the numbers of the JSON."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.stats import wilcoxon

from ral.evaluate import evaluate
from ral.evaluation.cases import Case, phase_from
from ral.evaluation.clinical import clinical
from ral.evaluation.temporal import temporal_flags
from ral.geometry import raster
from ral.predict import FramePrediction
from ral.report import compare, write
from ral.report.plots import bland_altman, changes, learning
from ral.report.tables import accuracy, table, volumes
from ral.report.variants import variants_page
from ral.report.words import number

SIZE = 96


def ventricle(length: float, radius: float) -> np.ndarray:
    angle = np.linspace(np.pi, 2 * np.pi, 65)
    return np.column_stack([radius * np.cos(angle) + 48, length * np.sin(angle) + 80])


class Enlarged:
    """A model that answers with the true contour, widened and shifted; at frame 3 of some cines with nothing."""

    reads_hints = False

    def __init__(self, truth: dict[int, list[np.ndarray]], wide: float, fails: bool = False) -> None:
        self.truth, self.wide, self.fails, self.cine = truth, wide, fails, -1

    def stream(self, frames, preparation):
        self.cine += 1
        for t, _ in enumerate(frames):
            contour = (self.truth[self.cine][t] - (48, 80)) * (self.wide, 1) + (48 + self.cine, 80)
            if self.fails and self.cine == 1 and t == 3:
                contour = np.full_like(contour, np.nan)
            logits = np.where(preparation.mask(raster(contour, (SIZE, SIZE))), 3.0, -3.0).astype(np.float32)
            confidence = 0.0 if np.isnan(contour[0, 0]) else 0.9 + 0.01 * self.cine
            yield FramePrediction(t, contour, confidence, np.array([0.1, 0.2, 0.7]), logits)


def cines(simulated: bool) -> tuple[list[Case], dict[int, list[np.ndarray]]]:
    rng, made, truth = np.random.default_rng(1), [], {}
    for n in range(4):
        swing = np.cos(2 * np.pi * np.arange(8) / 8)
        truth[n] = [ventricle(55 + 4 * s + n, 18 + 3 * s + n) for s in swing]
        masks = np.stack([raster(c, (SIZE, SIZE)) for c in truth[n]])
        frames = np.where(masks, 40, 120).astype(np.uint8) + rng.integers(0, 30, masks.shape).astype(np.uint8)
        made.append(
            Case(
                f"<heart> {n}", f"patient{n:04d}", frames, masks, np.ones(8, bool), (0.7, 0.7), "A4C",
                {0: "ED", 4: "ES"}, phase_from(0, 8, 8), simulated=simulated,
            )
        )  # fmt: skip
    return made, truth


@pytest.fixture(scope="module")
def sheets() -> list[dict]:
    found = []
    for simulated, source in ((False, "clinic"), (True, "drawn")):
        made, truth = cines(simulated)
        found += [
            evaluate(Enlarged(truth, wide, fails), made, source, name, identity, worst=2)
            for wide, fails, name, identity in ((1.05, False, "fine", "abc123"), (1.3, True, "coarse", "def456"))
        ]
    return found


@pytest.fixture(scope="module")
def written(sheets, tmp_path_factory) -> tuple[str, dict]:
    path = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    events = [{"event": "step", "step": s, "loss": 1 / s} for s in (1, 2, 3)]
    events += [{"event": "validated", "step": 3, "dice": 0.9}, {"event": "end", "step": 3}]
    beside = write(path, {
        "title": "A & B", "sheets": sheets, "seed": 7, "data": {"clinic": "sha256 f00d"},
        "commands": {"abc123": "ral train ral-lite-camus --seed 5"},
        "comparisons": [compare(sheets[0], sheets[1])], "training": [{"name": "run", "events": events}],
        "unlabelled": [{"cine": "some.mp4", "model": "fine", "true": "A2C", "frames": 6, "view": "A3C",
                        "view_share": 0.7, "temporal": temporal_flags(np.stack([ventricle(50, 18)] * 6))}],
    })  # fmt: skip
    assert beside == path.with_suffix(".json")
    assert sorted(p.name for p in path.parent.iterdir()) == ["report.html", "report.json"]
    return path.read_text(encoding="utf-8"), json.loads(beside.read_text(encoding="utf-8"))


class Reader(HTMLParser):
    """Sections of a page with the cells of their tables; fails on tags that do not close."""

    VOID = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sections: dict[str, list[list[str]]] = {}
        self.words: dict[str, str] = {}
        self.links: list[str] = []
        self.unlabelled = 0
        self.ids: list[str] = []
        self.section = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[k] for k in ("href", "src", "xlink:href", "data", "action") if given.get(k)]
        self.ids += [given["id"]] if "id" in given else []
        if tag == "svg" and not given.get("aria-label") and "aria-hidden" not in given:
            self.unlabelled += 1
        if tag == "h2":
            self.section = given["id"]
            self.sections[self.section], self.words[self.section] = [], ""
        if tag == "tr" and self.section:
            self.sections[self.section].append([])
        if tag in ("td", "th"):
            self.sections[self.section][-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.section:
            self.words[self.section] += data
            if {"td", "th"} & set(self.open):
                self.sections[self.section][-1][-1] += data


def test_the_page_needs_nothing_from_elsewhere(written):
    html, _ = written
    page = Reader(html)
    assert page.links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    rest = re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)
    assert not re.search(r"https?:|//\w|@import|<script|<link|file:", rest)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", rest))


def test_every_picture_has_words_and_every_mark_is_its_own(written):
    page = Reader(written[0])
    assert page.unlabelled == 0
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


@pytest.mark.parametrize(("section", "simulated"), [("patients", False), ("simulated", True)])
def test_the_tables_say_the_numbers_of_the_json(written, section, simulated):
    html, result = written
    rows = Reader(html).sections[section]
    for sheet in (s for s in result["sheets"] if s["simulated"] == simulated):
        for part in ("all", "ED", "ES"):
            entry = sheet["summary"][part]
            cells = [sheet["model"], str(entry["frames"]), str(entry["empty"])]
            for metric in ("dice", "accuracy"):
                cells.append(f"{number(entry[metric]['mean'], 3)} ± {number(entry[metric]['sd'], 3)}")
            assert any(row[:5] == cells for row in rows), cells
        ef = sheet["clinical"]["ef_percent"]
        wanted = [sheet["model"], str(ef["n"]), number(ef["r"], 3)]
        assert any(row[:3] == wanted and number(ef["mae"], 1) in row for row in rows), wanted


def test_simulated_hearts_stand_apart_and_say_so(written):
    page = Reader(written[0])
    assert "clinic" in page.words["patients"]
    assert "drawn" not in page.words["patients"]
    assert "clinic" not in page.words["simulated"]
    assert "drawn by a program" in page.words["simulated"]


def test_what_made_the_report_is_said(written):
    html, result = written
    page = Reader(html)
    for words in ("abc123", "def456", "sha256 f00d", "ral train ral-lite-camus --seed 5", "processors"):
        assert words in page.words["made"]
    assert result["provenance"]["machine"]["processors"] >= 1
    assert (result["seed"], result["data"]) == (7, {"clinic": "sha256 f00d"})
    assert {"revision", "written"} <= set(result["provenance"])


def test_pixels_of_one_size_and_of_several_are_said(written, sheets):
    assert "Pixels of 0.7 × 0.7 mm." in written[0]
    cine = sheets[0]["cines"][0]
    nearly, other = (cine | {"spacing_mm": size} for size in ([0.7003, 0.6998], [0.308, 0.154]))
    sheet = {**sheets[0], "cines": [cine, nearly, other]}
    assert "2 sizes of pixels, 0.31 × 0.15 to 0.7 × 0.7 mm; each is measured on its own grid" in accuracy([sheet])


def test_names_cannot_break_the_page(written):
    assert "<heart>" not in written[0]
    assert "&lt;heart&gt; 0" in written[0]
    assert "<title>A &amp; B</title>" in written[0]


def test_the_worst_frames_are_shown_with_both_lines(written):
    html, result = written
    for sheet in result["sheets"]:
        assert all("png" not in entry for entry in sheet["worst"])
        dices = [entry["dice"] for entry in sheet["worst"]]
        assert dices == sorted(dices)
        assert len(dices) == 2
    coarse = result["sheets"][1]
    assert coarse["worst"][0]["found"] == []  # the frame on which nothing was found
    assert coarse["worst"][0]["hd_mm"] is None
    assert "no contour was found" in html
    assert html.count('stroke-dasharray="6 4"') >= 7


def test_a_kept_picture_is_the_frame_with_square_pixels(sheets):
    import base64

    entry = sheets[0]["worst"][0]
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(entry["png"]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels.shape == (entry["height"], entry["width"])
    reference = np.array(entry["reference"])
    x, y = reference.mean(0).astype(int)
    assert pixels[y, x] < 80 < pixels[5, 5]  # the cavity is dark and lies inside the line


def test_empty_predictions_stay_in_the_tables(written):
    coarse = written[1]["sheets"][1]
    assert (coarse["summary"]["all"]["frames"], coarse["summary"]["all"]["empty"]) == (32, 1)
    assert any(row["empty"] and row["dice"] == 0 and row["hd_mm"] is None for row in coarse["rows"])


def test_parts_that_are_missing_are_left_out(sheets, tmp_path):
    write(tmp_path / "r.html", {"title": "one", "sheets": [{**sheets[2], "clinical": {}, "curves": {}, "views": {}}]})
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert list(Reader(html).sections) == ["simulated", "made"]
    for words in ("Volumes", "Over the cycle", "Views, decided", "EF MAE"):
        assert words not in html
    assert learning([{"name": "run", "events": []}]) == ""


def test_columns_without_a_value_are_left_out():
    assert "gone" not in table(["kept", "gone"], [["heading"], ["1", "–"], ["2", "–"]])
    assert "stays" in table(["kept", "stays"], [["1", "–"], ["2", "3"]])


# Comparing


def result(model: str, dices: list[float], patients: list[str] | None = None, source: str = "clinic") -> dict:
    rest = dict.fromkeys(("accuracy", "hd_mm", "hd95_mm", "mad_mm", "annulus_mm", "apex_mm"), 1.0)
    owners = patients or [f"p{n}" for n in range(len(dices))]
    rows = [
        {"case": f"c{n}", "t": 0, "instant": "ED", "patient": p, "dice": d, **rest}
        for n, (d, p) in enumerate(zip(dices, owners, strict=True))
    ]
    return {"model": model, "source": source, "simulated": False, "rows": rows}


def test_a_paired_comparison_counts_wins_and_losses():
    a, b = [0.80, 0.82, 0.90, 0.70, 0.75, 0.85], [0.85, 0.86, 0.89, 0.78, 0.75, 0.91]
    found = compare(result("old", a), result("new", b))
    dice = found["metrics"]["dice"]
    assert (dice["wins"], dice["losses"], dice["ties"]) == (4, 1, 1)
    assert dice["difference"] == pytest.approx(np.mean(np.subtract(b, a)))
    assert dice["low"] < dice["difference"] < dice["high"]
    assert dice["p"] == pytest.approx(wilcoxon(np.delete(np.subtract(b, a), 4)).pvalue)
    assert found["regressions"] == [{"case": "c2", "t": 0, "instant": "ED", "dice_a": 0.90, "dice_b": 0.89}]
    assert found["metrics"]["hd_mm"]["p"] is None
    assert found["metrics"]["hd_mm"]["ties"] == 6


def test_a_shorter_distance_is_a_win():
    a, b = result("old", [0.8, 0.8]), result("new", [0.8, 0.8])
    b["rows"][0]["hd_mm"] = 0.5
    assert compare(a, b)["metrics"]["hd_mm"]["wins"] == 1


def test_the_interval_counts_patients_not_frames():
    spread = [0.0, 0.1] * 20
    apart = compare(result("a", [0.5] * 40), result("b", [0.5 + s for s in spread]))["metrics"]["dice"]
    two = ["p0", "p1"] * 20
    alike = compare(result("a", [0.5] * 40, two), result("b", [0.5 + s for s in spread], two))["metrics"]["dice"]
    assert apart["high"] - apart["low"] < 0.04
    assert alike["high"] - alike["low"] == pytest.approx(0.1)


def test_frames_without_a_partner_are_counted_and_an_empty_one_has_no_distance():
    a, b = result("a", [0.8, 0.8, 0.8]), result("b", [0.9, 0.9])
    b["rows"][0]["hd_mm"] = float("nan")
    found = compare(a, b)
    assert (found["frames"], found["only_a"], found["only_b"]) == (2, 1, 0)
    assert found["metrics"]["hd_mm"]["n"] == 1


def test_what_cannot_be_paired_is_refused():
    with pytest.raises(ValueError, match="different data"):
        compare(result("a", [0.8]), result("b", [0.8], source="elsewhere"))
    with pytest.raises(ValueError, match="no frame in common"):
        compare(result("a", [0.8]), result("b", []))


def test_a_report_leaves_no_part_behind(sheets, tmp_path: Path):
    write(tmp_path / "r.html", {"title": "x", "sheets": sheets[:1]})
    write(tmp_path / "r.html", {"title": "y", "sheets": sheets[:1]})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json"]
    assert "png" in sheets[0]["worst"][0]  # what was given is as it was


def test_the_page_of_the_variants_holds_each_against_the_plain_network_of_its_seed():
    figures = {"steps": 700, "gmac": 1.07, "dice_es": 0.9, "hd_mm": 5.0, "phantom_dice": 0.9, "view_right": 0.5,
               "flagged": 0.1, "hint_gain": None, "simulator": "0123abcd", "revision": "89abcdef"}  # fmt: skip
    found = [
        {"name": name, "seed": seed, "dice_ed": dice, **figures}
        for name, seed, dice in (("plain", 0, 0.90), ("plain", 1, 0.92), ("unet1", 0, 0.85), ("no_ema", 1, 0.91))
    ]
    text = variants_page(found, "How it was done.")
    cells = re.findall(r"<tr><td>(.*?)</tr>", text)
    assert [re.sub("<.*?>", "|", row).split("|")[0].strip() for row in cells[:3]] == [
        "ral-lite, nothing changed", "without the mean of the weights over the steps", "U-Net 1",
    ]  # fmt: skip
    assert '0.910 <span class="sd">(0.020)</span>' in cells[0]
    assert "0.850</td>" in cells[2] and "(" not in cells[2]  # one seed has no spread
    assert text.index("drawn by a program") > text.index("Dice ED")
    assert all(word in text for word in ("How it was done.", "0123abcd", "89abcdef"))
    assert "http" not in text.replace("http-equiv", "")


def test_a_dot_lies_where_the_variant_lies_from_the_plain_network():
    plain, worse = {"dice": 0.9}, {"dice": 0.8}
    one, other = (changes([("a", [(worse, by)])], {"dice": "Dice"}) for by in (plain, worse))
    assert one != other
    assert changes([("a", [])], {"dice": "Dice"}) == ""


def test_a_patient_without_an_ef_is_said_and_the_plots_show_the_others(sheets):
    rows = copy.deepcopy(sheets[0]["rows"])
    turned = next(row for row in rows if "disks" in row and row["instant"] == "ED")
    turned["disks"]["found"]["widths_mm"] = [0.1 * width for width in turned["disks"]["found"]["widths_mm"]]
    sheet = {**sheets[0], "clinical": clinical(rows)}
    assert "without an EF" not in volumes(sheets)
    assert "1 without an EF (predicted ESV no smaller than EDV)" in volumes([sheet])
    assert len(bland_altman(sheet, 0)) > 1000
    for row in rows:
        if "disks" in row and row["instant"] == "ED":
            row["disks"]["found"] = turned["disks"]["found"]
    nobody = clinical(rows)
    assert (nobody["ef_percent"]["n"], nobody["edv_ml"]["n"]) == (0, len(nobody["patients"]))
    assert len(bland_altman({**sheets[0], "clinical": nobody}, 0)) > 1000
