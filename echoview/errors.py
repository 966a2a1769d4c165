"""The one tree of errors a person may see: what happened, and what to do about it."""

from __future__ import annotations

import traceback


class EchoViewError(Exception):
    """A refusal that a person can read.

    Args:
        message: one sentence that says what happened.
        hint: one sentence that says what to do, or "".
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class CineUnreadable(EchoViewError):
    """The file is missing, damaged or holds no picture."""


class CineAway(CineUnreadable):
    """What could be read before cannot be read now: its disk does not answer, or the file has become shorter."""


class CineUnsupported(EchoViewError):
    """The file is sound, but of a kind that EchoView does not read."""


class LibraryError(EchoViewError):
    """The label library cannot be read or written."""


class LabelError(LibraryError):
    """The library is sound, but the labels of this one cine cannot be shown or changed."""


class WeightsError(EchoViewError):
    """A set of weights is missing, damaged or does not fit the network."""


class DeviceError(EchoViewError):
    """The device that was asked for is not in this machine."""


class TrainingError(EchoViewError):
    """A fine-tuning run cannot be prepared or did not end well."""


def plain_traceback(error: BaseException) -> str:
    """A traceback for logs and reports: file names without their folders, since a path may name a person."""
    lines = [f"{type(error).__name__}: {error}"] if isinstance(error, EchoViewError) else [type(error).__name__]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = frame.filename.replace("\\", "/").rsplit("/", 1)[-1]
        lines.append(f"  {name}:{frame.lineno} in {frame.name}")
    return "\n".join(lines)
