"""Two people on one cine: what joins by itself, and what both have changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.store.codec import Key, difference, items_of

_UNITED = ("notes", "settled")  # of these, what either side added is there, and what either took away is gone
_NOT_TRACEABLE = "not traceable"


class Both(NamedTuple):
    """What each side made of a frame; None = taken back, or not traceable."""

    ours: Contour | None
    theirs: Contour | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both sides changed, and not to the same.

    Attributes:
        frames: frame (0-based) -> both contours.
        said: "view", "ed", "es", "calibration" or "frame_rate" -> (ours, theirs), as the label has them.
    """

    frames: Mapping[int, Both]
    said: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Merged:
    """`label` has all that one side changed, and ours where both did: `conflict` names those, `joined` is theirs."""

    label: Label
    conflict: Conflict | None
    joined: tuple[Key, ...] = ()


def merge(base: Label, ours: Label, theirs: Label) -> Merged:
    """Join two labels that grew out of one; what only one side changed merges by itself.

    A frame is one thing: its contour and whether it can be traced at all.
    """
    our_steps, their_steps = _steps(base, ours), _steps(base, theirs)
    new = [key for key in their_steps if key not in our_steps]
    clash = [key for key, value in their_steps.items() if key in our_steps and value != our_steps[key]]
    united = {name: _united(*(getattr(side, name) for side in (base, ours, theirs))) for name in _UNITED}
    label = replace(taking(ours, theirs, new), **united)
    joined = (*new, *(name for name in _UNITED if set(united[name]) != set(getattr(ours, name))))
    if not clash:
        return Merged(label, None, joined)
    frames = {key: Both(ours.contour(key), theirs.contour(key)) for key in clash if isinstance(key, int)}
    said = {key: (getattr(ours, key), getattr(theirs, key)) for key in clash if isinstance(key, str)}
    return Merged(label, Conflict(frames, said), joined)


def taking(label: Label, other: Label, keys: Collection[Key]) -> Label:
    """The label with these frames, and these of its other statements, as `other` has them."""
    frames = {key for key in keys if isinstance(key, int)}
    contours = {t: contour for t, contour in label.contours.items() if t not in frames}
    contours |= {t: contour for t, contour in other.contours.items() if t in frames}
    untraceable = (label.not_traceable - frames) | (other.not_traceable & frames)
    said = {key: getattr(other, key) for key in keys if isinstance(key, str)}
    return replace(label, contours=contours, not_traceable=untraceable, **said)


def _steps(base: Label, label: Label) -> dict[Key, Any]:
    """What changed, as plain values; of a frame what it is now: a contour, not traceable, or nothing said."""
    steps = {key: item.value for key, item in items_of(difference(base, label)).items()}
    steps.pop("not_traceable", None)
    for name in _UNITED:
        steps.pop(name, None)
    for t in sorted(base.not_traceable ^ label.not_traceable):
        if t in label.not_traceable:
            steps[t] = _NOT_TRACEABLE
        else:
            steps.setdefault(t, None)
    return steps


def _united(base: Any, ours: Any, theirs: Any) -> Any:
    """Two tuples or sets that grew out of one."""
    kept = [one for one in ours if one in theirs or one not in base]
    return type(ours)((*kept, *(one for one in theirs if one not in ours and one not in base)))
