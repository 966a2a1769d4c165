"""For every test: no display, a home of its own, and no window left behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the children too: two threads on a busy machine wait for each other


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--headed", action="store_true", help="show the windows of GUI tests on the real display")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--headed"):
        os.environ.pop("QT_QPA_PLATFORM", None)


@pytest.fixture(autouse=True)
def cycles_wait() -> Iterator[None]:
    """Cycles are freed between tests, by this thread, as in the app: a job's thread must not free a widget."""
    gc.disable()
    yield
    gc.collect(1)  # what is young; a whole collection takes as long as many a test
    gc.enable()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, library, weights and logs of this test alone."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ECHOVIEW_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_window_left() -> Iterator[None]:
    """A top-level widget that a test leaves open fails it."""
    yield
    import sys

    if "PySide6.QtWidgets" not in sys.modules:
        return
    from PySide6.QtWidgets import QApplication

    left = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    for widget in left:
        widget.close()
    assert not left, f"windows left open: {left}"
