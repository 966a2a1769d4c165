"""Whether a file lies on this machine or on a share: the quickest way to write is unsafe over a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_SHARES = re.compile(
    r"nfs\d?|cifs|smb\w*|afpfs|webdav|davfs\d?|9p|virtiofs|ncpfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|vboxsf|vmhgfs"
    r"|fuse\.(sshfs|cifs|smbnetfs|gvfsd-fuse|glusterfs|rclone|davfs2?|vmhgfs-fuse|ceph|s3fs|goofys)"
)
_REMOTE_DRIVE = 4  # DRIVE_REMOTE of GetDriveTypeW


def share_of(path: Path) -> str:
    """The kind of network share that `path` lies on, as the system calls it; "" for a disk of this machine."""
    if sys.platform == "win32":
        return _windows_share(str(path.absolute()))
    kind = kind_on(_mounts(), path.resolve())
    return kind if _SHARES.fullmatch(kind) else ""


def kind_on(mounts: list[tuple[str, str]], path: Path) -> str:
    """The kind of file system that holds `path`, from (folder, kind) in the order they were mounted; "" if unknown."""
    best, kind = -1, ""
    for folder, name in mounts:
        if path.is_relative_to(folder) and len(folder) >= best:
            best, kind = len(folder), name
    return kind


def parsed_mountinfo(text: str) -> list[tuple[str, str]]:
    """(folder, kind) of each line of Linux's /proc/self/mountinfo; octal escapes stand for spaces and the like."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        words = left.split(" ")
        if len(words) > 4 and right:
            folder = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), words[4])
            found.append((folder, right.split(" ")[0]))
    return found


def parsed_mount(text: str) -> list[tuple[str, str]]:
    """(folder, kind) of each line that macOS's `mount` prints."""
    return [(m[1], m[2]) for m in re.finditer(r"^.+? on (/.*) \((\w+)[,)].*$", text, re.MULTILINE)]


def _mounts() -> list[tuple[str, str]]:
    try:
        if sys.platform == "darwin":
            return parsed_mount(subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5).stdout)
        return parsed_mountinfo(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, subprocess.SubprocessError):
        return []


def _windows_share(path: str) -> str:
    if path.upper().startswith("\\\\?\\UNC\\") or (path.startswith("\\\\") and path[2:3] not in "?."):
        return "network share"
    import ctypes

    drive = os.path.splitdrive(path.removeprefix("\\\\?\\"))[0] + "\\"
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # only there on Windows
    return "network drive" if kernel.GetDriveTypeW(drive) == _REMOTE_DRIVE else ""
