"""Where the window stands and how large it is, from one start to the next."""

from __future__ import annotations

import base64

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QWidget

_USUAL = (1280, 800)
_TITLE_BAR = 32


def geometry_of(window: QWidget) -> str:
    """For the settings, base64."""
    return base64.b64encode(window.saveGeometry().data()).decode()


def restore_geometry(window: QWidget, kept: str) -> None:
    """As it was kept, or the usual size; never larger than the screen."""
    room = window.screen().availableGeometry()
    window.resize(min(_USUAL[0], room.width()), min(_USUAL[1], room.height() - _TITLE_BAR))
    if kept:
        window.restoreGeometry(QByteArray.fromBase64(kept.encode()))
    if not room.contains(window.frameGeometry()):  # saved on a larger screen, or at another scaling
        window.resize(min(window.width(), room.width()), min(window.height(), room.height() - _TITLE_BAR))
        window.move(room.topLeft())
