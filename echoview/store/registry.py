"""The sets of weights on this machine and which one is in use; nothing is ever deleted or replaced."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from echoview.domain.weights import WeightsSet
from echoview.errors import WeightsError

POINTER = "active.json"
PART = ".part"  # a copy that is not whole yet


class Registry:
    """Shipped sets and the person's own.

    Args:
        shipped: folder of the sets that come with the program.
        own: folder for candidates and for the pointer to the set in use; made when first needed.
        default: name of the shipped set that is in use until a person chooses.
    """

    def __init__(self, shipped: Path, own: Path, default: str) -> None:
        self._shipped, self._own, self._default = shipped, own, default

    def sets(self) -> list[WeightsSet]:
        """All sets that have a card, shipped ones first, then the newest last; damaged ones are left out."""
        found = []
        for home in (self._shipped, self._own):
            folders = sorted(f for f in home.iterdir() if f.is_dir() and f.suffix != PART) if home.is_dir() else []
            cards = [read_set(folder) for folder in folders]
            found += sorted((c for c in cards if c is not None), key=lambda c: c.created)
        return found

    def find(self, name: str) -> WeightsSet:
        """A set by identity, or the newest of a name.

        Raises:
            WeightsError: there is none.
        """
        known = self._known()
        if name in known:
            return known[name]
        named = [s for s in known.values() if s.name == name]
        if not named:
            names = ", ".join(dict.fromkeys(s.name for s in known.values())) or "none"
            raise WeightsError(f"There are no weights called {name!r}.", f"Known here: {names}.")
        return named[-1]

    def active(self) -> WeightsSet:
        """The set in use; the default where none was adopted or the adopted one is gone.

        Raises:
            WeightsError: not even the default is there.
        """
        return self._in_use(self._pointer())

    def former(self) -> WeightsSet | None:
        """The set that rolling back would put in use, or None where nothing was adopted."""
        adopted = self._pointer()
        return self._in_use(adopted[:-1]) if adopted else None

    def _known(self) -> dict[str, WeightsSet]:
        """By identity; a shipped set goes before a copy of it."""
        known: dict[str, WeightsSet] = {}
        for one in self.sets():
            known.setdefault(one.identity, one)
        return known

    def _in_use(self, adopted: list[str]) -> WeightsSet:
        known = self._known()
        for identity in reversed(adopted):
            if identity in known:
                return known[identity]
        return self.find(self._default)

    def adopt(self, identity: str) -> WeightsSet:
        """Put a set in use by one atomic change of the pointer."""
        chosen = self.find(identity)
        if chosen.identity != self.active().identity:
            self._point([*self._pointer(), chosen.identity])
        return chosen

    def roll_back(self) -> WeightsSet:
        """Put the former set in use again; with none before it, the default."""
        self._point(self._pointer()[:-1])
        return self.active()

    def add_candidate(self, folder: Path) -> WeightsSet:
        """Take a trained set in, without putting it in use.

        Raises:
            WeightsError: the folder holds no set, or it cannot be copied.
        """
        found = read_set(folder)
        if found is None:
            raise WeightsError("The run left no weights.", "Start the fine-tuning again.")
        home = self._own / f"{found.name}-{found.identity}"
        if not home.exists():
            part = home.with_suffix(PART)
            try:
                shutil.copytree(folder, part, dirs_exist_ok=True)
                os.replace(part, home)
            except OSError as error:
                raise WeightsError(
                    f"The new weights cannot be kept ({error.strerror}).", "Free some disk space."
                ) from error
        kept = read_set(home)
        assert kept is not None
        return kept

    def _pointer(self) -> list[str]:
        """Identities adopted so far, the one in use last; an unreadable pointer counts as none."""
        try:
            adopted = json.loads((self._own / POINTER).read_text(encoding="utf-8"))["adopted"]
            return [identity for identity in adopted if isinstance(identity, str)]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _point(self, adopted: list[str]) -> None:
        part = self._own / (POINTER + ".part")
        try:
            self._own.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"adopted": adopted}), encoding="utf-8")
            os.replace(part, self._own / POINTER)
        except OSError as error:
            raise WeightsError(
                f"The choice of weights cannot be kept ({error.strerror}).", "Free some disk space."
            ) from error


def read_set(folder: Path) -> WeightsSet | None:
    """The set in a folder by its card, or None where there is no readable one."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        words = [card[key] for key in ("name", "identity", "terms")] + [
            card.get(key, "") for key in ("parent", "created")
        ]
        if not all(isinstance(word, str) for word in words):
            return None
        name, identity, terms, parent, created = words
        metrics = card.get("metrics", {})
        return WeightsSet(name, identity, folder, terms, bool(card["research_only"]), parent, created, metrics)
    except (OSError, ValueError, KeyError, TypeError):
        return None
