"""Labels out, in every format: what is in the files, and that no patient is."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.errors import EchoViewError
from echoview.io import open_cine
from echoview.services.blanking import blanked
from echoview.services.exporting import FORMATS, _measured, export_to
from echoview.store.transfer import histories
from ral.geometry import area, dice, raster

from .conftest import FRAMES, SECRET, WORDS


def out_of(library, tmp_path: Path, kind: str, **options) -> Path:
    suffix = {"bundle": ".zip", "measures": ".csv"}.get(kind, "")
    out = tmp_path / f"out-{kind}{suffix}"
    assert export_to(out, kind, library, secret=SECRET, **options) == 1
    return out


def bodies(out: Path) -> dict[str, bytes]:
    """Every file, and everything inside of every archive, by name."""
    found = {}
    for path in [out] if out.is_file() else [p for p in out.rglob("*") if p.is_file()]:
        found[path.name] = path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {name: archive.read(name) for name in archive.namelist()}
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_no_export_names_the_patient(library, tmp_path, kind, patient_cine):
    found = bodies(out_of(library, tmp_path, kind, frames=True))
    cine = open_cine(patient_cine, patient_secret=SECRET)
    secrets = [*WORDS, str(patient_cine.parent), cine.info.identity, cine.info.content_hash, cine.info.patient_key]
    assert found
    for name, body in found.items():
        for word in secrets:
            for coded in (word.encode(), word.encode("utf-16-le")):
                assert coded.lower() not in body.lower(), f"{word} in {name}"
                assert word.lower() not in name.lower()


def test_letters_beside_the_sector_are_black_and_the_sector_is_whole(patient_cine, phantom):
    cine = open_cine(patient_cine, patient_secret=SECRET)
    frame = blanked(cine)
    assert cine.frame(0)[:14, :70].max() == 255
    for t in range(FRAMES):
        assert frame(t)[:14, :70].max() == 0
        np.testing.assert_array_equal(frame(t)[85:170, 90:150], cine.frame(t)[85:170, 90:150])


def test_where_no_sector_is_found_no_frame_leaves(tmp_path, empty):
    from echoview.domain.contour import draw
    from ral.formats import write_nifti

    write_nifti(tmp_path / "dark.nii.gz", np.zeros((3, 40, 40), np.uint8), (1.0, 1.0))
    cine = open_cine(tmp_path / "dark.nii.gz")
    label = Label({0: draw([(5, 30), (20, 5), (35, 30)])})
    empty.save(
        cine, str(tmp_path / "dark.nii.gz"), Label(), label, annotator="", app_version="", weights="", tool="t"
    )  # fmt: skip
    said: list[str] = []
    with pytest.raises(EchoViewError, match="nothing to export"):
        export_to(tmp_path / "b.zip", "bundle", empty, secret=SECRET, frames=True, say=said.append)
    assert "sector" in said[0]
    assert export_to(tmp_path / "c.zip", "bundle", empty, secret=SECRET) == 1


def test_a_bundle_lists_its_files_with_sums_and_holds_the_history(library, tmp_path):
    out = out_of(library, tmp_path, "bundle", frames=True)
    with zipfile.ZipFile(out) as file:
        manifest = json.loads(file.read("manifest.json"))
        assert manifest["echoview"] == "bundle"
        assert manifest["version"] == 1
        assert manifest["weights"] == ["ral-lite 123"]
        assert "Research use only" in manifest["terms"]
        assert set(manifest["files"]) | {"manifest.json"} == set(file.namelist())
        for name, told in manifest["files"].items():
            assert hashlib.sha256(file.read(name)).hexdigest() == told
        cine = json.loads(file.read("cines/cine-00001.json"))
        assert [entry["tool"] for entry in cine["history"]] == ["draw", "draw, frame 8"]
        assert cine["history"][0]["annotator"] == "Å. Reader"
        picture = cv2.imdecode(np.frombuffer(file.read("frames/cine-00001/0008.png"), np.uint8), 0)
        assert picture.shape == (200, 240)
    small = tmp_path / "small.zip"
    export_to(small, "bundle", library, secret=SECRET)
    assert small.stat().st_size < out.stat().st_size / 4


def test_free_text_in_a_change_stays_at_home(library, tmp_path):
    from echoview.store.transfer import Entry, History, merge

    history = next(histories(library))
    noted = Entry(history.entries[-1].made_at, "x", "0", "", "note", {"es": 2, "comment": "asked Mr Fakename"})
    merge(library, History(history.identity, "", "", history.path, history.shape, (noted,)), "x", "0")
    found = bodies(out_of(library, tmp_path, "bundle"))
    assert not any(b"Fakename" in body for body in found.values())
    assert any(b'"note"' in body for body in found.values())


def test_camus_and_its_info(library, tmp_path, truth, phantom):
    from ral.datasets.camus import read_camus, read_info

    out = out_of(library, tmp_path, "camus")
    info = read_info(out / "patient0001" / "Info_4CH.cfg")
    assert (info.ed, info.es, info.frames) == (truth.ed, truth.es, FRAMES)
    for instant, t in (("ED", truth.ed), ("ES", truth.es)):
        picture, mask, spacing = read_camus(out, "patient0001", "4CH", instant)
        assert dice(mask[36:196, 40:200], phantom.masks[t]) > 0.98
        assert picture.shape == (200, 240)
        assert picture[:14, :70].max() == 0
        assert spacing is None
    assert float(info.values["LVef"]) > 20


def test_echonet_chords_span_the_contour(library, tmp_path, truth):
    from ral.datasets.echonet import read_file_list, read_tracings, read_video

    out = out_of(library, tmp_path, "echonet")
    traces = read_tracings(out)["cine-00001"]
    assert sorted(traces) == list(range(FRAMES))
    for t, polygon in traces.items():
        line = truth.contours[t].dense()
        assert area(polygon) == pytest.approx(area(line), rel=0.02)
    assert read_file_list(out)["cine-00001"]["NumberOfFrames"] == str(FRAMES)
    assert read_video(out / "Videos" / "cine-00001.avi").shape == (FRAMES, 200, 240)


def test_coco_masks_table_and_video(library, tmp_path, truth):
    coco = json.loads((out_of(library, tmp_path, "coco") / "annotations.json").read_text())
    assert len(coco["images"]) == len(coco["annotations"]) == FRAMES
    assert coco["annotations"][0]["area"] == pytest.approx(area(truth.contours[0].dense()), rel=0.001)
    masks = out_of(library, tmp_path, "masks")
    with np.load(masks / "cine-00001.npz") as packed:
        np.testing.assert_array_equal(packed["masks"][3], raster(truth.contours[3].dense(), (200, 240)))
    drawn = cv2.imread(str(masks / "cine-00001" / "0004.png"), 0)
    np.testing.assert_array_equal(drawn > 0, raster(truth.contours[3].dense(), (200, 240)))
    with out_of(library, tmp_path, "measures").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (int(row["ed_frame"]), int(row["es_frame"])) == (truth.ed + 1, truth.es + 1)
    assert (row["labelled_frames"], row["edv_ml"], row["terms"]) == ("8", "", "research use only")
    assert 20 < float(row["ef_percent"]) < 90
    video = cv2.VideoCapture(str(out_of(library, tmp_path, "overlay") / "cine-00001.mp4"))
    there, frame = video.read()
    video.release()
    assert there and frame.shape == (200, 240, 3)
    yellow = (frame[..., 2].astype(int) > 150) & (frame[..., 0] < 130)
    assert yellow[36:196, 40:200].sum() > 60


def test_predicted_frames_are_marked_as_such(library, tmp_path, patient_cine):
    from echoview.domain.prediction import Prediction

    def predict(cine):
        lines = np.full((FRAMES, 65, 2), np.nan)
        lines[:] = np.linspace((90, 140), (150, 140), 65)
        lines[:, :, 1] -= 60 * np.sin(np.linspace(0, np.pi, 65))
        ones = np.ones(FRAMES)
        return Prediction(lines, ones, np.array([0, 0, 1.0]), FRAMES, "net", "abc", "cpu")

    from echoview.domain.contour import Origin
    from echoview.store.transfer import Entry, History, merge

    history = next(histories(library))
    gone = {"contours": {str(t): None for t in range(2, 7)}, "ed": None, "es": None}
    entry = Entry(history.entries[-1].made_at, "x", "0", "", "revert", gone)
    merge(library, History(history.identity, "", "", history.path, history.shape, (entry,)), "x", "0", theirs=True)
    label = library.label(history.identity)
    for t in range(2, 7):
        if t in label.contours:
            assert label.contours[t].origins[0] is Origin.DRAWN
    out = out_of(library, tmp_path, "masks", predict=predict)
    index = json.loads((out / "echoview.json").read_text())["cines"][0]
    assert sorted(index["labelled"] + index["predicted"]) == list(range(FRAMES))
    assert index["labelled"] == sorted(label.contours)
    assert "net abc" in index["weights"]


def test_a_cine_that_is_gone_is_told_of_without_its_path(library, tmp_path, patient_cine):
    history = next(histories(library))
    library.moved(history.identity, str(tmp_path / "Fakename gone.dcm"))
    said: list[str] = []
    with pytest.raises(EchoViewError, match="nothing to export"):
        export_to(tmp_path / "x", "camus", library, secret=SECRET, say=said.append)
    assert said == ["cine-00001 is left out: its file cannot be read."]
    assert export_to(tmp_path / "x.zip", "bundle", library, secret=SECRET) == 1, "labels alone need no file"


def test_a_cine_with_a_damaged_frame_is_left_out_whole(library, tmp_path, patient_cine):
    body = patient_cine.read_bytes()
    history = next(histories(library))
    cut = tmp_path / f"{WORDS[0]}.dcm"
    cut.write_bytes(body[:-100_000])
    library.moved(history.identity, str(cut))
    said: list[str] = []
    with pytest.raises(EchoViewError, match="nothing to export"):
        export_to(tmp_path / "x.zip", "bundle", library, secret=SECRET, frames=True, say=said.append)
    assert len(said) == 1
    assert "Fakename" not in said[0]
    assert not (tmp_path / "x.zip").exists()


def test_a_folder_that_cannot_be_written_is_refused_and_leaves_nothing(library, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EchoViewError, match="cannot be written"):
        export_to(tmp_path / "file" / "a.zip", "bundle", library, secret=SECRET)
    assert (tmp_path / "file").read_text() == "x"


def test_a_bundle_with_frames_is_a_data_set_to_train_on(library, tmp_path, phantom):
    from ral.datasets import bundle_clips

    [clip] = bundle_clips(out_of(library, tmp_path, "bundle", frames=True), views_trusted=True)
    assert clip.weights.tolist() == [1.0] * FRAMES
    assert clip.view == 2
    shares = [m.sum() / n.sum() for m, n in zip(clip.masks, phantom.masks, strict=True)]
    assert np.ptp(shares) < 0.03 * np.mean(shares)  # all of them larger by the same scale


def test_a_table_opens_the_cines_for_their_pixel_size_and_says_who_named_the_view(library, empty, tmp_path, truth):
    """Two cines without a view of a person's: one calibrated, one gone."""
    from ral.formats import write_nifti

    frames = np.zeros((FRAMES, 200, 240), np.uint8)
    for name, label in (("there_A2C", truth.with_view(None)), ("gone", truth.with_view(None))):
        path = tmp_path / f"{name}.nii.gz"
        frames[0, 0, 0] = len(name)
        write_nifti(path, frames, (0.5, 0.5))
        empty.save(
            open_cine(path), str(path), Label(), label, annotator="", app_version="", weights="", tool="t"
        )  # fmt: skip
    path.unlink()
    assert export_to(tmp_path / "t.csv", "measures", empty, secret=SECRET) == 2
    with (tmp_path / "t.csv").open(encoding="utf-8") as file:
        rows = {row["view_from"]: row for row in csv.DictReader(file)}
    assert rows["file"]["view"] == "A2C"
    assert float(rows["file"]["edv_ml"]) > 5
    assert rows["file"]["x_mm"] == "0.5"
    assert (rows[""]["view"], rows[""]["edv_ml"]) == ("", ""), "labels alone need no file"


