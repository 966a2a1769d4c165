"""The bundle itself, as `make bundle` leaves it; built here when it is not there. The check looks for no Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.skipif(sys.platform == "win32", reason="make bundle needs a POSIX shell")
def test_the_bundle_tests_itself():
    if (ROOT / "dist" / "echoview" / "echoview").exists():
        command = [sys.executable, "scripts/check_bundle.py"]
    else:
        command = ["make", "bundle"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "self-test passed" in done.stdout
    print(done.stdout[-2000:])
