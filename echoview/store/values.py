"""What the library hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.errors import EchoViewError
from echoview.store.codec import SETS, Item, Key, applied, frame_of
from echoview.store.fingerprint import alike, fingerprint_of
from echoview.store.merging import Conflict

_WORDS = {
    "view": "the view", "ed": "ED", "es": "ES", "calibration": "the calibration", "frame_rate": "the frame rate",
    "notes": "calipers",
    "settled": "what was decided between two versions"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a cine's history: who did what, when, with which version and weights, and at what effort.

    `made_at` is in UTC, by the clock of whoever made it: the order is that of `number`. `base` is the revision that
    was before their eyes; `seconds`, `drags` and `moved_mm` are None where they were not counted.
    """

    number: int
    made_at: datetime
    annotator: str
    app_version: str
    weights: str
    tool: str
    frames: tuple[int, ...]
    base: int | None = None
    seconds: float | None = None
    drags: int | None = None
    moved_mm: float | None = None
    blind: bool | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A revision, or what a reviewer said (`number` 0), as whoever watches the library hears of it.

    `key` names the row, `who` wrote it, `made_at` is in UTC.
    """

    key: tuple[str, int]
    identity: str
    reading: str
    number: int
    who: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What the library holds for an opened cine.

    Attributes:
        label: what may be drawn.
        revision: the number of its newest revision, 0 without any; to be handed back as the `base` of the next save.
        aside: frame (0-based) -> contour that is kept but was made on another picture than this cine shows there.
        unlike: frames of which something else is kept that was said of another picture: calipers, not traceable.
    """

    label: Label
    revision: int = 0
    aside: Mapping[int, Contour] = field(default_factory=dict)
    unlike: frozenset[int] = frozenset()

    @property
    def note(self) -> str:
        """What to tell about the frames set aside, "" where there are none."""
        frames = {*self.aside, *self.unlike}
        if not frames:
            return ""
        return f"The labels of {in_words(frames)} were made on other pictures and are not drawn."


@dataclass(frozen=True, slots=True)
class Saved:
    """A save that was kept.

    Attributes:
        number: the new revision's; None where nothing had changed.
        label: what the library holds now, as this cine may show it: ours, with what others changed since `base`.
        others: the revisions of others since `base`, oldest first.
        conflict: what both sides changed; None where all of it joined.
        joined: the frames, "view", "ed", "es", "calibration" and "frame_rate" that `label` has from them.
    """

    number: int | None
    label: Label
    others: tuple[Revision, ...] = ()
    conflict: Conflict | None = None
    joined: tuple[Key, ...] = ()

    def news(self, annotator: str) -> EchoViewError | None:
        """What to tell the annotator about the others: who, when and what; None where there is nothing to tell."""
        clash = () if self.conflict is None else (*self.conflict.frames, *self.conflict.said)
        if not clash and not self.joined:
            return None
        names = {one.annotator for one in self.others}
        who = " and ".join(sorted(name for name in names if name)) or "Another window"
        if names == {annotator}:
            who = "Another window of yours"
        made = self.others[-1].made_at.astimezone()
        when = f"at {made:%H:%M}" if made.date() == datetime.now().date() else f"on {made:%Y-%m-%d at %H:%M}"
        after = "The steps before this cannot be undone any more."
        if not clash:
            return EchoViewError(f"{who} changed {in_words(self.joined)} {when}; that is shown here now.", after)
        also = f" What else they changed, {in_words(self.joined)}, has joined." if self.joined else ""
        return EchoViewError(
            f"{who} also changed {in_words(clash)} {when}; yours stay on the screen, theirs are kept in the history.",
            f"{also} Decide between them in REVIEW. {after}".strip(),
        )


@dataclass(frozen=True, slots=True)
class LabelledCine:
    """A cine with corrections, as training needs it; `shape` = frames, height, width.

    `pixels`: frame -> fingerprint of the picture that its contour was made on, where one is known. `disputed`: frames
    that are not in the label, since two people said otherwise and nobody has decided.
    """

    identity: str
    path: str
    patient_key: str
    shape: tuple[int, int, int]
    label: Label
    pixels: Mapping[int, str] = field(default_factory=dict)
    disputed: int = 0

    def label_on(self, cine: Cine) -> Label:
        """The label without what was made on other pictures than `cine` shows."""
        strange = [t for t, seen in self.pixels.items() if not alike(seen, fingerprint_of(cine, t) or "")]
        contours = {t: contour for t, contour in self.label.contours.items() if t not in strange}
        return replace(self.label, contours=contours) if strange else self.label


def fitting(items: Mapping[Key, Item], cine: Cine) -> dict[Key, Item]:
    """The items that were said of pictures that `cine` shows; one without a fingerprint is taken on trust.

    Of `SETS` the elements that fit.
    """
    shown: dict[int, str] = {}

    def fits(of: Any, seen: str | None) -> bool:
        """`of`: the frame as JSON has it; anything else where there is no fingerprint."""
        if seen is None:
            return True
        t = int(of)
        if t not in shown:
            shown[t] = fingerprint_of(cine, t) or ""
        return alike(seen, shown[t])

    found: dict[Key, Item] = {}
    for key, item in sorted(items.items(), key=_by_frame):
        if item.seen:
            kept = [(one, seen) for one, seen in item.elements if fits(frame_of(one), seen)]
            found[key] = Item([one for one, _ in kept], None, tuple(seen for _, seen in kept))
        elif item.value is None or fits(key if isinstance(key, int) else item.value, item.pixels):
            found[key] = item
    return found


def held(items: Mapping[Key, Item], revision: int, cine: Cine) -> Held:
    """What of the items this cine may show, and what is set aside; raises as `codec.applied`."""
    shown = fitting(items, cine)
    rest = {key: item for key, item in items.items() if key not in shown}
    unlike = {
        frame_of(one)
        for key in SETS if key in items
        for one, _ in items[key].elements if one not in shown[key].value
    }  # fmt: skip
    return Held(applied(Label(), shown), revision, applied(Label(), rest).contours, frozenset(unlike))


def in_words(keys: Iterable[Key]) -> str:
    """Frames as the screen counts them, from 1, and the rest: "frames 4, 9 and 12, the view"."""
    keys = list(keys)
    numbers = [str(t + 1) for t in sorted(key for key in keys if isinstance(key, int))]
    words = [_WORDS.get(key, key.replace("_", " ")) for key in keys if isinstance(key, str)]
    if len(numbers) > 6:
        words.insert(0, f"{len(numbers)} frames")
    elif len(numbers) > 1:
        words.insert(0, f"frames {', '.join(numbers[:-1])} and {numbers[-1]}")
    elif numbers:
        words.insert(0, f"frame {numbers[0]}")
    return ", ".join(words)


def _by_frame(entry: tuple[Key, Item]) -> tuple[bool, int]:
    """Frames in order, as decoders like it."""
    return isinstance(entry[0], str), entry[0] if isinstance(entry[0], int) else 0
