"""Where and from what a report was made."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import Any


def provenance() -> dict[str, Any]:
    """Revision of the code ("" outside a checkout), time, and the machine without its name."""
    return {
        "revision": revision(), "written": time.strftime("%Y-%m-%d %H:%M %Z"),
        "machine": {
            "system": platform.system(), "processor": platform.machine(), "processors": os.cpu_count(),
            "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
            "python": platform.python_version(),
        },
    }  # fmt: skip


def revision() -> str:
    """What git calls the code, "-dirty" where it has changed since; "" outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude", "*"],
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


@lru_cache
def code_version() -> str:
    """The first 12 hex digits of the SHA-256 of the sources of `ral`: changed code tells, committed or not."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
