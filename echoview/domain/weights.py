"""A trained set of weights, as its card describes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class WeightsSet:
    """What a person should know of a set before trusting it.

    Attributes:
        identity: tells two sets of one name apart; parent: the identity it was fine-tuned from, "" when shipped.
        terms: what it may be used for; research_only: whether they forbid anything but research.
    """

    name: str
    identity: str
    folder: Path
    terms: str
    research_only: bool
    parent: str
    created: str
    metrics: dict[str, Any]

    @property
    def tuned(self) -> bool:
        """Whether it was fine-tuned here."""
        return bool(self.parent)
