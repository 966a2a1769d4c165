"""Numbered pictures and TIFF pages as cines."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io import open_cine
from echoview.io.listing import list_cines


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".jpg"])
@pytest.mark.parametrize("colour", [True, False])
def test_numbered_pictures_open_from_any_of_them(suffix, colour, tmp_path, colour_frames, grey_frames):
    frames = colour_frames if colour else grey_frames
    for t, frame in enumerate(frames):
        Image.fromarray(frame).save(tmp_path / f"run {t + 8}{suffix}", **({"quality": 97} if suffix == ".jpg" else {}))
    for number in (8, 10, 12):  # the last have one digit more
        cine = open_cine(tmp_path / f"run {number}{suffix}")
        assert len(cine) == 5
        assert cine.info.kind == "pictures"
        assert cine.info.timing_known is False
        for t in (3, 0, 4):
            apart = np.abs(cine.frame(t)[4::8, 4::8].astype(int) - frames[t][4::8, 4::8])
            assert apart.max() <= (12 if suffix == ".jpg" else 0)
    assert cine.info.notes == ("5 numbered pictures are shown as one cine.",)
    assert {open_cine(p).info.identity for p in tmp_path.iterdir()} == {cine.info.identity}


def test_pages_of_a_tiff(tmp_path, grey_frames):
    pages = [Image.fromarray(frame) for frame in grey_frames]
    pages[0].save(tmp_path / "A4C stack.tif", save_all=True, append_images=pages[1:])
    cine = open_cine(tmp_path / "A4C stack.tif")
    for t in (4, 0, 2):
        np.testing.assert_array_equal(cine.frame(t), grey_frames[t])
    assert cine.info.view_hint is View.A4C
    (listed,) = list_cines(tmp_path, lambda: False)
    assert listed.path == tmp_path / "A4C stack.tif"
    assert (listed.frames, listed.size, listed.view_hint) == (5, (48, 64), View.A4C)


def test_deep_pictures_are_brought_to_8_bits_alike(tmp_path, grey_frames):
    for t, frame in enumerate(grey_frames):
        Image.fromarray(frame.astype(np.uint16) * 16).save(tmp_path / f"{t:04d}.png")
    cine = open_cine(tmp_path / "0000.png")
    for t, frame in enumerate(grey_frames):
        np.testing.assert_array_equal(cine.frame(t), frame)


def test_pictures_of_other_sizes_and_kinds_stay_out(tmp_path, grey_frames):
    for t, frame in enumerate(grey_frames):
        Image.fromarray(frame if t != 2 else frame[:20]).save(tmp_path / f"a{t:02d}.png")
    Image.fromarray(grey_frames[0]).save(tmp_path / "a20.png")
    Image.fromarray(grey_frames[0]).save(tmp_path / "b05.png")
    cine = open_cine(tmp_path / "a00.png")
    assert len(cine) == 4
    assert "Pictures of another size are left out: 1." in cine.info.notes
    np.testing.assert_array_equal(cine.frame(2), grey_frames[3])
    assert [one.path.name for one in list_cines(tmp_path, lambda: False)] == ["a00.png"]


def test_a_single_picture_opens_but_is_not_listed(tmp_path, colour_frames):
    Image.fromarray(colour_frames[0]).convert("RGBA").save(tmp_path / "screen 1.png")
    cine = open_cine(tmp_path / "screen 1.png")
    assert len(cine) == 1
    np.testing.assert_array_equal(cine.frame(0), colour_frames[0])
    assert list(list_cines(tmp_path, lambda: False)) == []


def test_the_view_of_the_folder(tmp_path, grey_frames):
    (tmp_path / "patient 7 A2C").mkdir()
    for t, frame in enumerate(grey_frames):
        Image.fromarray(frame).save(tmp_path / "patient 7 A2C" / f"{t}.png")
    assert open_cine(tmp_path / "patient 7 A2C" / "0.png").info.view_hint is View.A2C


def test_damaged_pictures(tmp_path, grey_frames):
    noise = np.random.default_rng(0).integers(0, 256, (3, 200, 200)).astype(np.uint8)
    for t, frame in enumerate(noise):
        Image.fromarray(frame).save(tmp_path / f"{t}.png")
    whole = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[:9000])
    with pytest.raises(CineUnreadable, match="damaged"):  # the last is looked at for its depth
        open_cine(tmp_path / "0.png")
    (tmp_path / "2.png").write_bytes(whole[:20])
    with pytest.raises(CineUnreadable, match=r"2\.png is damaged"):
        open_cine(tmp_path / "0.png")


def test_a_picture_that_claims_to_be_huge_allocates_nothing(tmp_path, grey_frames):
    Image.fromarray(grey_frames[0]).save(tmp_path / "x.png")
    data = bytearray((tmp_path / "x.png").read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(CineUnreadable):
        open_cine(tmp_path / "x.png")
