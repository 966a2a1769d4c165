"""What the first start does, and the later ones do not."""

from __future__ import annotations

import subprocess
import sys

from echoview.app import first_cine, sample_path
from echoview.settings import Settings


def test_the_sample_opens_by_itself_until_something_else_was_opened():
    assert first_cine(Settings()) == sample_path() is not None
    assert first_cine(Settings().with_recent(sample_path())) == sample_path()
    assert first_cine(Settings().with_recent("/cines/one.dcm")) is None


RUNNING = """
import gc
from PySide6.QtCore import QTimer
from echoview.app import application_of, run

application = application_of(["echoview"])
QTimer.singleShot(1500, lambda: (print(gc.isenabled(), gc.get_freeze_count() > 100_000), application.closeAllWindows()))
assert gc.isenabled()
run(review_only=True)
"""


def test_cycles_are_freed_on_the_thread_of_the_window_alone(home) -> None:
    child = subprocess.run([sys.executable, "-c", RUNNING], capture_output=True, text=True, timeout=120)
    assert (child.returncode, child.stdout.splitlines()) == (0, ["False True"]), child.stderr