def test_why_nothing_went_out_is_said_and_no_folder_is_left(empty, tmp_path, patient_cine, truth):
    cine, label = open_cine(patient_cine, patient_secret=SECRET), Label({2: truth.contours[2]})
    empty.save(cine, str(patient_cine), Label(), label, annotator="", app_version="", weights="", tool="t")
    with pytest.raises(EchoViewError) as refused:
        export_to(tmp_path / "camus", "camus", empty, secret=SECRET)
    assert refused.value.message == "There was nothing to export."
    assert refused.value.hint == "cine-00001 is left out: it lacks ED and ES."
    assert list(tmp_path.glob("*camus*")) == []


def test_what_a_camus_patient_lacks_is_named(tmp_path):
    from echoview.domain.view import View
    from echoview.io.export_camus import write_camus
    from echoview.io.export_item import Outgoing

    line = {0: np.zeros((65, 2)), 1: np.zeros((65, 2))}
    items = [
        Outgoing("a", "p", "", "", (2, 9, 9)),
        Outgoing("b", "p", "", "", (2, 9, 9), line, view=View.A4C, ed=0, es=0),
        Outgoing("c", "p", "", "", (2, 9, 9), line, view=View.A4C, ed=0),
    ]
    count, lacking = write_camus(tmp_path, b"", "0", items)
    assert count == 0
    assert lacking == {"a": "ED, ES and the view", "b": "an ES that is not its ED", "c": "ES"}


