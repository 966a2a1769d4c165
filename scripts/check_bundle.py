"""Starts the bundle as a machine without Python would, has it test itself, and says how large it is.

The last thing that `make bundle` does: python scripts/check_bundle.py [FOLDER]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEFAULT = Path(__file__).parent.parent / "dist" / "echoview"
KEPT = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR")  # Windows starts nothing without the first


def main(arguments: list[str]) -> int:
    bundle = Path(arguments[0] if arguments else DEFAULT).resolve()
    program = bundle / ("echoview.exe" if sys.platform == "win32" else "echoview")
    if not program.exists():
        print(f"{program} is not there; run: make bundle", file=sys.stderr)
        return 1
    print_sizes(bundle)
    with tempfile.TemporaryDirectory() as elsewhere:
        for words in (["--version"], ["--self-test"]):
            started = time.monotonic()
            code = subprocess.run([program, *words], cwd=elsewhere, env=bare(Path(elsewhere))).returncode
            print(f"{' '.join(words)}: exit code {code} after {time.monotonic() - started:.1f} s", flush=True)
            if code:
                return 1
    return 0


def bare(home: Path) -> dict[str, str]:
    """An environment in which no Python can be found and no display."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "PATH": str(home / "nothing"), "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}


def print_sizes(bundle: Path) -> None:
    """The whole, and the five largest parts; a link counts nothing."""
    parts: dict[str, int] = {}
    for file in bundle.rglob("*"):
        if file.is_file() and not file.is_symlink():
            part = "/".join(file.relative_to(bundle).parts[:2])
            parts[part] = parts.get(part, 0) + file.stat().st_size
    print(f"{sum(parts.values()) / 2**20:7.0f} MiB {bundle}")
    for part in sorted(parts, key=parts.__getitem__, reverse=True)[:5]:
        print(f"{parts[part] / 2**20:7.0f} MiB   {part}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
