"""What a cine is called on the screen where its file's name says nothing, as on a disc: "IM000014"."""

from __future__ import annotations

import re

from echoview.io.views import view_from_text

_ENDING = re.compile(r"\.(dcm|dicom|ima|img)$", re.IGNORECASE)
# At most a letter or one of the words that machines write, then nothing but digits, hex digits and what joins them.
_COUNTED = re.compile(r"(im|img|image|ima|dcm|dicom|us|file|[a-z])?[-_. ]*[0-9a-f]*\d[0-9a-f._ -]*", re.IGNORECASE)


def tells(name: str) -> bool:
    """Whether a file's name can be told from that of others by a person; a counted name or a UID cannot."""
    stem = _ENDING.sub("", name)
    return view_from_text(stem) is not None or _COUNTED.fullmatch(stem) is None


def title_of(name: str, series: int, number: int) -> str:
    """ "Series 2, no. 14", from the header; "" where the file's name tells enough, or the header gives no number."""
    if tells(name):
        return ""
    parts = [f"series {series}"] if series > 0 else []
    parts += [f"no. {number}"] if number > 0 else []
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
