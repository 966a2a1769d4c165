"""A disk that can be pulled out while files on it are open: a mounted image, of which every read fails from then on."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

_SHUT_DOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
_AT_ONCE = 2  # nothing is written any more


class Disk:
    """Needs root. What is open on it fails once it is pulled out, as on a stick; plugged in, it is another mount."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self._image = folder, folder.with_suffix(".img")
        with self._image.open("wb") as file:
            file.truncate(megabytes * 2**20)
        _do("mkfs.ext4", "-q", "-F", self._image)
        folder.mkdir()
        self.plug_in()

    def plug_in(self) -> None:
        """As another device, or the system would find the one that has failed, which open files keep."""
        self._image = self._image.rename(self._image.with_suffix(".was"))
        shutil.copy(self._image, self._image.with_suffix(".img"))
        self._image = self._image.with_suffix(".img")
        _do("mount", "-o", "loop", self._image, self.folder)

    def pull_out(self) -> None:
        os.sync()  # what was copied onto it is there when it comes back
        place = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(place, _SHUT_DOWN, struct.pack("I", _AT_ONCE))
        os.close(place)
        _do("umount", "-l", self.folder)


def _do(*words: object) -> None:
    subprocess.run(list(map(str, words)), check=True)
