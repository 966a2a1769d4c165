"""Keys that a person may change."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from echoview.ui.actions import ACTS, groups, make_actions
from echoview.ui.keymap import KeyMap


def test_no_key_stands_for_two_things() -> None:
    counts = Counter(QKeySequence(key).toString() for act in ACTS for key in act.keys)
    assert [key for key, count in counts.items() if count > 1] == []
    assert "" not in counts, "a key that Qt does not know"


def test_every_action_with_a_key_is_in_one_group() -> None:
    shown = [name for names in groups().values() for name in names]
    assert sorted(shown) == sorted(act.name for act in ACTS if act.keys)


def test_a_chosen_key_is_kept_as_text_and_comes_back() -> None:
    keys = KeyMap()
    assert keys.chosen() == ()
    keys.give("predict", "Ctrl+Shift+P")
    assert keys.chosen() == ("predict=Ctrl+Shift+P",)
    assert KeyMap(keys.chosen()).keys("predict") == ("Ctrl+Shift+P",)


def test_whoever_had_the_key_loses_it_and_keeps_its_others() -> None:
    keys = KeyMap()
    assert keys.owner("Ctrl+Y") == "redo"
    keys.give("predict", "Ctrl+Y")
    assert keys.keys("redo") == ("Ctrl+Shift+Z",)
    keys.give("predict", "Ctrl+Shift+Z")
    assert keys.keys("redo") == ()
    again = KeyMap(keys.chosen())
    assert (again.keys("redo"), again.owner("Ctrl+Y")) == ((), None)
    again.reset()
    assert again.chosen() == ()


def test_plus_equals_and_question_mark_survive_the_settings() -> None:
    keys = KeyMap()
    for name, key in (("fit", "Ctrl+="), ("invert", "+"), ("predict", "?")):
        keys.give(name, key)
    again = KeyMap(keys.chosen())
    assert [again.keys(name) for name in ("fit", "invert", "predict")] == [("Ctrl+=",), ("+",), ("?",)]


def test_what_nobody_knows_is_left_out() -> None:
    assert KeyMap(("nonsense=Ctrl+P", "predict", "fit=Nokey")).keys("predict") == ()


def test_actions_answer_to_the_new_key_and_say_so(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = make_actions(window, {act.name: lambda: None for act in ACTS})
    keys = KeyMap()
    keys.give("predict", "F9")
    keys.apply(actions)
    assert [key.toString() for key in actions["predict"].shortcuts()] == ["F9"]
    assert actions["predict"].toolTip() == "Predict again (F9)"
    keys.give("fit", "F9")
    keys.apply(actions)
    assert actions["predict"].toolTip() == "Predict again"
