"""What opening a cine reads and writes of the library: two desks of one team know one patient by one key."""

from __future__ import annotations

import zipfile

from echoview.domain.label import Label
from echoview.domain.review import Reader
from echoview.io import open_cine
from echoview.services.exporting import export_to
from echoview.services.importing import import_from
from echoview.services.opening import read
from echoview.store import open_library
from echoview.store.place import library_url
from echoview.store.transfer import cines

FIRST, LATER = b"1" * 32, b"2" * 32
WHO = {"annotator": "A", "app_version": "1", "weights": "", "tool": "draw"}


def test_a_cine_is_keyed_with_the_library_s_secret_on_every_desk(tmp_path, patient_cine, truth):
    url = library_url(str(tmp_path / "team.sqlite"))
    keys = set()
    for own in (FIRST, LATER):
        library = open_library(url, own)
        opened = read(patient_cine, library, own, Reader("A"), None)
        keys.add(opened.cine.info.patient_key)
        library.close()
    assert keys == {open_cine(patient_cine, patient_secret=FIRST).info.patient_key}
    assert read(patient_cine, None, LATER, Reader("A"), None).cine.info.patient_key not in keys, "without a library"


def test_a_cine_keyed_with_a_desk_s_own_secret_is_joined_when_it_is_opened(tmp_path, patient_cine, truth):
    library = open_library(library_url(str(tmp_path / "team.sqlite")), FIRST)
    before = open_cine(patient_cine, patient_secret=LATER)  # as a later desk keyed it, before there was one secret
    library.save(before, str(patient_cine), Label(), truth, **WHO)
    key = open_cine(patient_cine, patient_secret=FIRST).info.patient_key
    assert [one.patient_key for one in cines(library)] == [before.info.patient_key] != [key]
    read(patient_cine, library, LATER, Reader("A"), None)
    assert [one.patient_key for one in cines(library)] == [one.patient_key for one in library.labelled()] == [key]
    library.close()


def test_no_bundle_carries_the_secret_or_a_key_of_a_patient(tmp_path, patient_cine, truth):
    library = open_library(library_url(str(tmp_path / "team.sqlite")), FIRST)
    opened = read(patient_cine, library, LATER, Reader("A"), None)
    library.save(opened.cine, str(patient_cine), Label(), truth, **WHO)
    export_to(tmp_path / "pack.zip", "bundle", library, secret=LATER, frames=True)
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        every = b"".join(pack.read(name) for name in pack.namelist())
    for word in (FIRST, FIRST.hex().encode(), LATER, opened.cine.info.patient_key.encode()):
        assert word not in every
    library.close()
    other = open_library(library_url(str(tmp_path / "other.sqlite")), LATER)
    import_from(tmp_path / "pack.zip", other, by="me", secret=FIRST, folders=[patient_cine.parent])
    assert [one.patient_key for one in cines(other)] == [
        open_cine(patient_cine, patient_secret=LATER).info.patient_key
    ], "of the library that it comes into"
    other.close()
