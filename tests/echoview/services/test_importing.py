"""Labels in: round trips in every format, packs that meet other labels, and files that are not what they seem."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin, draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.review import ActKind, Issue, Reading, ReadKind, Role
from echoview.domain.view import View
from echoview.errors import EchoViewError
from echoview.io import open_cine
from echoview.services.exporting import export_to
from echoview.services.importing import import_from
from echoview.store import new_act
from echoview.store.codec import difference
from echoview.store.transfer import OURS, cines, histories
from ral.geometry import dice, raster

from .conftest import SECRET

# How much of the area must come back where only the mask, the chords or the polygon speak.
TOLERANCE = {"camus": 0.97, "echonet": 0.97, "coco": 0.995, "masks": 0.995}


@pytest.fixture
def pack(library, tmp_path) -> Path:
    export_to(tmp_path / "pack.zip", "bundle", library, secret=SECRET)
    return tmp_path / "pack.zip"


def knows(library, patient_cine: Path, label: Label, annotator: str = "B") -> str:
    """Another site has the same cine elsewhere, under another secret, with a label of its own."""
    cine = open_cine(patient_cine, patient_secret=b"other" * 5)
    library.save(
        cine, str(patient_cine), Label(), label, annotator=annotator, app_version="0", weights="", tool="draw"
    )  # fmt: skip
    return cine.info.identity


def same(a: Label, b: Label) -> bool:
    return not difference(a, b)


def test_a_bundle_comes_back_exactly_with_its_history(library, empty, pack, patient_cine, tmp_path):
    came = import_from(pack, empty, by="me", secret=SECRET)
    assert (came.revisions, came.unknown) == (0, ("cine-00001",)), "nobody here knows the cine"
    came = import_from(pack, empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    assert (came.cines, came.revisions, came.conflicts, came.unknown) == (1, 2, (), ())
    ours, theirs = next(histories(library)), next(histories(empty))
    assert ours.entries == theirs.entries
    assert same(ours.label(), theirs.label())
    again = import_from(pack, empty, by="me", secret=SECRET)
    assert (again.revisions, again.unknown) == (0, ()), "nothing comes twice"
    before = library.history(ours.identity)
    assert import_from(pack, library, by="me", secret=SECRET).revisions == 0, "nor into where it came from"
    assert (library.history(ours.identity), empty.history(ours.identity)) == (before, before)
    assert [(r.base, r.seconds, r.drags, r.moved_mm) for r in before] == [(None,) * 4, (1, 12.5, 3, 4.25)]
    assert ours.label().notes


def test_an_early_bundle_without_effort_calipers_and_numbers_is_read(empty, library, pack, patient_cine):
    with zipfile.ZipFile(pack) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name = "cines/cine-00001.json"
    cine = json.loads(parts[name])
    for entry in cine["history"]:
        for key in ("seconds", "drags", "moved_mm", "base", "number"):
            del entry[key]
        for key in ("notes", "not_traceable"):
            entry["change"].pop(key, None)
    rewrite(pack, parts, {name: json.dumps(cine).encode()})
    came = import_from(pack, empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    assert (came.revisions, came.conflicts) == (2, ())
    assert len(next(histories(empty)).label().contours) == 8
    notes = next(histories(library)).label().notes
    assert import_from(pack, library, by="me", secret=SECRET).revisions == 0
    assert next(histories(library)).label().notes == notes != ()


@pytest.mark.parametrize("kind", ["bundle", *sorted(TOLERANCE)])
def test_no_import_takes_away_what_it_does_not_speak_of(library, empty, tmp_path, patient_cine, kind):
    notes = (Note(NoteKind.AREA, 1, ((1.0, 2.0), (30.0, 4.0), (5.0, 60.0))),)
    identity = knows(empty, patient_cine, Label(notes=notes).with_not_traceable(5))
    export_to(tmp_path / "out", kind, library, secret=SECRET)
    came = import_from(tmp_path / "out", empty, by="me", secret=SECRET)
    label = empty.label(identity)
    assert label.contours
    assert set(notes) <= set(label.notes)
    assert label.not_traceable == {5}
    assert 5 not in label.contours
    assert came.conflicts == ((("cine-00001", ("frame 6",)),) if kind != "camus" else ())


def test_a_bundle_that_meets_other_labels_keeps_both_and_names_them(library, empty, pack, patient_cine, truth):
    mine = draw([(90, 150), (120, 60), (150, 150)])
    identity = knows(empty, patient_cine, Label({0: mine}, View.A2C))
    came = import_from(pack, empty, by="me", secret=SECRET)
    assert came.conflicts == (("cine-00001", ("frame 1", "view")),)
    label = empty.label(identity)
    assert np.array_equal(label.contours[0].handles, mine.handles)
    assert label.view is View.A2C
    assert sorted(label.contours) == sorted(truth.contours)
    entries = next(histories(empty)).entries
    assert [entry.annotator for entry in entries] == ["B", "Å. Reader", "Å. Reader", "me"]
    assert entries[-1].tool == OURS


def test_a_conflict_of_an_import_waits_for_a_decision(library, empty, pack, patient_cine):
    knows(empty, patient_cine, Label({0: draw([(90, 150), (120, 60), (150, 150)])}))
    import_from(pack, empty, by="me", secret=SECRET)
    cine = open_cine(patient_cine, patient_secret=SECRET)
    [found] = empty.conflicts(cine)
    assert (found.key, found.older.revision.annotator) == (0, "Å. Reader")
    assert found.newer.contour.handles.tolist() == [[90, 150], [120, 60], [150, 150]]
    assert found.newer.revision.annotator == "B", "who drew it, not who imported"


def test_what_an_import_says_otherwise_of_view_ed_and_calibration_waits_too(library, empty, pack, patient_cine, truth):
    mine = Label({}, View.A2C, truth.ed + 1, truth.es, Calibration(0.9, 0.9))
    knows(empty, patient_cine, mine)
    came = import_from(pack, empty, by="me", secret=SECRET)
    found = {one.key: one for one in empty.conflicts(open_cine(patient_cine, patient_secret=SECRET))}
    words = {"view": "view", "ed": "ED", "calibration": "calibration"}
    assert tuple(words[key] for key in found) == came.conflicts[0][1]
    assert {"view", "ed"} <= set(found)
    for key, one in found.items():
        assert getattr(one.newer.label, key) == getattr(mine, key), "ours is in force"
        assert getattr(one.older.label, key) == getattr(truth, key)
        assert (one.newer.revision.annotator, one.older.revision.annotator) == ("B", "Å. Reader")


def test_readings_and_acts_travel_in_a_bundle_without_what_was_written(library, empty, patient_cine, tmp_path, truth):
    cine = open_cine(patient_cine, patient_secret=SECRET)
    second = Reading(ReadKind.SECOND, "Dr B")
    who = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "drag"}
    library.save(cine, str(patient_cine), Label(), truth.with_es(7), reading=second.key, blind=True, **who)
    spoken = new_act(ActKind.COMMENT, "Dr A", Role.LEAD, t=2, issue=Issue.ANNULUS, text="Mrs Secret moved")
    for act in (spoken, new_act(ActKind.SUBMIT, "Dr B", Role.REVIEWER, reading=second.key)):
        library.say(cine, str(patient_cine), act, "1")
    export_to(tmp_path / "pack.zip", "bundle", library, secret=SECRET)
    with zipfile.ZipFile(tmp_path / "pack.zip") as file:
        assert b"Secret" not in b"".join(file.read(name) for name in file.namelist())
    came = import_from(tmp_path / "pack.zip", empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    assert came.acts == 2
    identity = cine.info.identity
    assert empty.label(identity, second.key).es == 7
    assert empty.label(identity).es == truth.es
    assert empty.history(identity, second.key)[0].blind is True
    record = empty.record(identity)
    assert record.trail.submitted(ReadKind.SECOND) == [second]
    [comment] = record.trail.comments()
    assert (comment.act.uid, comment.act.t, comment.act.text) == (spoken.uid, 2, "")
    again = import_from(tmp_path / "pack.zip", empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    assert (again.revisions, again.acts) == (0, 0)


def test_a_copy_under_another_uid_is_known_by_its_content(library, empty, tmp_path, patient_cine):
    """The UID was replaced on the way here, so only the second key can match."""
    copied = shutil.copy(patient_cine, tmp_path / "copy.dcm")
    export_to(tmp_path / "pack.zip", "bundle", library, secret=SECRET)
    with zipfile.ZipFile(tmp_path / "pack.zip") as file:
        parts = {name: file.read(name) for name in file.namelist()}
    cine = json.loads(parts["cines/cine-00001.json"])
    cine["uid_key"] = "0" * 40
    rewrite(tmp_path / "pack.zip", parts, {"cines/cine-00001.json": json.dumps(cine).encode()})
    came = import_from(tmp_path / "pack.zip", empty, by="me", secret=SECRET, folders=[Path(copied)])
    assert (came.cines, came.unknown) == (1, ())


def test_frames_of_a_bundle_stand_in_for_a_cine_that_is_not_here(library, empty, tmp_path):
    export_to(tmp_path / "full.zip", "bundle", library, secret=SECRET, frames=True)
    came = import_from(tmp_path / "full.zip", empty, by="me", secret=SECRET, frames_to=tmp_path / "cines")
    assert (came.cines, came.revisions) == (1, 2)
    (known,) = cines(empty)
    cine = open_cine(known.path)
    assert (cine.info.identity, len(cine)) == (known.identity, 8)
    assert sorted(empty.load(cine).label.contours) == list(range(8))
    assert cine.frame(0)[:14, :70].max() == 0


@pytest.fixture
def mixed(library, patient_cine, truth) -> Label:
    """The label of the library, now with contours of every kind; which frames are ED and ES is only found."""
    cine = open_cine(patient_cine, patient_secret=SECRET)
    lines = {t: contour.dense() for t, contour in truth.contours.items()}
    contours = {t: Contour.through(line, Origin.PREDICTED).accepted() for t, line in lines.items()}
    contours[1] = Contour.through(lines[1], Origin.PROPAGATED)
    contours[2] = Contour.through(lines[2], Origin.PREDICTED).moved(7, 121.5, 70.25)
    contours[6] = draw([(90, 150), (121, 60), (150.5, 150)])
    before = library.label(cine.info.identity)
    after = replace(before, contours=contours, ed=None, es=None)
    library.save(cine, str(patient_cine), before, after, annotator="B", app_version="0", weights="", tool="t")
    return library.label(cine.info.identity)


@pytest.mark.parametrize("kind", sorted(TOLERANCE))
def test_a_round_trip_through_other_formats_is_exact(library, empty, tmp_path, patient_cine, mixed, kind):
    export_to(tmp_path / kind, kind, library, secret=SECRET)
    came = import_from(tmp_path / kind, library, by="me", secret=SECRET)
    assert (came.revisions, came.conflicts) == (0, ()), "its own export says nothing new"
    came = import_from(tmp_path / kind, empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    assert (came.cines, came.revisions, came.conflicts) == (1, 1, ())
    label = next(histories(empty)).label()
    assert set(label.contours) == (set(mixed.contours) if kind != "camus" else set(label.contours) & set(range(8)))
    assert len(label.contours) == (2 if kind == "camus" else 8)
    assert same(label, replace(mixed, contours={t: mixed.contours[t] for t in label.contours}))
    ours, theirs = (next(histories(one)).entries[-1].change["pixels"] for one in (library, empty))
    assert theirs == {t: ours[t] for t in theirs}
    assert {int(t) for t in theirs} == set(label.contours), "they stay on their pictures"


@pytest.mark.parametrize("kind", sorted(TOLERANCE))
def test_what_was_changed_elsewhere_is_fitted_anew(library, empty, tmp_path, patient_cine, mixed, kind):
    """Without its exact contours the file alone speaks, as it does where a mask or a polygon was changed."""
    export_to(tmp_path / kind, kind, library, secret=SECRET)
    index = tmp_path / kind / "echoview.json"
    told = json.loads(index.read_text())
    for contour in told["cines"][0]["said"]["contours"].values():
        contour["handles"] = [[x + 3.0, y] for x, y in contour["handles"]]
    index.write_text(json.dumps(told))
    import_from(tmp_path / kind, empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    label = next(histories(empty)).label()
    for t, contour in label.contours.items():
        one, other = (raster(c.dense(), (200, 240)) for c in (mixed.contours[t], contour))
        assert dice(one, other) > (0.97 if t == 2 else TOLERANCE[kind]), f"frame {t}; 2 has a sharp corner"
        assert set(contour.origins) == {Origin.DRAWN}
        apart = np.hypot(*(mixed.contours[t].handles[[0, -1]] - contour.handles[[0, -1]]).T)
        assert apart.max() < 4.0, "the annulus is where it was, in px"
    assert (label.ed, label.es) == (None, None)


def test_labels_of_the_folder_s_own_cine_do_not_wait_for_other_pictures(library, empty, tmp_path, mixed):
    """What was blanked on its way out is another picture, and the fingerprints are of what it was before."""
    export_to(tmp_path / "d", "dicom", library, secret=SECRET)
    index = tmp_path / "d" / "echoview.json"
    told = json.loads(index.read_text())
    said = told["cines"][0]["said"]
    assert said["pixels"]
    said["pixels"] = {t: "0" * len(seen) for t, seen in said["pixels"].items()}
    index.write_text(json.dumps(told))
    assert import_from(tmp_path / "d", empty, by="me", secret=SECRET).cines == 1
    (known,) = cines(empty)
    held = empty.load(open_cine(known.path, patient_secret=SECRET))
    assert (dict(held.aside), len(held.label.contours)) == ({}, len(mixed.contours))


def test_a_mask_that_was_painted_over_comes_as_it_is_now(library, empty, tmp_path, patient_cine, mixed):
    export_to(tmp_path / "m", "masks", library, secret=SECRET)
    (tmp_path / "m" / "cine-00001.npz").unlink()
    painted = tmp_path / "m" / "cine-00001" / "0004.png"
    mask = cv2.imread(str(painted), 0)
    mask[:, :120] = 0
    cv2.imwrite(str(painted), mask)
    import_from(tmp_path / "m", empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    label = next(histories(empty)).label()
    assert dice(raster(label.contours[3].dense(), (200, 240)), mask > 0) > 0.95
    assert set(label.contours[3].origins) == {Origin.DRAWN}
    rest = [t for t in range(8) if t != 3]
    assert same(Label({t: label.contours[t] for t in rest}), Label({t: mixed.contours[t] for t in rest}))


@pytest.mark.parametrize(
    "said", [{"ed": 99}, {"contours": {"0": {"handles": 3, "origins": []}}}, {"notes": [["line", 0, []]]}, []]
)
def test_a_damaged_index_is_told_of(library, empty, tmp_path, patient_cine, said):
    export_to(tmp_path / "m", "masks", library, secret=SECRET)
    index = tmp_path / "m" / "echoview.json"
    told = json.loads(index.read_text())
    told["cines"][0]["said"] = said
    index.write_text(json.dumps(told))
    words: list[str] = []
    try:
        import_from(
            tmp_path / "m", empty, by="me", secret=SECRET, folders=[patient_cine.parent], say=words.append
        )  # fmt: skip
    except EchoViewError as error:
        words.append(str(error))
    assert len(words) == 1
    assert "echoview.json is missing or damaged" in words[0]
    assert cines(empty) == []


def test_masks_are_read_from_pictures_where_the_npz_is_gone(library, empty, tmp_path, patient_cine, truth):
    export_to(tmp_path / "m", "masks", library, secret=SECRET)
    (tmp_path / "m" / "cine-00001.npz").unlink()
    import_from(tmp_path / "m", empty, by="me", secret=SECRET, folders=[patient_cine.parent])
    label = next(histories(empty)).label()
    for t, contour in truth.contours.items():
        assert dice(raster(contour.dense(), (200, 240)), raster(label.contours[t].dense(), (200, 240))) > 0.97


def test_labels_of_another_format_do_not_overrule_what_is_here(library, empty, tmp_path, patient_cine):
    mine = draw([(90, 150), (120, 60), (150, 150)])
    identity = knows(empty, patient_cine, Label({0: mine}))
    export_to(tmp_path / "c", "coco", library, secret=SECRET)
    came = import_from(tmp_path / "c", empty, by="me", secret=SECRET)
    assert came.conflicts == (("cine-00001", ("frame 1",)),)
    assert np.array_equal(empty.label(identity).contours[0].handles, mine.handles)
    assert import_from(tmp_path / "c", empty, by="me", secret=SECRET, theirs=True).cines == 1
    assert not np.array_equal(empty.label(identity).contours[0].handles, mine.handles)


def test_a_published_data_set_labels_its_own_files(empty, tmp_path, phantom):
    from ral.formats import write_nifti

    home = tmp_path / "patient0007"
    home.mkdir()
    for instant, t in (("ED", 0), ("ES", 4)):
        write_nifti(home / f"patient0007_4CH_{instant}.nii.gz", phantom.frames[t], (0.5, 0.5))
        write_nifti(home / f"patient0007_4CH_{instant}_gt.nii.gz", phantom.masks[t].astype(np.uint8), (0.5, 0.5))
    came = import_from(tmp_path, empty, by="me", secret=SECRET)
    assert (came.cines, came.revisions) == (2, 2)
    for t, history in zip((0, 4), histories(empty), strict=True):
        label = history.label()
        assert label.view is View.A4C
        assert dice(raster(label.contours[0].dense(), (160, 160)), phantom.masks[t]) > 0.97
    assert import_from(tmp_path, empty, by="me", secret=SECRET).revisions == 0


def test_an_echonet_folder_without_our_index_labels_its_own_videos(library, empty, tmp_path, truth):
    export_to(tmp_path / "e", "echonet", library, secret=SECRET)
    (tmp_path / "e" / "echoview.json").unlink()
    assert import_from(tmp_path / "e", empty, by="me", secret=SECRET).cines == 1
    history = next(histories(empty))
    assert history.path == str(tmp_path / "e" / "Videos" / "cine-00001.avi")
    label = history.label()
    assert (label.view, label.ed, label.es) == (View.A4C, truth.ed, truth.es)
    for t, contour in truth.contours.items():
        assert dice(raster(contour.dense(), (200, 240)), raster(label.contours[t].dense(), (200, 240))) > 0.97


def rewrite(path: Path, parts: dict[str, bytes], changed: dict[str, bytes], sums: bool = True) -> None:
    """The bundle with other parts, its sums made right again or left as they were."""
    import hashlib

    parts = {**parts, **changed}
    manifest = json.loads(parts["manifest.json"])
    if sums:
        manifest["files"] = {n: hashlib.sha256(b).hexdigest() for n, b in parts.items() if n != "manifest.json"}
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, body in parts.items():
            file.writestr(name, body)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("cut", "damaged"), ("no zip", "damaged"), ("changed", "was changed"), ("newer", "newer version"),
        ("other kind", "damaged"), ("frame 99", "damaged"), ("no json", "damaged"), ("key", "damaged"),
        ("handles", "is left out"), ("seconds", "damaged"), ("caliper 99", "damaged"),
    ],
)  # fmt: skip
def test_a_bad_bundle_is_refused_and_the_library_is_as_before(pack, empty, patient_cine, damage, words):
    with zipfile.ZipFile(pack) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name, manifest = "cines/cine-00001.json", json.loads(parts["manifest.json"])
    cine = json.loads(parts[name])
    if damage == "cut":
        pack.write_bytes(pack.read_bytes()[:-200])
    elif damage == "no zip":
        pack.write_bytes(b"not a zip" * 50)
    elif damage == "changed":
        rewrite(pack, parts, {name: parts[name].replace(b"draw", b"drew")}, sums=False)
    elif damage in ("newer", "other kind"):
        manifest |= {"version": 99} if damage == "newer" else {"echoview": "soup"}
        rewrite(pack, {**parts, "manifest.json": json.dumps(manifest).encode()}, {})
    elif damage == "no json":
        rewrite(pack, parts, {name: b"{"})
    elif damage == "key":
        rewrite(pack, parts, {name: json.dumps({**cine, "content_key": "../../../evil"}).encode()})
    else:
        entry = cine["history"][1]
        contours = entry["change"]["contours"]
        if damage == "frame 99":
            contours["99"] = contours["4"]
        elif damage == "seconds":
            entry["seconds"] = float("nan")
        elif damage == "caliper 99":
            entry["change"]["notes"][0][1] = 99
        else:
            contours["4"]["handles"] = [[1, "x"]]
        rewrite(pack, parts, {name: json.dumps(cine).encode()})
    said: list[str] = []
    try:
        import_from(pack, empty, by="me", secret=SECRET, folders=[patient_cine.parent], say=said.append)
    except EchoViewError as error:
        said.append(str(error))
    assert len(said) == 1
    assert words in said[0]
    assert cines(empty) == []


def test_a_folder_that_is_no_export_is_refused(empty, tmp_path):
    with pytest.raises(EchoViewError, match="no export"):
        import_from(tmp_path, empty, by="me", secret=SECRET)
    with pytest.raises(EchoViewError, match="does not exist"):
        import_from(tmp_path / "gone", empty, by="me", secret=SECRET)
    (tmp_path / "annotations.json").write_text('{"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}')
    with pytest.raises(EchoViewError, match=r"damaged|left ventricle"):
        import_from(tmp_path, empty, by="me", secret=SECRET)


@pytest.mark.parametrize("kind", ["measures", "overlay", "masks"])
def test_a_file_that_holds_no_labels_is_told_from_a_damaged_one(library, empty, tmp_path, kind):
    out = tmp_path / ("measures.csv" if kind == "measures" else kind)
    export_to(out, kind, library, secret=SECRET)
    path = {"measures": out, "overlay": out / "cine-00001.mp4", "masks": out / "cine-00001.npz"}[kind]
    with pytest.raises(EchoViewError, match=f"Labels cannot be read from {path.name}") as caught:
        import_from(path, empty, by="me", secret=SECRET)
    assert all(word in caught.value.hint for word in (".zip", "CAMUS", "EchoNet", "COCO", "masks"))


@pytest.mark.parametrize(("kind", "file"), [("coco", "annotations.json"), ("echonet", "VolumeTracings.csv"),
                                            ("camus", "echoview.json")])  # fmt: skip
def test_an_export_is_known_by_a_file_of_it(library, empty, tmp_path, patient_cine, kind, file):
    export_to(tmp_path / kind, kind, library, secret=SECRET)
    assert import_from(tmp_path / kind / file, empty, by="me", secret=SECRET, folders=[patient_cine.parent]).cines == 1


def test_a_coco_file_opens_nothing_outside_its_folder(empty, tmp_path, patient_cine):
    body = {
        "categories": [{"id": 1, "name": "LV"}],
        "images": [{"id": 1, "file_name": f"../{patient_cine.name}"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": [[10, 90, 20, 30, 50, 10, 80, 30, 90, 90, 50, 95]]}
        ],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(body))
    with pytest.raises(EchoViewError, match="damaged"):
        import_from(tmp_path, empty, by="me", secret=SECRET)


def test_camus_as_published(shared, empty):
    came = import_from(shared / "camus_mhd", empty, by="me", secret=SECRET)
    assert came.cines == 8, "two patients, two views, ED and ES; their sequences lack the pixels"


@pytest.fixture
def shared() -> Path:
    import os

    folder = Path(os.environ.get("ECHOVIEW_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set ECHOVIEW_DATA to its folder")
    return folder
