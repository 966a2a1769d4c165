"""EchoNet-Dynamic and -Pediatric: the lists, both kinds of tracing, the videos."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.examples import get_path

from ral.config import VIEWS
from ral.datasets import echonet_clips, survey
from ral.datasets.echonet import ed_and_es, polygon_of_chords, read_tracings, read_video
from ral.datasets.further import further_clips
from ral.formats import FormatError
from ral.geometry import raster

LARGE, SMALL = (14, 30), (9, 22)  # half axes of the ellipse, px
CENTRE = (56, 60)


def chords(half_axes: tuple[int, int], count: int = 20) -> list[tuple[float, ...]]:
    """The long axis, then chords across an upright ellipse, as EchoNet-Dynamic writes them."""
    (cx, cy), (a, b) = CENTRE, half_axes
    ys = cy + b * np.linspace(-0.97, 0.97, count)
    halves = a * np.sqrt(1 - ((ys - cy) / b) ** 2)
    return [(cx, cy - b, cx, cy + b), *((cx - h, y, cx + h, y) for y, h in zip(ys, halves, strict=True))]


def ellipse(half_axes: tuple[int, int]) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return np.column_stack([CENTRE[0] + half_axes[0] * np.cos(angles), CENTRE[1] + half_axes[1] * np.sin(angles)])


def write_video(path, frames: int = 30) -> None:
    """A bright ellipse that is largest on frame 4 and smallest on frame 16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (112, 112))
    rng = np.random.default_rng(0)
    for t in range(frames):
        share = abs(t - 16) / 12
        half = tuple(round(s + min(share, 1) * (g - s)) for s, g in zip(SMALL, LARGE, strict=True))
        picture = rng.integers(30, 70, (112, 112)).astype(np.uint8)
        cv2.ellipse(picture, CENTRE, half, 0, 0, 360, 200, -1)
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()


@pytest.fixture
def dynamic(tmp_path):
    """Two traced cines; the larger tracing of the second comes last in the file."""
    lines = ["FileName,X1,Y1,X2,Y2,Frame"]
    for name, order in (("0XA", ((4, LARGE), (16, SMALL))), ("0XB", ((16, SMALL), (4, LARGE)))):
        write_video(tmp_path / "Videos" / f"{name}.avi")
        lines += [f"{name}.avi,{','.join(map(str, chord))},{t}" for t, axes in order for chord in chords(axes)]
    (tmp_path / "VolumeTracings.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "FileList.csv").write_text(
        "FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split\n"
        "0XA,60,40,100,112,112,50,30,TRAIN\n0XB,60,40,100,112,112,50,30,VAL\n"
    )
    return tmp_path


@pytest.fixture
def pediatric(tmp_path):
    home = tmp_path / "A4C"
    write_video(home / "Videos" / "CR1.avi")
    lines = ["FileName,X,Y,Frame"]
    lines += [f"CR1.avi,{x},{y},{t}" for t, axes in ((4, LARGE), (16, SMALL)) for x, y in ellipse(axes)]
    (home / "VolumeTracings.csv").write_text("\n".join([*lines, "CR1.avi,,,No Systolic"]) + "\n")
    (home / "FileList.csv").write_text("FileName,EF,Sex,Age,Weight,Height,Split\nCR1.avi,60,F,7,20,110,3\n")
    (tmp_path / "PSAX").mkdir()
    return tmp_path


def test_chords_become_the_outline():
    polygon = polygon_of_chords(np.array(chords(LARGE, 60)))
    assert polygon.shape == (120, 2)
    mask, expected = raster(polygon, (112, 112)), raster(ellipse(LARGE), (112, 112))
    assert 2 * (mask & expected).sum() / (mask.sum() + expected.sum()) > 0.98


def test_ed_is_the_larger_tracing_whatever_the_order(dynamic):
    traces = read_tracings(dynamic)
    assert {name: ed_and_es(frames) for name, frames in traces.items()} == {"0XA": (4, 16), "0XB": (4, 16)}


@pytest.mark.parametrize("kind", ["dynamic", "pediatric"])
def test_clips_are_labelled_on_the_traced_frames_alone(kind, request):
    folder = request.getfixturevalue(kind)
    clip = next(echonet_clips(folder, reach=3))
    assert clip.frames.shape == (19, 256, 256)  # frames 1 to 19
    assert np.flatnonzero(clip.weights).tolist() == [3, 15]
    assert clip.source == f"echonet-{kind}"
    assert clip.view == -1
    for t in (3, 15):
        mask, bright = clip.masks[t], clip.frames[t] > 130
        assert 2 * (mask & bright).sum() / (mask.sum() + bright.sum()) > 0.93
    assert clip.masks[3].sum() > 1.5 * clip.masks[15].sum()
    assert VIEWS[next(echonet_clips(folder, trust_view=True)).view] == "A4C"


def test_splits_of_the_list(dynamic):
    assert [clip.name for clip in echonet_clips(dynamic, ["VAL", "TEST"])] == ["0XB"]
    assert [clip.name for clip in echonet_clips(dynamic)] == ["0XA", "0XB"]


