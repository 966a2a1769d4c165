"""The view that a text names: a code's meaning, a series description, a data set's file name."""

from __future__ import annotations

import re

from echoview.domain.view import View

_OTHER_WINDOWS = re.compile(r"sub-?costal|para-?sternal|supra-?sternal|short[ -]?axis|\b(p?sax|plax|tee|toe)\b")
_CHAMBERS = {View.A2C: "two", View.A3C: "three", View.A4C: "four"}


def _pattern(view: View) -> re.Pattern[str]:
    """A4C, AP4, 4CH, 4 chamber, apical four ...: the number stands alone, not within a word or number."""
    word = _CHAMBERS[view]
    number = f"({view.value[1]}|{word})"
    names = rf"a(p|pical)?[ -]?{number}[ -]?c(h|hamber)?|(ap|apical)[ -]?{number}|{number}[ -]?ch(amber)?"
    if view is View.A3C:
        names += r"|ap?lax|apical[ -]long[ -]axis"
    return re.compile(rf"(?<![a-z0-9])({names})(?![a-z0-9])")


_PATTERNS = {view: _pattern(view) for view in View}


def view_from_text(text: str) -> View | None:
    """The one apical view that `text` names; None for no view, for two, and for views from other windows."""
    plain = text.lower().replace("_", " ")
    if _OTHER_WINDOWS.search(plain):
        return None
    named = [view for view, pattern in _PATTERNS.items() if pattern.search(plain)]
    return named[0] if len(named) == 1 else None
