"""What a person stands behind: an immutable value; an edit makes a new one, undo is the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour
from echoview.domain.note import Note
from echoview.domain.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """Corrections of one cine.

    Attributes:
        contours: frame (0-based) -> contour, only frames that a person touched.
        not_traceable: frames of which a person said that no border can be seen.
        view, ed, es, calibration, frame_rate: what the person said instead of the file or the network; None = nothing
            said.
        notes: what was measured with calipers.
        settled: frames that two people had changed and one has decided between, each with what the choice was from,
            see `store.conflicts`.
    """

    contours: Mapping[int, Contour] = field(default_factory=dict)
    view: View | None = None
    ed: int | None = None
    es: int | None = None
    calibration: Calibration | None = None
    not_traceable: frozenset[int] = frozenset()
    notes: tuple[Note, ...] = ()
    settled: frozenset[str] = frozenset()
    frame_rate: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "contours", MappingProxyType(dict(sorted(self.contours.items()))))

    def contour(self, t: int) -> Contour | None:
        return self.contours.get(t)

    def with_contour(self, t: int, contour: Contour) -> Label:
        """Frame t has this contour; so its border can be traced after all."""
        return replace(self, contours={**self.contours, t: contour}, not_traceable=self.not_traceable - {t})

    def without_contour(self, t: int) -> Label:
        """The frame is the prediction's again."""
        return replace(self, contours={k: c for k, c in self.contours.items() if k != t})

    def with_contours(self, contours: Mapping[int, Contour]) -> Label:
        """Several frames at once."""
        kept = self.not_traceable - set(contours)
        return replace(self, contours={**self.contours, **contours}, not_traceable=kept)

    def with_not_traceable(self, t: int, so: bool = True) -> Label:
        """No border can be seen in frame t, which then has no contour; or one can again."""
        if not so:
            return replace(self, not_traceable=self.not_traceable - {t})
        return replace(self.without_contour(t), not_traceable=self.not_traceable | {t})

    def with_view(self, view: View | None) -> Label:
        return replace(self, view=view)

    def with_ed(self, t: int | None) -> Label:
        return replace(self, ed=t)

    def with_es(self, t: int | None) -> Label:
        return replace(self, es=t)

    def with_calibration(self, calibration: Calibration | None) -> Label:
        return replace(self, calibration=calibration)

    def with_frame_rate(self, rate_hz: float | None) -> Label:
        return replace(self, frame_rate=rate_hz)

    def with_notes(self, notes: tuple[Note, ...]) -> Label:
        return replace(self, notes=notes)

    def with_settled(self, choice: str) -> Label:
        return replace(self, settled=self.settled | {choice})

    def frames_unlike(self, other: Label) -> set[int]:
        """Frames that have another contour here, or of which it is not said alike that they can be traced."""
        changed = {t for t in {*self.contours, *other.contours} if self.contour(t) is not other.contour(t)}
        return changed | (self.not_traceable ^ other.not_traceable)

    @property
    def empty(self) -> bool:
        said = (self.view, self.ed, self.es, self.calibration, self.frame_rate)
        return not self.contours and not self.not_traceable and not self.notes and said == (None,) * 5
