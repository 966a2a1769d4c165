"""Sets of weights on real folders: adopt, roll back, take a candidate in, and damage in any of them."""

import json
import os
from pathlib import Path

import pytest

from echoview.errors import WeightsError
from echoview.store import Registry
from echoview.store.registry import POINTER, read_set
from ral.checkpoint import Card, write_card


def write_set(folder: Path, name: str, identity: str, created: str = "2026-01-01", parent: str = "") -> Path:
    """A folder as `ral.checkpoint` leaves it."""
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(identity.encode())
    write_card(folder, Card(name, {}, "data", "terms", True, 0, "cmd", identity, {"a": 1}, "", created, parent))
    return folder


@pytest.fixture
def shipped(tmp_path) -> Path:
    write_set(tmp_path / "shipped" / "base", "base", "b0", "2026-01-01")
    write_set(tmp_path / "shipped" / "lite", "lite", "l0", "2026-01-02")
    return tmp_path / "shipped"


@pytest.fixture
def own(tmp_path) -> Path:
    return tmp_path / "own ü"


@pytest.fixture
def registry(shipped, own) -> Registry:
    return Registry(shipped, own, "lite")


@pytest.fixture
def candidate(tmp_path) -> Path:
    return write_set(tmp_path / "run" / "weights", "mine", "m1", "2026-03-01", parent="l0")


def identities(registry: Registry) -> list[str]:
    return [s.identity for s in registry.sets()]


def test_until_a_person_chooses_the_default_is_in_use(registry, own):
    assert registry.active().identity == "l0"
    assert registry.former() is None
    assert not own.exists()  # looking writes nothing


def test_a_set_is_what_its_card_says(registry, shipped):
    lite = registry.find("lite")
    assert (lite.name, lite.identity, lite.folder) == ("lite", "l0", shipped / "lite")
    assert (lite.terms, lite.research_only, lite.metrics) == ("terms", True, {"a": 1})
    assert (lite.parent, lite.tuned) == ("", False)


def test_shipped_sets_come_first_then_the_newest_last(registry, own):
    for identity, created in (("m2", "2026-05-01"), ("m1", "2025-01-01"), ("m3", "2026-04-01")):
        write_set(own / f"a{identity}", "mine", identity, created)
    assert identities(registry) == ["b0", "l0", "m1", "m3", "m2"]
    assert registry.find("mine").identity == "m2"
    assert registry.find("m1").identity == "m1"


def test_weights_that_are_not_here_are_refused_with_what_is(registry):
    for ask in (registry.find, registry.adopt):
        with pytest.raises(WeightsError, match="no weights called 'best'") as caught:
            ask("best")
        assert caught.value.hint == "Known here: base, lite."
    assert registry.active().identity == "l0"


def test_adopting_and_rolling_back(registry, shipped, own):
    assert registry.adopt("b0").identity == "b0"
    assert registry.active().identity == "b0"
    assert registry.former().identity == "l0"
    registry.adopt("l0")
    assert registry.former().identity == "b0"
    assert Registry(shipped, own, "lite").active().identity == "l0"  # it lasts
    assert registry.roll_back().identity == "b0"
    assert registry.roll_back().identity == "l0"
    assert registry.roll_back().identity == "l0"  # with none before it, the default
    assert registry.former() is None


def test_adopting_what_is_in_use_changes_nothing(registry, own):
    registry.adopt("l0")
    assert not (own / POINTER).exists()
    registry.adopt("b0")
    registry.adopt("b0")
    assert registry.roll_back().identity == "l0"


def test_a_candidate_is_kept_and_not_in_use(registry, own, candidate):
    kept = registry.add_candidate(candidate)
    assert (kept.identity, kept.parent, kept.tuned) == ("m1", "l0", True)
    assert kept.folder == own / "mine-m1"
    assert (kept.folder / "weights.safetensors").read_bytes() == b"m1"
    assert registry.active().identity == "l0"
    assert identities(registry) == ["b0", "l0", "m1"]
    assert sorted(p.name for p in own.iterdir()) == ["mine-m1"]
    registry.adopt("m1")
    assert registry.active().folder == kept.folder
    assert registry.roll_back().identity == "l0"
    assert identities(registry) == ["b0", "l0", "m1"]  # rolling back deletes nothing


def test_the_same_candidate_twice_is_one_set(registry, candidate):
    first = registry.add_candidate(candidate)
    (first.folder / "weights.safetensors").write_bytes(b"kept")
    assert registry.add_candidate(candidate) == first
    assert (first.folder / "weights.safetensors").read_bytes() == b"kept"  # nothing is ever replaced


def test_a_candidate_whose_name_has_a_dot(registry, tmp_path):
    kept = registry.add_candidate(write_set(tmp_path / "w", "lite v1.2", "m9"))
    assert kept.folder.name == "lite v1.2-m9"


