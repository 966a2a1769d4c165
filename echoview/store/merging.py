"""Two people on one cine: what joins by itself, and what both have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.store.codec import Item, Key, applied, difference, items_of


class Both(NamedTuple):
    """What each side made of a frame; None = taken back."""

    ours: Contour | None
    theirs: Contour | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What both sides changed, and not to the same.

    Attributes:
        frames: frame (0-based) -> both contours.
        said: "view", "ed", "es" or "calibration" -> (ours, theirs), as the label has them.
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
    """Join two labels that grew out of one; frames that only one side changed merge by themselves."""
    return join(ours, items_of(difference(base, ours)), items_of(difference(base, theirs)))


def join(ours: Label, our_items: Mapping[Key, Item], their_items: Mapping[Key, Item]) -> Merged:
    """Our label with their changes; both given as what changed since the two parted.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: an item is damaged, see `codec.applied`.
    """
    new = {key: item for key, item in their_items.items() if key not in our_items}
    clash = {key: item for key, item in their_items.items() if key in our_items and item.value != our_items[key].value}
    label = applied(ours, new)
    if not clash:
        return Merged(label, None, tuple(new))
    theirs = applied(ours, clash)
    frames = {key: Both(ours.contour(key), theirs.contour(key)) for key in clash if isinstance(key, int)}
    said = {key: (getattr(ours, key), getattr(theirs, key)) for key in clash if isinstance(key, str)}
    return Merged(label, Conflict(frames, said), tuple(new))
