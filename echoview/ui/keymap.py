"""Which keys do what: the table's, changed by what a person chose."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QAction, QKeySequence

from echoview.ui.actions import ACTS, say_key


class KeyMap:
    """Keys of every action, as portable text ("Ctrl+P"); an action may have several, or none.

    Args:
        chosen: as the settings keep them, "action=Ctrl+P Alt+P" each; names and keys that nobody knows are left out.
    """

    def __init__(self, chosen: Iterable[str] = ()) -> None:
        self._defaults = {act.name: tuple(_portable(key) for key in act.keys) for act in ACTS}
        self._keys = dict(self._defaults)
        for one in chosen:
            name, _, keys = one.partition("=")
            if name in self._keys:
                self._keys[name] = tuple(key for key in map(_portable, keys.split()) if key)

    def keys(self, name: str) -> tuple[str, ...]:
        return self._keys[name]

    def owner(self, key: str) -> str | None:
        """The action that has this key."""
        return next((name for name, keys in self._keys.items() if _portable(key) in keys), None)

    def give(self, name: str, key: str) -> None:
        """The action gets this key alone; whoever had it loses it."""
        key = _portable(key)
        loser = self.owner(key)
        if loser is not None:
            self._keys[loser] = tuple(k for k in self._keys[loser] if k != key)
        self._keys[name] = (key,)

    def reset(self) -> None:
        self._keys = dict(self._defaults)

    def chosen(self) -> tuple[str, ...]:
        """What differs from the table, for the settings."""
        return tuple(f"{name}={' '.join(keys)}" for name, keys in self._keys.items() if keys != self._defaults[name])

    def apply(self, actions: dict[str, QAction]) -> None:
        """The actions answer to these keys, and their tooltips say so."""
        for name, action in actions.items():
            action.setShortcuts([QKeySequence(key) for key in self._keys[name]])
            say_key(action)


def _portable(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
