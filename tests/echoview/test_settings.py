"""echoview.settings: they survive the program, a crash, another version and a damaged file."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from echoview import paths, settings
from echoview.errors import EchoViewError
from echoview.settings import Settings, load, save


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ECHOVIEW_HOME", str(tmp_path))
    return paths.settings_file()


def test_the_first_load_gives_defaults_and_keeps_one_secret(file):
    first = load()
    assert replace(first, patient_secret="") == Settings()
    assert len(bytes.fromhex(first.patient_secret)) == 32
    assert load() == first
    assert json.loads(file.read_text())["patient_secret"] == first.patient_secret


def test_what_is_saved_is_loaded():
    changed = replace(
        load(),
        annotator="Åsa Öberg",
        library_url="postgresql://host/labels",
        device="cuda:1",
        terms_shown=("ral-lite-camus",),
        geometry="AdnQywADAAA=",
        recent=("/cines/a.dcm", "/cines/心.dcm"),
    )
    save(changed)
    assert load() == changed


def test_a_setting_of_a_newer_version_is_kept(file):
    file.write_text(json.dumps({"annotator": "A", "theme": {"name": "light"}}))
    save(replace(load(), annotator="B"))
    assert json.loads(file.read_text())["theme"] == {"name": "light"}
    assert load().annotator == "B"


@pytest.mark.parametrize(
    "wrong", [{"threads": "two"}, {"recent": "a"}, {"recent": ["a", 1]}, {"terms_shown": {}}, {"annotator": None}]
)
def test_one_wrong_value_costs_only_itself(file, wrong):
    secret = "ab" * 32
    file.write_text(json.dumps({"device": "cpu", "patient_secret": secret, **wrong}))
    assert load() == Settings(device="cpu", patient_secret=secret)


@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"device": "cpu"'])
def test_a_damaged_file_is_put_aside_and_defaults_are_used(file, bad):
    file.write_bytes(bad)
    loaded = load()
    assert replace(loaded, patient_secret="") == Settings()
    assert file.with_name("settings.damaged.json").read_bytes() == bad
    assert load() == loaded


def test_every_damaged_file_is_kept(file):
    for bad in (b"one", b"two", b"three"):
        file.write_bytes(bad)
        load()
    assert {f.read_bytes() for f in file.parent.glob("settings.damaged*")} == {b"one", b"two", b"three"}


def test_the_secret_is_saved_from_a_file_that_was_cut_short(file):
    secret = load().patient_secret
    text = file.read_text()
    file.write_text(text[: text.index(secret) + 65])
    assert load().patient_secret == secret


def test_a_secret_that_is_none_is_replaced(file):
    file.write_text(json.dumps({"patient_secret": "short", "device": "cpu"}))
    assert len(load().patient_secret) == 64
    assert load().device == "cpu"


def test_a_failed_save_leaves_the_old_file_and_no_litter(file, monkeypatch):
    save(replace(load(), annotator="kept"))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(settings.os, "replace", full)
        with pytest.raises(EchoViewError, match="No space left"):
            save(Settings(annotator="lost"))
    assert [f.name for f in file.parent.iterdir()] == [file.name]
    assert json.loads(file.read_text())["annotator"] == "kept"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_their_owner_may_read_them(file):
    load()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_secret_stays_out_of_the_repr():
    assert load().patient_secret not in repr(load())


def test_recent_has_the_latest_first_once_and_not_too_many():
    value = Settings()
    for n in range(20):
        value = value.with_recent(f"/cines/{n}.dcm")
    value = value.with_recent(Path("/cines/15.dcm"))
    assert value.recent[:3] == (str(Path("/cines/15.dcm")), "/cines/19.dcm", "/cines/18.dcm")
    assert len(value.recent) == settings.RECENT == len(set(value.recent))
