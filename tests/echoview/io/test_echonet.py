"""What the folders of EchoNet say of their cines."""

from __future__ import annotations

import pytest

from echoview.domain.view import View
from echoview.io import open_cine
from echoview.io.listing import list_cines

DYNAMIC = "FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split\n0XABC,61,20,60,112,112,50,5,TRAIN\n"
PEDIATRIC = "FileName,EF,Sex,Age,Weight,Height,Split\nCR1.avi,61,F,9,30,130,0\n"


@pytest.mark.parametrize(
    ("folder", "table", "view", "patient"),
    [
        ("EchoNet-Dynamic", DYNAMIC, View.A4C, "0XABC"),
        ("A4C", PEDIATRIC, View.A4C, ""),
        ("PSAX", PEDIATRIC, None, ""),
        ("Mine", "a,b\n", None, ""),
        ("None", None, None, ""),
    ],
)
def test_view_and_patient(folder, table, view, patient, tmp_path, write_video, colour_frames):
    home = tmp_path / folder
    (home / "Videos").mkdir(parents=True)
    if table is not None:
        (home / "FileList.csv").write_text(table)
    path = write_video(colour_frames.repeat(2, axis=1).repeat(2, axis=2)).rename(home / "Videos" / "0XABC.avi")
    info = open_cine(path).info
    assert (info.view_hint, info.patient_key) == (view, patient)
    (listed,) = list_cines(home, lambda: False)
    assert (listed.view_hint, listed.patient_key) == (view, patient)
