"""From files to cines: `open_cine` decides by content, `find_cines` lists a folder."""

from echoview.io.opener import find_cines, open_cine

__all__ = ["find_cines", "open_cine"]
