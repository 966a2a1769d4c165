"""From the shell to the first window, against importing torch alone; torch must not be loaded yet."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

WINDOW = """
import sys
from echoview.app import application_of, build
application = application_of(["echoview"])
app = build()
app.window.show()
app.window.grab()
assert "torch" not in sys.modules
print("shown", flush=True)
app.window.close()
"""
ROUNDS = 3


def seconds_to(code: str) -> float:
    """Until the child's first line."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ.copy()) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        took = time.perf_counter() - began
        child.communicate(timeout=60)
    assert line.strip() == b"shown"
    assert child.returncode == 0
    return took


@pytest.mark.benchmark
def test_first_window() -> None:
    window, torch = [], []
    for _ in range(ROUNDS):
        window.append(seconds_to(WINDOW))
        torch.append(seconds_to("import torch; print('shown')"))
    first, alone = statistics.median(window), statistics.median(torch)
    print(
        f"\nfirst window after {first:.2f} s, importing torch alone takes {alone:.2f} s: ratio {first / alone:.2f}"
        f" (medians of {ROUNDS}, load {os.getloadavg()[0]:.1f})"
    )
    assert first > 0


def test_the_window_is_there_before_torch() -> None:
    assert seconds_to(WINDOW) > 0
