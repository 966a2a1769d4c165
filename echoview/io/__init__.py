"""From files to cines: `open_cine` decides by content, `list_cines` lists a folder."""

from echoview.io.listing import Listed, list_cines
from echoview.io.opener import open_cine

__all__ = ["Listed", "list_cines", "open_cine"]
