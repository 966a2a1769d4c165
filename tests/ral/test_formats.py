"""NIfTI and MetaImage: orientation, spacing, number types, and damage told in one sentence."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import nibabel as nib
import numpy as np
import pytest

from ral.formats import FormatError, UnsupportedFormat, data_path, kind_of, read_image, read_step, write_nifti

FRAMES = np.arange(3 * 4 * 6, dtype=np.uint8).reshape(3, 4, 6)  # (T,H,W)


def meta_header(**changes: str) -> str:
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "ElementSpacing": "0.3 0.15 1.5",
        "DimSize": "6 4 3",
        "ElementType": "MET_UCHAR",
        **changes,
    }
    last = fields.pop("ElementDataFile", "x.raw")
    lines = [f"{key} = {value}" for key, value in fields.items() if value]
    return "\n".join([*lines, f"ElementDataFile = {last}"]) + "\n"


@pytest.fixture
def write_meta(tmp_path):
    """Writes x.mhd and x.raw."""

    def write(data: bytes = FRAMES.tobytes(), **changes: str):
        (tmp_path / "x.mhd").write_text(meta_header(**changes))
        (tmp_path / "x.raw").write_bytes(data)
        return tmp_path / "x.mhd"

    return write


# NIfTI


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_written_and_read_again(name, dtype, tmp_path):
    write_nifti(tmp_path / name, FRAMES.astype(dtype), (0.3, 0.2))
    frames, spacing = read_image(tmp_path / name)
    np.testing.assert_array_equal(frames, FRAMES)
    assert frames.dtype == dtype
    assert spacing == pytest.approx((0.3, 0.2))


def test_written_as_camus_is(tmp_path):
    write_nifti(tmp_path / "x.nii.gz", FRAMES, (0.3, 0.2))
    other = nib.load(tmp_path / "x.nii.gz")
    assert other.shape == (6, 4, 3)
    assert other.header.get_zooms()[:2] == pytest.approx((0.3, 0.2))
    assert nib.aff2axcodes(other.affine)[:2] == ("L", "P")
    np.testing.assert_array_equal(np.asarray(other.dataobj)[5, 1, 2], FRAMES[2, 1, 5])
    write_nifti(tmp_path / "one.nii", FRAMES[0] > 2, None)
    assert nib.Nifti1Image.from_bytes((tmp_path / "one.nii").read_bytes()).shape == (6, 4)
    frames, spacing = read_image(tmp_path / "one.nii")
    np.testing.assert_array_equal(frames, (FRAMES[:1] > 2).astype(np.uint8))
    assert spacing is None


@pytest.mark.parametrize("shape", [(6, 4, 3), (6, 4, 1, 3), (6, 4, 3, 1), (6, 4, 3, 1, 1)])
def test_time_may_be_the_third_or_the_fourth_axis(shape, tmp_path):
    nib.save(nib.Nifti1Image(FRAMES.T.reshape(shape), np.eye(4)), tmp_path / "x.nii")
    np.testing.assert_array_equal(read_image(tmp_path / "x.nii")[0], FRAMES)


@pytest.mark.parametrize(
    ("shape", "zooms", "unit", "step"),
    [
        ((6, 4, 1, 3), (0.3, 0.3, 1, 0.05), "sec", 0.05), ((6, 4, 1, 3), (0.3, 0.3, 1, 40), "msec", 0.04),
        ((6, 4, 3), (0.3, 0.2, 0.05), "sec", 0.05), ((6, 4, 3), (0.3, 0.3, 20), "msec", 0.02),
        ((6, 4, 3), (0.05, 0.05, 0.05), "sec", None), ((6, 4, 3), (0.3, 0.3, 1), "sec", None),
        ((6, 4, 3), (0.3, 0.3, 0.05), "unknown", None), ((6, 4, 3), (0.3, 0.3, 0), "sec", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_the_time_step_of_a_nifti(shape, zooms, unit, step, ending, tmp_path):
    image = nib.Nifti1Image(FRAMES.T.reshape(shape), np.eye(4))
    image.header.set_xyzt_units("mm", unit)
    image.header.set_zooms(zooms)
    nib.save(image, tmp_path / f"x.{ending}")
    assert read_step(tmp_path / f"x.{ending}") == (None if step is None else pytest.approx(step))


def test_scaled_big_endian_and_other_units(tmp_path):
    image = nib.Nifti1Image(FRAMES.T.astype(np.int16), np.diag([3e-4, 2e-4, 1, 1]))
    image.header.set_xyzt_units("meter")
    image.header.set_slope_inter(0.5, 10)
    nib.save(image, tmp_path / "x.nii")
    frames, spacing = read_image(tmp_path / "x.nii")
    assert spacing == pytest.approx((0.3, 0.2))
    assert frames.shape == FRAMES.shape
    swapped = nib.Nifti1Header(endianness=">")
    swapped.set_data_dtype(np.int16)
    nib.save(nib.Nifti1Image(FRAMES.T.astype(np.int16), np.eye(4), swapped), tmp_path / "y.nii")
    frames, _ = read_image(tmp_path / "y.nii")
    np.testing.assert_array_equal(frames, FRAMES)
    assert frames.dtype.isnative


def test_nifti_2(tmp_path):
    nib.save(nib.Nifti2Image(FRAMES.T, np.eye(4)), tmp_path / "x.nii")
    np.testing.assert_array_equal(read_image(tmp_path / "x.nii")[0], FRAMES)


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
@pytest.mark.parametrize("tenth", range(10))
def test_nifti_cut_off(name, tenth, tmp_path):
    write_nifti(tmp_path / name, np.random.default_rng(1).integers(0, 256, (3, 40, 40)).astype(np.uint8), None)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * tenth // 10])
    with pytest.raises(FormatError, match=name):
        read_image(tmp_path / name)


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_asks_for_too_much(packed, tmp_path):
    write_nifti(tmp_path / "x.nii", FRAMES, None)
    header = nib.Nifti1Header((tmp_path / "x.nii").read_bytes()[:348], check=False)
    for shape in ((30000, 30000, 30000), (30000, 30000, 1), (-5, 3, 1), (0, 3, 1)):
        header["dim"][1:4] = shape
        content = header.binaryblock + b"\0" * 400
        (tmp_path / "x.nii").write_bytes(gzip.compress(content) if packed else content)
        tracemalloc.start()
        with pytest.raises(FormatError):
            read_image(tmp_path / "x.nii")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2**23


def test_what_nifti_holds_besides_pictures(tmp_path):
    nib.save(nib.Nifti1Image(np.zeros((6, 4, 3, 2), np.uint8), np.eye(4)), tmp_path / "x.nii")
    with pytest.raises(UnsupportedFormat, match="4 dimensions"):
        read_image(tmp_path / "x.nii")
    nib.save(nib.Nifti1Image(np.zeros((6, 4), np.complex64), np.eye(4)), tmp_path / "x.nii")
    with pytest.raises(UnsupportedFormat, match="complex64"):
        read_image(tmp_path / "x.nii")
    nib.save(nib.Nifti1Pair(FRAMES.T, np.eye(4)), tmp_path / "x.hdr")
    with pytest.raises(UnsupportedFormat, match="in another file"):
        read_image(tmp_path / "x.hdr")


# MetaImage


def test_header_and_raw(write_meta):
    path = write_meta()
    frames, spacing = read_image(path)
    np.testing.assert_array_equal(frames, FRAMES)
    assert spacing == (0.3, 0.15)
    assert data_path(path) == path.with_name("x.raw")


@pytest.mark.parametrize(
    ("kind", "dtype"), [("MET_USHORT", "u2"), ("MET_SHORT", "i2"), ("MET_FLOAT", "f4"), ("MET_CHAR", "i1")]
)
@pytest.mark.parametrize("msb", ["True", "False"])
def test_number_types_and_byte_orders(kind, dtype, msb, write_meta):
    stored = FRAMES.astype((">" if msb == "True" else "<") + dtype)
    frames, _ = read_image(write_meta(stored.tobytes(), ElementType=kind, BinaryDataByteOrderMSB=msb))
    np.testing.assert_array_equal(frames, FRAMES)
    assert frames.dtype == np.dtype(dtype)


def test_one_file_plain_and_compressed(tmp_path):
    path = tmp_path / "x.mha"
    path.write_bytes(meta_header(ElementDataFile="LOCAL").encode() + FRAMES.tobytes())
    np.testing.assert_array_equal(read_image(path)[0], FRAMES)
    assert data_path(path) == path
    packed = meta_header(ElementDataFile="LOCAL", CompressedData="True").encode()
    path.write_bytes(packed + zlib.compress(FRAMES.tobytes()))
    np.testing.assert_array_equal(read_image(path)[0], FRAMES)
    path.write_bytes(packed + zlib.compress(FRAMES.tobytes())[:20])
    with pytest.raises(FormatError, match="cut off"):
        read_image(path)
    path.write_bytes(packed + b"no zlib")
    with pytest.raises(FormatError, match="damaged"):
        read_image(path)


@pytest.mark.parametrize("skip", ["7", "-1"])
def test_a_header_before_the_raw_pixels(skip, write_meta):
    frames, _ = read_image(write_meta(b"1234567" + FRAMES.tobytes(), HeaderSize=skip))
    np.testing.assert_array_equal(frames, FRAMES)


@pytest.mark.parametrize("sizes", ["0 0 1", "", "nan 1 1", "-1 1 1", "0.3"])
def test_no_usable_spacing_is_none(sizes, write_meta):
    assert read_image(write_meta(ElementSpacing=sizes))[1] is None


def test_two_dimensions(write_meta):
    frames, _ = read_image(write_meta(NDims="2", DimSize="6 12"))
    assert frames.shape == (1, 12, 6)


def test_a_missing_raw_file_is_named(write_meta):
    path = write_meta()
    path.with_name("x.raw").unlink()
    with pytest.raises(FormatError, match=r"x\.mhd needs x\.raw beside it"):
        read_image(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DimSize": "6 4 9"}, "cut off"),
        ({"DimSize": "60000 60000 60000"}, "GiB"),
        ({"DimSize": "6 0 3"}, "no pixels"),
        ({"DimSize": "6 4"}, "gives 2 sizes"),
        ({"DimSize": "6 x 3"}, "damaged"),
        ({"DimSize": ""}, "damaged"),
        ({"ElementType": "MET_COMPLEX"}, "not read"),
        ({"ElementNumberOfChannels": "3"}, "not a grey"),
        ({"BinaryData": "False"}, "as text"),
        ({"HeaderSize": "many"}, "unknown size"),
        ({"ElementDataFile": "LIST"}, "several files"),
        ({"ElementDataFile": "../x.raw"}, "outside its own folder"),
        ({"ElementDataFile": "/etc/passwd"}, "outside its own folder"),
    ],
)
def test_meta_image_damage(changes, words, write_meta):
    with pytest.raises(FormatError, match=words) as caught:
        read_image(write_meta(**changes))
    assert str(caught.value).startswith("x.")
    assert str(caught.value).endswith(".")


def test_a_header_that_ends_early(tmp_path):
    (tmp_path / "x.mhd").write_text("ObjectType = Image\nNDims = 3\n")
    with pytest.raises(FormatError, match="ElementDataFile"):
        read_image(tmp_path / "x.mhd")


# Either


def test_the_content_decides(tmp_path):
    write_nifti(tmp_path / "x.nii.gz", FRAMES, None)
    (tmp_path / "x.nii.gz").rename(tmp_path / "x.mhd")
    np.testing.assert_array_equal(read_image(tmp_path / "x.mhd")[0], FRAMES)


@pytest.mark.parametrize(
    "head", [b"", b"\x1f\x8b", b"\x1f\x8bnonsense", b"text about NDims", b"\0" * 400, gzip.compress(b"text", mtime=0)]
)
def test_what_is_neither(head, tmp_path):
    assert kind_of(head) == ""
    (tmp_path / "x.nii").write_bytes(head)
    with pytest.raises(FormatError, match="neither NIfTI nor MetaImage"):
        read_image(tmp_path / "x.nii")


def test_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match=r"^gone\.nii does not exist\.$"):
        read_image(tmp_path / "gone.nii")
    with pytest.raises(FormatError, match="cannot be read"):
        read_image(tmp_path)
