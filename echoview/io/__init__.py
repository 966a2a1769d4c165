"""From files to cines: `open_cine` decides by content, `list_cines` and `find_cines` list a folder."""

from echoview.io.listing import Listed, list_cines
from echoview.io.opener import find_cines, open_cine

__all__ = ["Listed", "find_cines", "list_cines", "open_cine"]