def test_what_is_kept_for_judging_is_not_learnt_from(dynamic):
    assert [clip.name for clip in further_clips(dynamic)] == ["0XA"]


def test_a_missing_phase_is_no_tracing(pediatric):
    assert sorted(read_tracings(pediatric / "A4C")["CR1"]) == [4, 16]


def test_short_axis_cines_are_left_out_and_that_is_said(pediatric):
    with pytest.raises(FormatError, match="PSAX is a short-axis view"):
        list(echonet_clips(pediatric / "PSAX"))
    found = survey(pediatric)
    assert (found.kind, found.patients, found.sequences) == ("echonet-pediatric", ("CR1",), {"A4C": 1})
    assert [problem.file for problem in found.problems] == ["PSAX"]


def test_a_sound_data_set_has_no_problems(dynamic):
    found = survey(dynamic)
    assert (found.kind, found.patients, found.labelled_frames) == ("echonet-dynamic", ("0XA", "0XB"), 4)
    assert found.splits == {"TRAIN": 1, "VAL": 1}
    assert found.problems == ()
    assert found.spacing_mm == ()
    assert set(found.files) == {"FileList.csv", "VolumeTracings.csv", "Videos/0XA.avi", "Videos/0XB.avi"}


def test_problems_are_told_file_by_file(dynamic):
    (dynamic / "Videos" / "0XB.avi").write_bytes(b"no video")
    traced = (dynamic / "VolumeTracings.csv").read_text().replace(",16\n", ",99\n") + "0XD.avi,1,2,3,4,5\n"
    (dynamic / "VolumeTracings.csv").write_text(traced)
    with (dynamic / "FileList.csv").open("a") as file:
        file.write("0XC,60,40,100,112,112,50,30,TEST\n")
    found = {problem.file: problem.sentence for problem in survey(dynamic).problems if "Videos" in problem.file}
    assert found == {
        "Videos/0XB.avi": "No frame of 0XB.avi can be decoded.",
        "Videos/0XC.avi": "0XC.avi does not exist.",
    }
    said = " ".join(p.sentence for p in survey(dynamic).problems if p.file == "VolumeTracings.csv")
    assert "traces frame 99 of 0XA, which has 30 frames" in said
    assert "traces 0XD, which FileList.csv does not name" in said
    with pytest.raises(FormatError, match="frame 99 of it is traced"):
        list(echonet_clips(dynamic))


def test_sizes_and_tracings_that_the_list_contradicts(dynamic):
    listed = (dynamic / "FileList.csv").read_text().replace("0XA,60,40,100,112,112", "0XA,60,40,100,112,224")
    (dynamic / "FileList.csv").write_text(listed)
    rows = (dynamic / "VolumeTracings.csv").read_text().splitlines()
    (dynamic / "VolumeTracings.csv").write_text("\n".join(row for row in rows if "0XB" not in row))
    sentences = [problem.sentence for problem in survey(dynamic).problems]
    assert sentences == [
        "0XA.avi is 112×112 px, but FileList.csv says 224×112.",
        "VolumeTracings.csv holds no tracing of 0XB.",
    ]
    assert [clip.name for clip in echonet_clips(dynamic)] == ["0XA"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("FileName,X1,Y1,X2,Y2,Frame\n", "is empty"),
        ("Name,X1\n0XA,4\n", "lacks the columns FileName, Frame"),
        ("FileName,X1,Y1,X2,Y2,Frame\n0XA.avi,1,2,3,four,5\n", "Line 2 of VolumeTracings.csv is damaged"),
        ("FileName,X1,Y1,X2,Y2,Frame\n0XA.avi,1,2\n", "Line 2 of VolumeTracings.csv is damaged"),
    ],
)
def test_damaged_tracings(dynamic, text, words):
    (dynamic / "VolumeTracings.csv").write_text(text)
    with pytest.raises(FormatError, match=words):
        list(echonet_clips(dynamic))


def test_a_missing_video(tmp_path):
    with pytest.raises(FormatError, match=r"^gone\.avi does not exist\.$"):
        read_video(tmp_path / "gone.avi")


def test_a_video_that_was_cut_off_says_how_much_of_it_is_left(tmp_path):
    write_video(tmp_path / "whole.avi")
    content = (tmp_path / "whole.avi").read_bytes()
    (tmp_path / "half.avi").write_bytes(content[: len(content) // 2])
    assert len(read_video(tmp_path / "whole.avi")) == 30
    with pytest.raises(FormatError, match=r"^Only \d+ of the 30 frames of half\.avi can be decoded\.$"):
        read_video(tmp_path / "half.avi")


def test_a_dicom_is_not_taken_for_a_video():
    """OpenCV opens it, and gives 19 of its 30 frames."""
    with pytest.raises(FormatError, match="is a DICOM"):
        read_video(Path(str(get_path("ybr_color"))))