class Stopped(EchoViewError):
    pass


@pytest.mark.parametrize("kind", ["camus", "echonet", "coco", "masks", "dicom", "overlay"])
@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_is_stopped_or_fills_the_disk_leaves_nothing(library, tmp_path, kind, there, monkeypatch):
    out = tmp_path / "home" / kind
    if there:
        out.mkdir(parents=True)
    asked: list[int] = []

    def at(number: int) -> None:
        asked.append(number)
        if len(asked) == 2:  # the first cine is written
            raise Stopped("The export was stopped.")

    with pytest.raises(Stopped):
        export_to(out, kind, library, secret=SECRET, at=at)
    assert list((tmp_path / "home").rglob("*")) == ([out] if there else [])
    replaced = os.replace
    full = iter([False, True])

    def full_disk(source, target):
        if next(full, True):
            raise OSError(28, "No space left on device")
        replaced(source, target)

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(EchoViewError, match="No space left"):
        export_to(out, kind, library, secret=SECRET)
    assert [p for p in (tmp_path / "home").rglob("*") if p != out] == []


def test_the_origin_of_every_point_goes_along(tmp_path, patient_cine, truth, empty):
    """Frame 0 is drawn, 1 accepted, 2 half corrected and half carried, 3 carried; the rest are predicted."""
    from echoview.domain.contour import Contour, Origin
    from echoview.domain.prediction import Prediction

    given = {
        0: (Origin.DRAWN, Origin.DRAWN), 1: (Origin.ACCEPTED, Origin.ACCEPTED),
        2: (Origin.CORRECTED, Origin.PROPAGATED), 3: (Origin.INTERPOLATED, Origin.INTERPOLATED),
    }  # fmt: skip
    contours = {}
    for t, (first, second) in given.items():
        handles = truth.contours[t].handles
        half = len(handles) // 2
        contours[t] = Contour(handles, (first,) * half + (second,) * (len(handles) - half))
    cine = open_cine(patient_cine, patient_secret=SECRET)
    empty.save(
        cine, str(patient_cine), Label(), Label(contours), annotator="", app_version="", weights="", tool="t"
    )  # fmt: skip
    lines = np.stack([truth.contours[t].dense() for t in range(FRAMES)])
    seen = Prediction(lines, np.ones(FRAMES), np.array([0, 0, 1.0]), FRAMES, "net", "abc", "cpu")
    for kind in ("masks", "coco", "overlay"):
        export_to(tmp_path / kind, kind, empty, secret=SECRET, predict=lambda _: seen)
    with np.load(tmp_path / "masks" / "cine-00001.npz") as packed:
        origins = packed["origins"]
    assert origins.shape == (FRAMES, 65)
    assert [set(row) for row in origins.tolist()] == [
        {"drawn"}, {"accepted"}, {"corrected", "propagated"}, {"interpolated"}, *[{"predicted"}] * 4
    ]  # fmt: skip
    assert 20 < (origins[2] == "corrected").sum() < 45
    told = json.loads((tmp_path / "coco" / "annotations.json").read_text())["annotations"]
    assert [one["origins"] for one in told] == origins.tolist()
    video = cv2.VideoCapture(str(tmp_path / "overlay" / "cine-00001.mp4"))
    colours = []
    for _ in range(5):
        bgr = video.read()[1][36:196, 40:200].astype(int)
        b, g, r = bgr[..., 0], bgr[..., 1], bgr[..., 2]
        colours.append(
            {
                "yellow": int(((r - b > 60) & (g - b > 30)).sum()),
                "green": int(((g - r > 40) & (g - b > 20)).sum()),
                "violet": int(((b - g > 30) & (r - g > 5)).sum()),
                "cyan": int(((b - r > 60) & (g - r > 40)).sum()),
            }
        )
    video.release()
    assert [max(one, key=lambda name, one=one: one[name]) for one in colours] == [
        "yellow", "green", "yellow", "violet", "cyan"
    ]  # fmt: skip


