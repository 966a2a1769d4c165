"""echoview.paths: the one door to resources, and the folders of a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoview import paths
from echoview.errors import EchoViewError

FOLDERS = [
    paths.user_data_dir,
    paths.user_cache_dir,
    paths.user_log_dir,
    lambda: paths.settings_file().parent,
]


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A folder that stands for the installed package."""
    package = tmp_path / "site" / "echoview"
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    return package


def put(file: Path) -> Path:
    file.parent.mkdir(parents=True)
    file.write_text("x")
    return file


def test_a_resource_of_this_checkout_is_found():
    assert paths.resource(".").samefile(Path(paths.__file__).parent.parent / "resources")


def test_a_wheel_and_a_bundle_keep_resources_inside_the_package(package):
    file = put(package / "resources" / "icons" / "a.svg")
    assert paths.resource("icons/a.svg") == file


def test_a_checkout_keeps_resources_beside_the_package(package):
    file = put(package.parent / "resources" / "icons" / "a.svg")
    assert paths.resource("icons/a.svg") == file


def test_the_package_comes_first(package):
    put(package.parent / "resources" / "icons" / "a.svg")
    inside = put(package / "resources" / "icons" / "a.svg")
    assert paths.resource("icons/a.svg") == inside


def test_a_missing_resource_is_named():
    with pytest.raises(EchoViewError, match=r"icons/nothing\.svg"):
        paths.resource("icons/nothing.svg")


def test_one_variable_moves_every_folder(tmp_path, monkeypatch):
    home = tmp_path / "a home – ünïcode"
    monkeypatch.setenv("ECHOVIEW_HOME", str(home))
    made = [folder() for folder in FOLDERS]
    assert all(folder.is_dir() and folder.is_relative_to(home) for folder in made)
    assert len(set(made)) == len(made)


def test_without_the_variable_the_platform_decides(tmp_path, monkeypatch):
    monkeypatch.delenv("ECHOVIEW_HOME", raising=False)
    monkeypatch.setattr(paths.platformdirs, "user_data_path", lambda app, appauthor: tmp_path / app)
    assert paths.user_data_dir() == tmp_path / "EchoView"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_cannot_be_made_is_said_in_words(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECHOVIEW_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(EchoViewError, match=r"cannot be made.*ECHOVIEW_HOME"):
        folder()


def test_a_folder_that_cannot_be_written_to_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("ECHOVIEW_HOME", str(tmp_path))
    monkeypatch.setattr(paths.os, "access", lambda folder, mode: False)  # root may write anywhere
    with pytest.raises(EchoViewError, match="cannot be written to"):
        paths.user_data_dir()
