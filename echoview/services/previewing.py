"""How frames would leave, before they do: cine by cine in the window, or as contact sheets. No Qt here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError
from echoview.io.contact_sheet import write_contact_sheet
from echoview.io.export_item import whole_folder
from echoview.services.blanking import blanked
from echoview.services.exporting import Opened, outgoing, reopened
from echoview.store import Library
from echoview.store.transfer import History, histories


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A frame of one cine as it would leave.

    Attributes:
        number, total: which cine of how many, from 1.
        picture: (H,W) or (H,W,3) RGB uint8, the middle frame; None where the cine is left out.
        reason: why it is left out.
    """

    number: int
    total: int
    picture: np.ndarray | None
    reason: str = ""


def leaving(library: Library) -> list[History]:
    """The cines that an export of the whole library takes up, in its order, without their revisions.

    Raises:
        LibraryError: the library cannot be read.
    """
    return [replace(history, entries=()) for history in histories(library) if not history.label().empty]


def preview(number: int, total: int, cine: Callable[[], Cine]) -> Preview:
    """A cine that is opened by calling it, or why it would be left out."""
    try:
        opened = cine()
        return Preview(number, total, blanked(opened)(len(opened) // 2))
    except EchoViewError as error:
        return Preview(number, total, None, error.message)


def preview_of(histories: list[History], number: int, secret: bytes) -> Preview:
    """Cine `number`, from 1, of those that leave."""
    return preview(number, len(histories), lambda: reopened(histories[number - 1], secret))


def write_sheets(
    folder: Path, library: Library, *, secret: bytes, only: Collection[str] | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> int:  # fmt: skip
    """A picture a cine with frames of it as they would leave, named as an export names it; how many there are.

    Args:
        say: is told which cine would be left out, and why.

    Raises:
        EchoViewError: no cine would leave, or the folder cannot be written.
    """
    count = 0
    with whole_folder(folder) as part:
        for item in outgoing(library, secrets.token_bytes(32), secret, Opened.MUST, only, say=say):
            write_contact_sheet(part / f"{item.name}.png", item)
            count += 1
        if not count:
            raise EchoViewError("There is nothing to look at.", "No cine with labels would leave with its frames.")
    return count