def test_dicom_leaves_with_black_outside_the_sector_and_its_labels_come_back(library, empty, tmp_path, truth):
    from echoview.services.importing import import_from

    out = out_of(library, tmp_path, "dicom")
    cine = open_cine(out / "cine-00001.dcm", patient_secret=b"other" * 8)
    assert (len(cine), cine.frame(0)[:14, :70].max()) == (FRAMES, 0)
    came = import_from(out, empty, by="B", secret=b"other" * 8)
    assert came.cines == 1
    label = empty.label(cine.info.identity)
    assert label.view is truth.view
    for t, contour in truth.contours.items():
        mine = raster(label.contours[t].dense(), cine.size)
        assert dice(mine, raster(contour.dense(), cine.size)) > 0.995
    assert import_from(out, library, by="B", secret=SECRET).unknown == ()
    assert len(list(histories(library))) == 1, "at home the labels belong to the cine that they were made on"


def test_a_damaged_frame_leaves_black_and_is_told_of(library, empty, tmp_path, patient_cine, truth):
    dataset = pydicom.dcmread(patient_cine)
    frames = [encoded(frame) for frame in dataset.pixel_array]
    frames[4] = b"\xff\xd8" + b"\0" * 200
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(tmp_path / "hurt.dcm")
    cine = open_cine(tmp_path / "hurt.dcm", patient_secret=SECRET)
    label = truth.without_contour(4)
    empty.save(cine, str(tmp_path / "hurt.dcm"), Label(), label, annotator="", app_version="", weights="", tool="t")
    told: list[tuple[str, int]] = []
    out = tmp_path / "out"
    assert export_to(out, "dicom", empty, secret=SECRET, unread=lambda name, count: told.append((name, count))) == 1
    assert told == [("cine-00001", 1)]
    left = open_cine(out / "cine-00001.dcm")
    assert [t for t in range(FRAMES) if left.frame(t).max() == 0] == [4]


