"""What is installed fits what was asked for, and is free of faults that cost a day to find."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(r) for r in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)

EMIT = """
from PySide6.QtCore import QObject, Signal

class Sender(QObject):
    moved = Signal(bool)
    done = Signal()

seen = 0
def slot(*_):
    global seen
    seen += 1

sender = Sender()
sender.moved.connect(slot)
sender.done.connect(slot)
for t in range(20_000):
    sender.moved.emit(t % 2 == 0)
    sender.done.emit()
print(seen)
"""


def test_a_signal_may_be_emitted_twenty_thousand_times():
    """PySide6 6.12.0 loses a reference with each one and dies of it."""
    child = subprocess.run([sys.executable, "-c", EMIT], capture_output=True, text=True, timeout=120)
    assert (child.returncode, child.stdout.strip()) == (0, "40000"), child.stderr


def test_there_is_one_qt():
    """opencv-python, unlike opencv-python-headless, brings a second one with plugins that do not fit."""
    import cv2

    folder = Path(cv2.__file__).parent
    assert not [f for f in folder.rglob("*") if f.name in ("qt", "plugins") or "libqxcb" in f.name]
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_what_is_installed_is_in_range(requirement):
    # A CPU wheel calls itself 2.13.0+cpu.
    assert requirement.specifier.contains(Version(version(requirement.name)).public)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_each_requirement_has_a_pin_in_its_range(requirement):
    pins = {canonicalize_name(name): pin for name, pin in PINS.items()}
    assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_a_pin_is_one_public_version():
    """`torch==2.13.0` takes a CPU wheel and a CUDA wheel alike, `2.13.0+cpu` only the one."""
    assert all(re.fullmatch(r"[\w.]+", pin) for pin in PINS.values())