def test_a_candidate_that_is_no_better_than_its_parent_is_not_in_use(registry, tmp_path, shipped):
    """`ral.finetune` then leaves the parent's own weights, and so the parent's identity."""
    registry.adopt("b0")
    registry.adopt("l0")
    registry.add_candidate(write_set(tmp_path / "w", "mine", "l0", "2026-03-01", parent="l0"))
    active = registry.active()
    assert (active.name, active.folder, active.tuned) == ("lite", shipped / "lite", False)


def test_a_run_that_left_no_weights_is_refused(registry, tmp_path, own):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(WeightsError, match="left no weights"):
            registry.add_candidate(folder)
    assert not own.exists()


def test_an_adopted_set_that_is_gone_gives_way_to_the_former(registry, candidate, own):
    registry.adopt("b0")
    kept = registry.add_candidate(candidate)
    registry.adopt("m1")
    (kept.folder / "card.json").unlink()
    assert registry.active().identity == "b0"
    assert registry.roll_back().identity == "b0"


def test_what_former_names_is_what_rolling_back_gives(registry, candidate):
    kept = registry.add_candidate(candidate)
    registry.adopt("m1")
    registry.adopt("b0")
    (kept.folder / "card.json").unlink()
    former = registry.former()
    assert former is not None
    assert former.identity == registry.roll_back().identity


@pytest.mark.parametrize(
    "pointer",
    [
        b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b"7", b'"b0"', b"{}", b'{"adopted": {}}', b'{"adopted": []}',
        b'{"adopted": [1, null, ["b0"]]}', b'{"adopted": ["gone"]}', b'{"adopted": "b0"}',
    ],
)  # fmt: skip
def test_a_damaged_pointer_counts_as_none(registry, own, pointer):
    own.mkdir()
    (own / POINTER).write_bytes(pointer)
    assert registry.active().identity == "l0"
    registry.former()
    registry.adopt("b0")
    assert registry.active().identity == "b0"
    assert registry.roll_back().identity == "l0"


@pytest.mark.parametrize("pointer", [b'{"adopted": null}', b'{"adopted": 7}', b'{"adopted": true}'])
def test_a_pointer_to_what_is_no_list_counts_as_none(registry, own, pointer):
    own.mkdir()
    (own / POINTER).write_bytes(pointer)
    assert registry.active().identity == "l0"


@pytest.mark.parametrize("card", [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"name": "x"}'])
def test_a_set_with_a_damaged_card_is_left_out(registry, own, card):
    write_set(own / "bad", "bad", "x1")
    (own / "bad" / "card.json").write_bytes(card)
    assert read_set(own / "bad") is None
    assert identities(registry) == ["b0", "l0"]


@pytest.mark.parametrize("created", [None, 20260101])
def test_a_card_with_values_of_another_kind_does_not_hide_the_others(registry, own, created):
    write_set(own / "good", "good", "g1")
    folder = write_set(own / "bad", "bad", "x1")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"created": created}))
    assert "g1" in identities(registry)


def test_a_candidate_that_was_cut_off_while_copied_is_no_set(registry, own, candidate):
    write_set(own / "mine-m1.part", "mine", "m1")
    (own / "mine-m1.part" / "weights.safetensors").unlink()
    assert identities(registry) == ["b0", "l0"]


def test_a_copy_that_was_cut_off_is_taken_up_again(registry, own, candidate):
    write_set(own / "mine-m1.part", "mine", "m1")
    (own / "mine-m1.part" / "weights.safetensors").write_bytes(b"ha")
    kept = registry.add_candidate(candidate)
    assert (kept.folder / "weights.safetensors").read_bytes() == b"m1"
    assert sorted(p.name for p in own.iterdir()) == ["mine-m1"]


def test_a_pointer_that_cannot_be_written_leaves_the_choice_as_it_was(registry, own):
    registry.adopt("b0")
    (own / (POINTER + ".part")).mkdir()  # in the way
    with pytest.raises(WeightsError, match="choice of weights cannot be kept"):
        registry.adopt("l0")
    assert registry.active().identity == "b0"


def test_a_candidate_that_cannot_be_copied_is_refused(registry, own, candidate):
    own.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match="cannot be kept"):
        registry.add_candidate(candidate)


def test_no_set_at_all_is_said(tmp_path):
    with pytest.raises(WeightsError, match="lite") as caught:
        Registry(tmp_path / "a", tmp_path / "b", "lite").active()
    assert "none" in caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be replaced on Windows")
def test_the_pointer_is_replaced_and_never_rewritten_in_place(registry, own):
    registry.adopt("b0")
    with (own / POINTER).open(encoding="utf-8") as reader:
        registry.adopt("l0")
        assert json.load(reader) == {"adopted": ["b0"]}
    assert json.loads((own / POINTER).read_text()) == {"adopted": ["b0", "l0"]}