def encoded(frame: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", frame)[1].tobytes()


def test_contact_sheets_show_what_would_leave_and_say_what_would_not(library, tmp_path, truth):
    from echoview.services.previewing import write_sheets
    from ral.formats import write_nifti

    write_nifti(tmp_path / "dark.nii.gz", np.zeros((3, 200, 240), np.uint8), None)
    cine, label = open_cine(tmp_path / "dark.nii.gz"), Label({0: truth.contours[0]})
    library.save(cine, str(tmp_path / "dark.nii.gz"), Label(), label, annotator="", app_version="", weights="", tool="")
    said: list[str] = []
    assert write_sheets(tmp_path / "sheets", library, secret=SECRET, say=said.append) == 1
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == ["cine-00001.png"]
    assert said == ["cine-00002 is left out: the sector cannot be told from what is written beside it."]
    sheet = cv2.imread(str(tmp_path / "sheets" / "cine-00001.png"))
    wide, high = sheet.shape[1] // 4, sheet.shape[0] // 2
    assert (wide, sheet.shape[0] % 2) == (364, 0), "eight frames, four in a row"
    for row in range(2):
        for column in range(4):
            tile = sheet[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            assert tile[24:42, 4:100].max() < 16, "the name is gone"
            assert tile[160:260, 120:240].max() > 60, "the heart is there"


def test_where_to_write_must_be_clear(tmp_path, capsys, monkeypatch):
    from echoview.cli import run

    for words in (["export"], ["export", str(tmp_path / "a.zip"), "--preview", str(tmp_path / "b")]):
        assert run(words) == 1
        assert "where to write" in capsys.readouterr().err
    assert run(["export", str(tmp_path / "a"), "--format", "masks", "--frames"]) == 1
    assert "holds no frames" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_view_that_the_network_guessed_is_not_written_as_the_files(empty, tmp_path, phantom, truth):
    from echoview.domain.prediction import Prediction
    from ral.formats import write_nifti

    path = tmp_path / "cine.nii.gz"
    write_nifti(path, phantom.frames, None)
    label = Label({0: truth.contours[0].shifted(-40, -36)})
    empty.save(open_cine(path), str(path), Label(), label, annotator="", app_version="", weights="", tool="t")
    lines = np.full((FRAMES, 65, 2), np.nan)
    seen = Prediction(lines, np.full(FRAMES, 0.9), np.array([0, 0, 1.0]), FRAMES, "net", "abc", "cpu")
    assert export_to(tmp_path / "out", "dicom", empty, secret=SECRET, predict=lambda _: seen) == 1
    assert json.loads((tmp_path / "out" / "echoview.json").read_text())["cines"][0]["view_from"] == "network"
    assert open_cine(tmp_path / "out" / "cine-00001.dcm").info.view_hint is None


def test_what_leaves_while_it_is_in_conflict_is_told_of_and_marked(library, tmp_path, patient_cine, truth):
    cine = open_cine(patient_cine, patient_secret=SECRET)
    who = {"annotator": "Dr B", "app_version": "0", "weights": "", "tool": "drag"}
    other = truth.with_contour(5, truth.contours[5].shifted(4, 0))
    library.save(cine, str(patient_cine), truth, other, base=1, **who)  # who had not seen it drawn
    told: list[tuple[str, int]] = []

    def note(name: str, conflicts: int) -> None:
        told.append((name, conflicts))

    index = json.loads((out_of(library, tmp_path, "masks", unsettled=note) / "echoview.json").read_text())
    assert told == [("cine-00001", 1)]
    assert index["cines"][0]["in_conflict"] == [5]
    with out_of(library, tmp_path, "measures", unsettled=note).open(encoding="utf-8") as file:
        assert [row["conflicts"] for row in csv.DictReader(file)] == ["1"]
    with zipfile.ZipFile(out_of(library, tmp_path, "bundle", unsettled=note)) as bundle:
        assert json.loads(bundle.read("cines/cine-00001.json"))["in_conflict"] == [5]
    assert len(told) == 3
    [found] = library.conflicts(cine)
    library.save(cine, str(patient_cine), other, other.with_settled(found.choice), base=3, **who)
    (tmp_path / "out-measures.csv").unlink()
    with out_of(library, tmp_path, "measures", unsettled=note).open(encoding="utf-8") as file:
        assert [row["conflicts"] for row in csv.DictReader(file)] == ["0"]
    assert len(told) == 3


@pytest.mark.parametrize("sure", [0, 2, 30])
def test_of_contours_that_are_too_unsure_no_table_makes_an_ef(sure):
    """The largest and the smallest stand for ED and ES where few frames are drawn, not where none can be trusted."""
    turn = np.linspace(0, np.pi, 65)
    half = 40 + 15 * np.cos(2 * np.pi * np.arange(30) / 30)
    lines = np.stack([np.column_stack([100 - h * np.cos(turn), 150 - 2 * h * np.sin(turn)]) for h in half])
    confidence = np.where(np.arange(30) < sure, 0.9, 0.3)
    prediction = Prediction(lines, confidence, np.full(3, 1 / 3), 30, "test", "0123", "cpu", 30.0)
    found = _measured(lines, None, prediction, Label(), whole=True)
    assert (found.ef_percent is None) == (sure < 30)


def test_one_unsure_contour_of_four_is_not_the_smallest_that_a_table_takes():
    turn = np.linspace(0, np.pi, 65)
    lines = np.full((30, 65, 2), np.nan)
    confidence = np.zeros(30)
    for t, half, sure in ((0, 50, 0.95), (9, 46, 0.95), (15, 40, 0.95), (20, 3, 0.05)):
        lines[t] = np.column_stack([100 - half * np.cos(turn), 150 - 2 * half * np.sin(turn)])
        confidence[t] = sure
    prediction = Prediction(lines, confidence, np.full(3, 1 / 3), 30, "test", "0123", "cpu", 30.0)
    found = _measured(lines, None, prediction, Label(), whole=True)
    assert (found.ed, found.es) == (0, 15)
    assert found.ef_percent == pytest.approx(100 * (1 - (40 / 50) ** 3), abs=1)
